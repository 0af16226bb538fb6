// Events on their way to the reader: bounded, in order, with the losses marked where they happened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <redoubt/pubsub/event.hpp>
#include <redoubt/pubsub/subscribe_options.hpp>
#include <utility>

namespace redoubt::pubsub {

/// `gap` and `dropped` are marks: they take no room and are never dropped. Between two other events stands at most one
/// of each, so their number is bounded too; those that meet become one (the earliest `since`, the sum of `n`).
///
/// A gap is opened when the connection is lost, and told when it works again. While it is open, nothing behind it can
/// be taken: a message of the new connection must not come before the news of the loss.
///
/// Thread safety: none.
class EventBuffer {
public:
    EventBuffer(std::size_t count_max, std::size_t bytes_max, overflow policy) noexcept
        : count_max_(count_max), bytes_max_(bytes_max), policy_(policy) {}

    enum class admission : std::uint8_t {
        kept,
        made_room,  ///< Older events went.
        refused,    ///< It went itself.
        overflown,  ///< It went, and by the policy `close` this is the end.
    };
    /// Preconditions: neither `gap` nor `dropped`.
    admission push(event&& e);
    /// Admitted whatever the limits say, for `closed`; an open gap is told before it.
    void push_last(event&& e);

    void open_gap(gap&& g);
    /// Without effect when no gap is open.
    void tell_gap() noexcept { open_ = false; }
    bool gap_open() const noexcept { return open_; }

    bool ready() const noexcept { return !line_.empty() && !(open_ && gaps_ == 1 && is_gap(line_.front())); }
    /// Preconditions: ready().
    event pop();

    std::size_t size() const noexcept { return count_; }
    std::size_t bytes() const noexcept { return bytes_; }
    std::uint64_t dropped_total() const noexcept { return dropped_; }

private:
    static bool is_gap(const event& e) noexcept { return std::holds_alternative<gap>(e); }
    static bool is_mark(const event& e) noexcept { return is_gap(e) || std::holds_alternative<dropped>(e); }
    static std::size_t bytes_of(const event& e) noexcept;
    bool fits(std::size_t bytes) const noexcept {
        return count_ < count_max_ && bytes_ <= bytes_max_ && bytes <= bytes_max_ - bytes_;
    }
    void append(event&& e);
    void drop_oldest();
    void put_mark(std::size_t at, event&& mark);

    const std::size_t count_max_;
    const std::size_t bytes_max_;
    const overflow policy_;
    std::deque<event> line_;
    std::size_t count_ = 0;  // of line_, without marks
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
    std::size_t gaps_ = 0;  // in line_
    bool open_ = false;     // the last of them is not told yet
};

}  // namespace redoubt::pubsub
