// The limiter's line: everything that happens when permits are short.
#include "resilience/limiter.hpp"

#include <algorithm>
#include <cassert>

namespace redoubt::resilience {

Limiter::Limiter(std::uint32_t limit, std::uint32_t queue_max) noexcept
    : limit_(limit), queue_max_(std::min(queue_max, queue_largest)) {}

Limiter::~Limiter() { assert(head_ == nullptr && "waiters outlive their limiter; close() it first"); }

admission Limiter::acquire_slow(limiter_waiter& waiter) noexcept {
    // Overload must stay cheap: a full line is refused without the lock.
    const auto refused = [this](std::uint64_t word) {
        if (waiting_of(word) < queue_max_) return false;
        return waiting_of(word) != 0 || in_use_of(word) >= limit_.load(std::memory_order_relaxed);
    };
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    if ((word & closed_bit) == 0 && refused(word)) {
        rejected_.fetch_add(1, std::memory_order_relaxed);
        return admission::full;
    }
    const std::lock_guard lock(mutex_);
    word = word_.load(std::memory_order_relaxed);
    for (;;) {
        if ((word & closed_bit) != 0) return admission::closed;
        if (refused(word)) {
            rejected_.fetch_add(1, std::memory_order_relaxed);
            return admission::full;
        }
        const bool free = waiting_of(word) == 0 && in_use_of(word) < limit_.load(std::memory_order_relaxed);
        const std::uint64_t changed = free ? word + 1 : word + one_waiting;
        if (!word_.compare_exchange_weak(word, changed, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
        if (free) {
            note_in_use(in_use_of(changed));
            return admission::granted;
        }
        waiting_max_ = std::max(waiting_max_, waiting_of(changed));
        link_locked(waiter);
        return admission::queued;
    }
}

// In a long line the next operation has long left the processor's cache: have it fetched while this one goes on.
static void fetch_ahead(const limiter_waiter* next) noexcept {
    constexpr int lines = 4;
    const auto* const at = reinterpret_cast<const char*>(next);
    for (int i = 0; next != nullptr && i < lines; ++i) __builtin_prefetch(at + i * 64, 1);
}

limiter_waiter* Limiter::release_slow() noexcept {
    const std::lock_guard lock(mutex_);
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
        const bool hand_over = waiting_of(word) != 0 && in_use_of(word) <= limit_.load(std::memory_order_relaxed);
        const std::uint64_t changed = hand_over ? word - one_waiting : word - 1;
        if (!word_.compare_exchange_weak(word, changed, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
        if (!hand_over) return nullptr;
        auto* const first = take_front_locked(1).pop();
        fetch_ahead(head_);
        return first;
    }
}

bool Limiter::remove(limiter_waiter& waiter) noexcept {
    const std::lock_guard lock(mutex_);
    if (waiter.line_.load(std::memory_order_relaxed) != this) return false;
    unlink_locked(waiter);
    word_.fetch_sub(one_waiting, std::memory_order_acq_rel);
    return true;
}

waiter_chain Limiter::resize(std::uint32_t limit) noexcept {
    const std::lock_guard lock(mutex_);
    limit_.store(limit, std::memory_order_relaxed);
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    if (waiting_of(word) == 0 || in_use_of(word) >= limit) return {};
    const std::uint32_t fit = std::min(waiting_of(word), limit - in_use_of(word));
    // Somebody waits, so nobody else changes the word.
    word_.fetch_add(fit - fit * one_waiting, std::memory_order_acq_rel);
    note_in_use(in_use_of(word) + fit);
    return take_front_locked(fit);
}

waiter_chain Limiter::close() noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t before = word_.fetch_or(closed_bit, std::memory_order_acq_rel);
    word_.fetch_sub(waiting_of(before) * one_waiting, std::memory_order_acq_rel);
    return take_front_locked(waiting_of(before));
}

limiter_snapshot Limiter::snapshot() const noexcept {
    const std::lock_guard lock(mutex_);
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    return {.limit = limit_.load(std::memory_order_relaxed),
            .in_use = in_use_of(word),
            .waiting = waiting_of(word),
            .queue_max = queue_max_,
            .in_use_max = in_use_max_.load(std::memory_order_relaxed),
            .waiting_max = waiting_max_,
            .rejected = rejected_.load(std::memory_order_relaxed),
            .closed = (word & closed_bit) != 0};
}

void Limiter::note_in_use(std::uint32_t count) noexcept {
    std::uint32_t seen = in_use_max_.load(std::memory_order_relaxed);
    while (count > seen && !in_use_max_.compare_exchange_weak(seen, count, std::memory_order_relaxed)) {
    }
}

void Limiter::link_locked(limiter_waiter& waiter) noexcept {
    assert(waiter.line_.load(std::memory_order_relaxed) == nullptr);
    waiter.line_.store(this, std::memory_order_relaxed);
    waiter.next_ = nullptr;
    waiter.prev_ = tail_;
    (tail_ != nullptr ? tail_->next_ : head_) = &waiter;
    tail_ = &waiter;
}

void Limiter::unlink_locked(limiter_waiter& waiter) noexcept {
    (waiter.prev_ != nullptr ? waiter.prev_->next_ : head_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->prev_ : tail_) = waiter.prev_;
    waiter.next_ = waiter.prev_ = nullptr;
    waiter.line_.store(nullptr, std::memory_order_relaxed);
}

waiter_chain Limiter::take_front_locked(std::uint32_t count) noexcept {
    limiter_waiter* const first = head_;
    limiter_waiter* last = nullptr;
    for (; count > 0; --count) {
        last = head_;
        assert(last != nullptr);
        head_ = last->next_;
        last->prev_ = nullptr;
        last->line_.store(nullptr, std::memory_order_relaxed);
    }
    if (last == nullptr) return {};
    last->next_ = nullptr;
    (head_ != nullptr ? head_->prev_ : tail_) = nullptr;
    return waiter_chain(first);
}

}  // namespace redoubt::resilience
