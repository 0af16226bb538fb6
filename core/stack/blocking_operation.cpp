// Sleeping until an outcome is there, and taking the operation back when its time is over.
#include "core/stack/blocking_operation.hpp"

#include <sched.h>

#include <algorithm>

#include "core/stack/futex.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

namespace {
constexpr int yields_before_sleep = 4;  // a reply that is already on its way costs no sleep
}

// After the exchange the operation belongs to its caller again and may be gone.
void BlockingOperation::finished() noexcept {
    auto& home = *reactor;
    auto& word = word_;
    if (word.exchange(done, std::memory_order_acq_rel) != sleeping) return;
    home.in_dispatch() ? home.wake_later(word) : futex_wake(&word);
}

// A write in any case: a caller that falls asleep after it has read it, and with it the new time.
void BlockingOperation::look_again() noexcept {
    if (word_.exchange(waiting, std::memory_order_acq_rel) != sleeping) return;
    reactor->in_dispatch() ? reactor->wake_later(word_) : futex_wake(&word_);
}

std::int64_t BlockingOperation::look_again_ns(std::int64_t next_attempt_ns) const noexcept {
    const auto attempt = attempt_deadline_ns.load(std::memory_order_relaxed);
    if (attempt != never_ns) return std::min(attempt, deadline_ns);
    if (next_attempt_ns == 0) return deadline_ns;
    return std::min(deadline_ns, later_ns(steady_now_ns(), next_attempt_ns));
}

bool BlockingOperation::answered_while_yielding() noexcept {
    auto& guard = reactor->yield_guard();
    if (word_.load(std::memory_order_acquire) == done) return true;
    if (!guard.allowed()) return false;
    auto before = steady_now_ns();
    for (int i = 0; i < yields_before_sleep; ++i) {
        ::sched_yield();
        if (word_.load(std::memory_order_acquire) == done) return true;
        const auto now = steady_now_ns();
        guard.took(now - before);
        if (now - before >= YieldGuard::long_ns) return false;
        before = now;
    }
    return false;
}

void BlockingOperation::wait(std::chrono::nanoseconds attempt_timeout) noexcept {
    if (answered_while_yielding()) return;
    for (;;) {
        std::uint32_t expected = waiting;
        word_.compare_exchange_strong(expected, sleeping, std::memory_order_acq_rel);
        if (expected == done) return;
        futex_wait(word_, sleeping, look_again_ns(attempt_timeout.count()));
        if (word_.load(std::memory_order_acquire) == done) return;
        const auto now = steady_now_ns();
        // Nobody holds it only while it is handed on, for a moment.
        if (now >= expires_ns() && !expire(now)) ::sched_yield();
    }
}

}  // namespace redoubt::core
