// Options of single calls: `client.with({.deadline = 50ms}).get("k")`.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

namespace redoubt {

/// Says that a call may take for ever: `client.with({.deadline = no_deadline})`.
struct no_deadline_t {
    explicit constexpr no_deadline_t() = default;
};
inline constexpr no_deadline_t no_deadline{};

/// When a call must be over: a duration from the start of each call, or one point in time for several calls together.
/// Unset (the default), the deadline of the client holds.
/// A duration that is zero or negative, or a point that lies in the past, has passed already: a budget that is spent
/// must not turn into an endless one. Only `no_deadline` lifts the limit.
class call_deadline {
public:
    using clock = std::chrono::steady_clock;

    constexpr call_deadline() noexcept = default;
    constexpr call_deadline(no_deadline_t) noexcept : kind_(kind::at), at_(clock::duration::max()) {}
    template <std::integral Rep, class Period>
    constexpr call_deadline(std::chrono::duration<Rep, Period> from_start) noexcept
        : kind_(kind::after), at_(saturated(from_start)) {}
    template <class Duration>
    constexpr call_deadline(std::chrono::time_point<clock, Duration> point) noexcept
        : kind_(kind::at), at_(saturated(point.time_since_epoch())) {}

    constexpr bool is_set() const noexcept { return kind_ != kind::unset; }

    /// The point at which a call that starts `now` must be over; `otherwise` (0: none) is the deadline of the client.
    /// time_point::max(): no limit.
    constexpr clock::time_point resolve(clock::time_point now, std::chrono::nanoseconds otherwise) const noexcept {
        switch (kind_) {
            case kind::at: return clock::time_point(at_);
            case kind::after: return add(now, at_);
            case kind::unset: break;
        }
        return otherwise.count() == 0 ? clock::time_point::max() : add(now, otherwise);
    }

    friend constexpr bool operator==(const call_deadline&, const call_deadline&) noexcept = default;

private:
    enum class kind : std::uint8_t { unset, after, at };

    // A duration in coarse units (hours::max()) does not fit 64-bit nanoseconds; it means "very long", not garbage.
    template <class Rep, class Period>
    static constexpr clock::duration saturated(std::chrono::duration<Rep, Period> d) noexcept {
        if constexpr (std::ratio_greater_v<Period, clock::period>) {
            using coarse = std::chrono::duration<std::int64_t, Period>;
            if (d > std::chrono::duration_cast<coarse>(clock::duration::max())) return clock::duration::max();
            if (d < std::chrono::duration_cast<coarse>(clock::duration::min())) return clock::duration::min();
        }
        return std::chrono::duration_cast<clock::duration>(d);
    }
    static constexpr clock::time_point add(clock::time_point now, clock::duration d) noexcept {
        if (d.count() > 0 && now.time_since_epoch() > clock::duration::max() - d) return clock::time_point::max();
        return d.count() <= 0 ? now : now + d;
    }

    kind kind_ = kind::unset;
    clock::duration at_{};
};

/// What one call, or all calls through one handle, does differently from the client. Given to `Client::with`.
struct call_options {
    /// End of the call, waiting and all attempts included. A duration ("50ms", counted from the start of each call) or
    /// a point of std::chrono::steady_clock (one budget for several calls). Default: the client's `deadline`.
    call_deadline deadline{};

    /// Attempts at most, the first one included. 1 to 100, more counts as 100; 0: the client's `retry.attempts_max`.
    /// Default 0. 1 does not repeat what has failed; a command that never left, or that the server refused only until
    /// it is ready, is still sent again. Without effect where the client has no `retry`, and on a lease.
    std::uint32_t attempts_max = 0;

    /// The command may run twice without harm (SET, DEL, EXPIRE: what writes the same again), so it may be sent again
    /// although it may have run. Default false: after a loss or timeout only commands that change nothing are sent
    /// again. Without effect on commands that wait on the server or change the state of their connection. Set it for
    /// calls, not for a whole program: INCR, LPUSH or PUBLISH would take effect twice.
    bool idempotent = false;

    friend constexpr bool operator==(const call_options&, const call_options&) noexcept = default;
};

}  // namespace redoubt
