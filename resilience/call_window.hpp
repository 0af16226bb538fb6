// What the last calls were like: counted over a span of time, or over a number of calls.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

namespace redoubt::resilience {

struct window_totals {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::uint64_t slow = 0;
};

/// Where a call was counted, for taking it back.
struct window_mark {
    std::uint64_t place = 0;
};

/// Calls of the last `buckets` spans of time, e.g. ten seconds in steps of one.
///
/// A reading before the current span counts in it: a clock that is set back freezes the window until it has caught up.
/// One that leaps forward past the whole window finds it empty.
///
/// Thread safety: count_success() and totals() may be called beside everything else; the rest wants a lock around it.
/// A success that is counted at the very moment in which a span begins may fall into the one before, or be lost.
class TimeWindow {
public:
    static constexpr std::uint32_t buckets_largest = 60;

    /// Preconditions: width_ns > 0, buckets in 1 to buckets_largest.
    TimeWindow(std::int64_t width_ns, std::uint32_t buckets) noexcept : width_ns_(width_ns), size_(buckets) {}

    /// False: a new span begins, count() has to do it.
    bool count_success(std::int64_t now_ns) noexcept {
        if (now_ns - start_ns_.load(std::memory_order_relaxed) >= width_ns_) return false;
        buckets_[current_.load(std::memory_order_relaxed)].successes.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    window_mark count(std::int64_t now_ns, bool failed, bool slow) noexcept;
    void withdraw_failure(window_mark) noexcept;
    window_totals totals(std::int64_t now_ns) const noexcept;
    void clear() noexcept;

private:
    static constexpr std::int64_t unset = std::int64_t{-1} << 62;  // so long ago that any span is over
    struct bucket {
        std::atomic<std::uint64_t> successes{0};
        std::atomic<std::uint64_t> failures{0};
        std::atomic<std::uint64_t> slow{0};
        void clear() noexcept;
    };
    void advance(std::int64_t now_ns) noexcept;

    std::int64_t width_ns_;
    std::uint32_t size_;
    std::atomic<std::uint32_t> current_{0};
    std::atomic<std::int64_t> start_ns_{unset};
    std::uint64_t begun_ = 0;  // spans so far: tells an old mark from a new one
    std::array<bucket, buckets_largest> buckets_;
};

/// The last `size` calls, however long ago they were.
///
/// Thread safety: as TimeWindow; all counts are exact.
class CountWindow {
public:
    static constexpr std::uint32_t size_largest = 10'000;

    /// Preconditions: size in 1 to size_largest.
    explicit CountWindow(std::uint32_t size)
        : size_(size), ring_(std::make_unique<std::atomic<std::uint8_t>[]>(size)) {}

    void count_success() noexcept { put(next_.fetch_add(1, std::memory_order_relaxed), call); }
    window_mark count(bool failed, bool slow) noexcept;
    void withdraw_failure(window_mark) noexcept;
    window_totals totals() const noexcept;
    void clear() noexcept;

private:
    enum : std::uint8_t { empty = 0, call = 1, failure = 2, slowness = 4 };
    // Whoever replaces an entry accounts for both: the sums follow the ring whatever the order of the threads.
    void put(std::uint64_t place, std::uint8_t what) noexcept {
        const std::uint8_t before = ring_[place % size_].exchange(what, std::memory_order_relaxed);
        if (before != what) account(before, what);
    }
    void account(std::uint8_t before, std::uint8_t after) noexcept;

    std::uint32_t size_;
    std::atomic<std::uint64_t> next_{0};
    std::atomic<std::uint64_t> calls_{0};
    std::atomic<std::uint64_t> failures_{0};
    std::atomic<std::uint64_t> slow_{0};
    std::unique_ptr<std::atomic<std::uint8_t>[]> ring_;
};

enum class window_kind : std::uint8_t { time, count };

/// Either of the two. Thread safety: as theirs.
class CallWindow {
public:
    /// By time.
    CallWindow(std::int64_t width_ns, std::uint32_t buckets)
        : kind_(window_kind::time), by_time_(width_ns, buckets), by_count_(1) {}
    /// By count.
    explicit CallWindow(std::uint32_t size) : kind_(window_kind::count), by_time_(1, 1), by_count_(size) {}

    /// Without a lock. False: count() has to do it, under the lock.
    bool count_success(std::int64_t now_ns) noexcept {
        if (kind_ == window_kind::time) [[likely]]
            return by_time_.count_success(now_ns);
        by_count_.count_success();
        return true;
    }
    window_mark count(std::int64_t now_ns, bool failed, bool slow) noexcept {
        return kind_ == window_kind::time ? by_time_.count(now_ns, failed, slow) : by_count_.count(failed, slow);
    }
    /// Takes back a call that was counted as failed and not slow; no effect when the window has moved past it.
    void withdraw_failure(window_mark m) noexcept {
        kind_ == window_kind::time ? by_time_.withdraw_failure(m) : by_count_.withdraw_failure(m);
    }
    window_totals totals(std::int64_t now_ns) const noexcept {
        return kind_ == window_kind::time ? by_time_.totals(now_ns) : by_count_.totals();
    }
    void clear() noexcept { kind_ == window_kind::time ? by_time_.clear() : by_count_.clear(); }

private:
    window_kind kind_;
    TimeWindow by_time_;
    CountWindow by_count_;
};

}  // namespace redoubt::resilience
