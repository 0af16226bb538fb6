// A queue on a circular array: steady state allocates nothing; memory of a peak is given back.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>

namespace redoubt::core {

template <class T> class Ring {
public:
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    T& operator[](std::size_t i) noexcept { return items_[(first_ + i) & (capacity_ - 1)]; }
    const T& operator[](std::size_t i) const noexcept { return items_[(first_ + i) & (capacity_ - 1)]; }
    T& front() noexcept { return (*this)[0]; }

    void push_back(T item) {
        if (size_ == capacity_) resize(capacity_ == 0 ? first : capacity_ * 2);
        (*this)[size_++] = item;
    }
    /// Makes room for as many items in all: push_back() does not throw until then.
    void reserve(std::size_t items) {
        if (items <= capacity_) return;
        auto wanted = capacity_ == 0 ? first : capacity_;
        while (wanted < items) wanted *= 2;
        resize(wanted);
    }
    /// Gives all memory back when nothing is in it.
    void trim() noexcept {
        if (size_ != 0) return;
        items_.reset();
        capacity_ = first_ = 0;
    }
    /// Items that there is room for.
    std::size_t capacity() const noexcept { return capacity_; }
    T pop_front() noexcept {
        assert(size_ != 0);
        const T item = front();
        first_ = (first_ + 1) & (capacity_ - 1);
        if (--size_ == 0) give_back();
        return item;
    }
    /// Removes item i, keeping the order of the others; cheap near both ends.
    void erase(std::size_t i) noexcept {
        assert(i < size_);
        if (i < size_ / 2) {
            for (; i != 0; --i) (*this)[i] = (*this)[i - 1];
            (void)pop_front();
        } else {
            for (; i + 1 < size_; ++i) (*this)[i] = (*this)[i + 1];
            if (--size_ == 0) give_back();
        }
    }

private:
    static constexpr std::size_t kept_max = 4096;
    static constexpr std::size_t first = 8;

    void resize(std::size_t capacity) {
        auto items = std::make_unique<T[]>(capacity);
        for (std::size_t i = 0; i < size_; ++i) items[i] = (*this)[i];
        items_ = std::move(items);
        capacity_ = capacity;
        first_ = 0;
    }
    void give_back() noexcept {
        first_ = 0;
        if (capacity_ <= kept_max) return;
        items_.reset();
        capacity_ = 0;
    }

    std::unique_ptr<T[]> items_;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace redoubt::core
