// Finding what is due: the part of the wheel that is not on every operation's path.
#include "resilience/timer_wheel.hpp"

#include <algorithm>

namespace redoubt::resilience {

void TimerWheel::collect(std::int64_t now_ns) noexcept {
    const std::int64_t last = current_;
    current_ = floor_tick(now_ns);

    // After a backward jump some of these are no longer due and take their slots.
    timer_link* const end = &due_;
    for (timer_link* link = due_.next; link != end;) {
        auto& node = static_cast<timer_node&>(*link);
        link = link->next;
        unlink(node);
        if (node.expires_ns <= now_ns) {
            append(expiring_, node);
        } else {
            place(node);
        }
    }
    if (current_ <= last || size_ == 0) return;

    const auto passed = static_cast<std::uint64_t>(current_) - static_cast<std::uint64_t>(last);
    const auto steps = static_cast<std::size_t>(std::min<std::uint64_t>(passed, slot_count));
    const std::int64_t first = current_ - static_cast<std::int64_t>(steps) + 1;
    for (std::size_t step = 0; step < steps; ++step) {
        const std::size_t slot = slot_of(first + static_cast<std::int64_t>(step));
        if ((occupied_[slot / 64] >> (slot % 64) & 1) != 0) collect_slot(slot, now_ns);
    }
}

void TimerWheel::collect_slot(std::size_t slot, std::int64_t now_ns) noexcept {
    timer_link& list = slots_[slot];
    for (timer_link* link = list.next; link != &list;) {
        auto& node = static_cast<timer_node&>(*link);
        link = link->next;
        if (node.expires_ns > now_ns) continue;  // of a later turn
        unlink(node);
        append(expiring_, node);
    }
    if (list.next == &list) occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

std::int64_t TimerWheel::next_due_ns() noexcept {
    if (size_ == 0) return never;
    if (due_.next != &due_ || expiring_.next != &expiring_) return current_ * tick_ns;
    const std::size_t start = slot_of(current_ + 1);
    for (std::size_t from = start;;) {
        const std::size_t slot = next_occupied(from);
        if (slots_[slot].next != &slots_[slot]) {
            return (current_ + 1 + static_cast<std::int64_t>((slot - start) % slot_count)) * tick_ns;
        }
        occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));  // its timers were withdrawn
        from = slot;
    }
}

// The first marked slot at or after `from`, around the wheel.
// Preconditions: there is one, which is so while a timer is in a slot.
std::size_t TimerWheel::next_occupied(std::size_t from) const noexcept {
    std::size_t word = from / 64;
    std::uint64_t bits = occupied_[word] & (~std::uint64_t{0} << (from % 64));
    while (bits == 0) {
        word = (word + 1) % occupied_.size();
        bits = occupied_[word];
    }
    return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
}

}  // namespace redoubt::resilience
