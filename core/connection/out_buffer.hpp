// Bytes on their way out: appended at the end, taken from the front; memory of a peak is given back.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace redoubt::core {

class OutBuffer {
public:
    std::size_t size() const noexcept { return end_ - begin_; }
    bool empty() const noexcept { return begin_ == end_; }
    std::string_view view() const noexcept { return {data_.get() + begin_, size()}; }

    void reserve(std::size_t more) {
        if (more > capacity_ - end_) make_room(more);
    }
    void append(std::string_view bytes) {
        reserve(bytes.size());
        std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
        end_ += bytes.size();
    }
    void drop_front(std::size_t n) noexcept {
        begin_ += n;
        if (begin_ == end_) clear();
    }
    /// Removes n bytes at a distance from the front.
    void cut(std::size_t at, std::size_t n) noexcept {
        if (at == 0) return drop_front(n);
        char* const hole = data_.get() + begin_ + at;
        std::memmove(hole, hole + n, size() - at - n);
        end_ -= n;
    }
    void clear() noexcept {
        begin_ = end_ = 0;
        if (capacity_ > kept_max) {
            data_.reset();
            capacity_ = 0;
        }
    }
    /// Gives all memory back when nothing is in it: for a connection that falls idle.
    void trim() noexcept {
        if (!empty()) return;
        data_.reset();
        capacity_ = begin_ = end_ = 0;
    }
    /// Bytes on the heap.
    std::size_t capacity() const noexcept { return capacity_; }
    friend void swap(OutBuffer& a, OutBuffer& b) noexcept {
        using std::swap;
        swap(a.data_, b.data_);
        swap(a.capacity_, b.capacity_);
        swap(a.begin_, b.begin_);
        swap(a.end_, b.end_);
    }

private:
    static constexpr std::size_t kept_max = std::size_t{64} * 1024;
    static constexpr std::size_t first = 256;  // enough for the few small commands of a leased connection

    void make_room(std::size_t more) {
        const auto used = size();
        auto wanted = capacity_ == 0 ? first : capacity_;
        while (wanted - used < more) wanted *= 2;
        std::unique_ptr<char[]> data(new char[wanted]);
        if (used != 0) std::memcpy(data.get(), data_.get() + begin_, used);
        data_ = std::move(data);
        capacity_ = wanted;
        begin_ = 0;
        end_ = used;
    }

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace redoubt::core
