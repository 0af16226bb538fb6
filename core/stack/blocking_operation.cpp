// Sleeping until an outcome is there, and taking the operation back when its time is over.
#include "core/stack/blocking_operation.hpp"

#include <sched.h>

#include <algorithm>
#include <cassert>

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
    home.wake(word);
}

std::atomic<std::uint32_t>* BlockingOperation::give_token(ReaderSeat& seat) noexcept {
    seat_ = &seat;
    return word_.exchange(leading, std::memory_order_acq_rel) == sleeping ? &word_ : nullptr;
}

// A write in any case: a caller that falls asleep after it has read it, and with it the new time.
void BlockingOperation::look_again() noexcept {
    const auto was = word_.exchange(waiting, std::memory_order_acq_rel);
    assert(was != leading && "called while it was in no queue");
    if (was == sleeping) reactor->wake(word_);
}

std::int64_t BlockingOperation::look_again_ns(std::int64_t next_attempt_ns) const noexcept {
    const auto attempt = attempt_deadline_ns.load(std::memory_order_relaxed);
    if (attempt != never_ns) return std::min(attempt, deadline_ns);
    if (next_attempt_ns == 0) return deadline_ns;
    return std::min(deadline_ns, later_ns(steady_now_ns(), next_attempt_ns));
}

bool BlockingOperation::told_while_yielding() noexcept {
    auto& guard = reactor->yield_guard();
    if (word_.load(std::memory_order_acquire) != waiting) return true;
    if (!guard.allowed()) return false;
    auto before = steady_now_ns();
    for (int i = 0; i < yields_before_sleep; ++i) {
        ::sched_yield();
        if (word_.load(std::memory_order_acquire) != waiting) return true;
        const auto now = steady_now_ns();
        guard.took(now - before);
        if (now - before >= YieldGuard::long_ns) return false;
        before = now;
    }
    return false;
}

void BlockingOperation::wait(std::chrono::nanoseconds attempt_timeout) noexcept {
    (void)told_while_yielding();
    for (;;) {
        std::uint32_t is = waiting;
        word_.compare_exchange_strong(is, sleeping, std::memory_order_acq_rel, std::memory_order_acquire);
        if (is == waiting || is == sleeping) {
            futex_wait(word_, sleeping, look_again_ns(attempt_timeout.count()));
            is = word_.load(std::memory_order_acquire);
        }
        if (is == done) return;
        if (is == leading) {
            word_.store(waiting, std::memory_order_relaxed);  // nobody else writes it before lead() has let go
            seat_->lead(*this);
            continue;
        }
        const auto now = steady_now_ns();
        // Nobody holds it only while it is handed on, for a moment.
        if (now >= expires_ns() && !expire(now)) ::sched_yield();
    }
}

}  // namespace redoubt::core
