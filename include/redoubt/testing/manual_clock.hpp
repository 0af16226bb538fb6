// A clock that stands still until a test moves it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace redoubt::testing {

/// Time in nanoseconds, moved by hand: tests of deadlines, backoff and breakers need no sleep. It may also be set back,
/// to show what a decision does when a clock steps.
///
/// Thread safety: all members may be called from any thread.
class ManualClock {
public:
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<std::chrono::steady_clock, duration>;

    /// Starts at one second, so that a forgotten 0 does not pass for the present.
    explicit ManualClock(duration start = std::chrono::seconds(1)) noexcept : now_(start.count()) {}
    ManualClock(const ManualClock&) = delete;
    ManualClock& operator=(const ManualClock&) = delete;

    time_point now() const noexcept { return time_point(duration(now_ns())); }
    std::int64_t now_ns() const noexcept { return now_.load(std::memory_order_acquire); }

    /// Moves the clock by `step` (backward when negative) and returns the new time in nanoseconds.
    std::int64_t advance(duration step) noexcept {
        return now_.fetch_add(step.count(), std::memory_order_acq_rel) + step.count();
    }
    void set(time_point when) noexcept { now_.store(when.time_since_epoch().count(), std::memory_order_release); }

private:
    std::atomic<std::int64_t> now_;
};

}  // namespace redoubt::testing
