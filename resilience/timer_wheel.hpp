// Deadlines of one thread: a hashed timer wheel for millions of timers, O(1) to set and to withdraw.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace redoubt::resilience {

/// A link of a circular list.
struct timer_link {
    timer_link* prev = nullptr;
    timer_link* next = nullptr;
};

/// Base of whatever has a deadline. Must stay where it is while it is linked, and leave before it is destroyed.
struct timer_node : timer_link {
    std::int64_t expires_ns = 0;  ///< Written by TimerWheel::add() only.

    timer_node() noexcept = default;
    timer_node(const timer_node&) = delete;
    timer_node& operator=(const timer_node&) = delete;
    bool linked() const noexcept { return next != nullptr; }
};

/// Timers expire when advance() is called, never early, and at most one tick after their time (and after the call that
/// follows it: the wheel has no clock). Times are nanoseconds of one monotonic clock.
///
/// The slot of a timer depends on its absolute time, not on the position of the wheel, so the clock may jump: forward,
/// each slot is visited once; backward, the slots passed before are simply visited again. Timers beyond one turn stay
/// in their slot and are looked at once per turn (4.1 s).
///
/// Thread safety: none; one thread owns the wheel and its timers.
class TimerWheel {
public:
    static constexpr std::int64_t tick_ns = 4'000'000;
    static constexpr std::size_t slot_count = 1024;
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    /// `now_ns` is where the clock stands.
    explicit TimerWheel(std::int64_t now_ns) noexcept : current_(floor_tick(now_ns)) {
        for (timer_link& slot : slots_) make_empty(slot);
        make_empty(due_);
        make_empty(expiring_);
    }
    /// Preconditions: no timer is linked.
    ~TimerWheel() { assert(size_ == 0); }
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// Sets the timer; one that is linked moves to its new time. `never` stores nothing. A time already past expires
    /// with the next advance().
    void add(timer_node& node, std::int64_t expires_ns) noexcept {
        remove(node);
        if (expires_ns == never) return;
        node.expires_ns = expires_ns;
        place(node);
        ++size_;
    }

    /// Withdraws the timer; without effect when it is not linked.
    /// Preconditions: when linked, it is linked to this wheel.
    void remove(timer_node& node) noexcept {
        if (!node.linked()) return;
        unlink(node);
        --size_;
    }

    /// Calls `on_expired(timer_node&)` for each timer whose time is past, after unlinking it. `on_expired` may destroy
    /// that timer, and add and remove any others, also those that are due now: what is removed in time is not called,
    /// what is added waits for the next call, even if it is past already. Within one call, timers of different ticks
    /// come in order of time unless the clock jumped by more than a turn. Must not be called from `on_expired`.
    template <class F> void advance(std::int64_t now_ns, F&& on_expired) {
        collect(now_ns);
        while (expiring_.next != &expiring_) {
            auto& node = static_cast<timer_node&>(*expiring_.next);
            unlink(node);
            --size_;
            on_expired(node);
        }
    }

    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    /// When to call advance() next: not later than any timer's tick ends. It may be too early (a timer of a later turn
    /// in that slot), which costs one more call. `never` when the wheel is empty.
    std::int64_t next_due_ns() noexcept;

private:
    static constexpr std::int64_t floor_tick(std::int64_t ns) noexcept {
        return ns / tick_ns - static_cast<std::int64_t>(ns % tick_ns < 0);
    }
    static constexpr std::int64_t ceil_tick(std::int64_t ns) noexcept {
        return ns / tick_ns + static_cast<std::int64_t>(ns % tick_ns > 0);
    }
    static constexpr std::size_t slot_of(std::int64_t tick) noexcept {
        return static_cast<std::size_t>(tick) % slot_count;
    }
    static void make_empty(timer_link& list) noexcept { list.prev = list.next = &list; }
    static void append(timer_link& list, timer_link& link) noexcept {
        link.prev = list.prev;
        link.next = &list;
        list.prev->next = &link;
        list.prev = &link;
    }
    static void unlink(timer_link& link) noexcept {
        link.prev->next = link.next;
        link.next->prev = link.prev;
        link.prev = link.next = nullptr;
    }

    void place(timer_node& node) noexcept {
        const std::int64_t tick = ceil_tick(node.expires_ns);
        if (tick <= current_) return append(due_, node);
        const std::size_t slot = slot_of(tick);
        append(slots_[slot], node);
        occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    }

    void collect(std::int64_t now_ns) noexcept;
    void collect_slot(std::size_t slot, std::int64_t now_ns) noexcept;
    std::size_t next_occupied(std::size_t from) const noexcept;

    std::int64_t current_;  // ticks up to this one have been collected
    std::size_t size_ = 0;
    timer_link due_;                                         // were past when they were added
    timer_link expiring_;                                    // collected by the call of advance() under way
    std::array<std::uint64_t, slot_count / 64> occupied_{};  // a bit for each slot that may hold timers
    std::array<timer_link, slot_count> slots_;
};

}  // namespace redoubt::resilience
