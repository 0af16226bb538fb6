// A line of operations in order of arrival; intrusive, so waiting allocates nothing.
#pragma once

#include <cstddef>

#include "core/stack/operation.hpp"

namespace redoubt::core {

/// The line's owner guards it with its lock and names itself as the holder of what waits here.
class WaitingLine {
public:
    bool empty() const noexcept { return first_ == nullptr; }
    std::size_t size() const noexcept { return size_; }

    void push_back(Operation& op) noexcept {
        op.line_previous = last_;
        op.line_next = nullptr;
        (last_ != nullptr ? last_->line_next : first_) = &op;
        last_ = &op;
        ++size_;
    }
    void push_front(Operation& op) noexcept {
        op.line_next = first_;
        op.line_previous = nullptr;
        (first_ != nullptr ? first_->line_previous : last_) = &op;
        first_ = &op;
        ++size_;
    }
    /// Null when nobody waits.
    Operation* pop_front() noexcept {
        auto* const op = first_;
        if (op != nullptr) erase(*op);
        return op;
    }
    void erase(Operation& op) noexcept {
        (op.line_previous != nullptr ? op.line_previous->line_next : first_) = op.line_next;
        (op.line_next != nullptr ? op.line_next->line_previous : last_) = op.line_previous;
        op.line_next = op.line_previous = nullptr;
        --size_;
    }

private:
    Operation* first_ = nullptr;
    Operation* last_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace redoubt::core
