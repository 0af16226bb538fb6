// What a circuit breaker is told, and what it tells: policy, outcomes, events, figures.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <redoubt/states.hpp>
#include <string>
#include <string_view>

#include "resilience/call_window.hpp"

namespace redoubt::resilience {

/// When a breaker opens, for how long, and what closes it. Values outside their range are brought into it.
struct breaker_policy {
    /// What the rates below are rates of: the calls of a span of time, or a number of calls.
    window_kind window = window_kind::time;
    std::chrono::nanoseconds bucket = std::chrono::seconds(1);  ///< Step of a window by time. At least 1 ms.
    std::uint32_t buckets = 10;                                 ///< Steps in a window by time. 1 to 60.
    std::uint32_t window_calls = 100;                           ///< Calls in a window by count. 1 to 10,000.

    /// With fewer calls in the window no rate is judged. At least 1; a window by count may be smaller: then its size.
    std::uint32_t calls_min = 20;
    std::uint32_t failure_percent = 50;  ///< Opens at this share of failures. 1 to 100; 0: no rate of failures opens.
    std::uint32_t dials_max = 5;         ///< Opens after so many failed dials in a row. 0: no number of them does.
    /// A call that took at least so long is slow. 0: none is.
    std::chrono::nanoseconds slow_after{};
    std::uint32_t slow_percent = 50;  ///< Opens at this share of slow calls. 1 to 100; 0: slowness never opens.

    /// The first open time; each further one doubles, up to `open_max`.
    std::chrono::nanoseconds open_base = std::chrono::seconds(1);  ///< At least 1 ms.
    std::chrono::nanoseconds open_max = std::chrono::seconds(30);  ///< No open time is longer, jitter included.
    std::uint32_t open_spread_percent = 20;                        ///< Each is drawn from ± this share. 0 to 100.
    /// After so long in closed the doubling starts over. 0: it always does.
    std::chrono::nanoseconds trips_forgotten_after = std::chrono::seconds(30);

    std::uint32_t probes_max = 2;       ///< Calls let through at once in half-open. 1 to 16.
    std::uint32_t probe_successes = 3;  ///< So many successes close it. At least 1.
    /// The limit of one attempt. A probe that has not ended after twice that time, and a second at least, counts
    /// as lost. 0: attempts are not limited; a probe is lost after `open_max`.
    std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(1);
    /// Lost connections count once within this time. 0: each counts.
    std::chrono::nanoseconds loss_span = std::chrono::seconds(1);
};

/// What a call says about the health of what was called.
enum class call_outcome : std::uint8_t {
    success,
    failure,
    ignored,  ///< Nothing: it never got there, or ended for a reason of ours.
};

/// Calls that may take any time by their nature (BLPOP) are no probes: half-open lets them pass, and their outcome
/// counts, but they occupy no place and are never lost.
enum class call_kind : std::uint8_t { ordinary, waiting };

/// Why a breaker changed its state.
enum class breaker_reason : std::uint8_t {
    failure_rate,     ///< Too many failures among the calls of the window.
    slow_rate,        ///< Too many slow calls in it.
    dials,            ///< Too many failed dials in a row; in half-open one is enough.
    connection_lost,  ///< A connection was lost in half-open.
    probe_failed,
    probe_slow,
    probe_lost,        ///< A probe did not come back.
    tripped,           ///< trip(); the event carries its text.
    open_time_over,    ///< Open to half-open.
    reachable,         ///< The same, because the node is known to answer.
    probes_succeeded,  ///< Half-open to closed.
    operator_acted,
};
std::string_view to_string(breaker_reason) noexcept;

struct breaker_event {
    breaker_state from = breaker_state::closed;
    breaker_state to = breaker_state::closed;
    breaker_reason reason = breaker_reason::operator_acted;
    std::uint64_t generation = 0;         ///< Of the new state.
    std::int64_t at_ns = 0;               ///< The reading with which it was decided.
    std::chrono::nanoseconds open_for{};  ///< When it opened: for how long.
    std::string text;                     ///< When it opened: why, in words, e.g. "12 of 20 calls failed".
};

/// Called with no lock held, one event at a time, in the order of the changes. It may call the breaker. What it
/// throws is caught and counted.
using breaker_listener = std::function<void(const breaker_event&)>;

/// A turned away call: when to come back, and who says so and why.
struct breaker_rejection {
    /// Open: what is left of the open time. Half-open: until its probes are given up at the latest. 0: not known.
    std::chrono::nanoseconds retry_after{};
    std::string text;
};

struct breaker_snapshot {
    breaker_state state = breaker_state::closed;  ///< Open also while its time is over and no call has come since.
    std::uint64_t generation = 0;
    std::int64_t since_ns = 0;  ///< When it entered this state; 0: it was made so.
    window_totals window;
    std::uint32_t dials_failed = 0;  ///< In a row.
    std::uint32_t trips = 0;         ///< Times it opened, as far as the next open time remembers.
    std::uint32_t probes = 0;        ///< Places of half-open in use.
    std::uint32_t probe_successes = 0;
    std::uint64_t opened = 0;           ///< Since the beginning, as all that follow.
    std::uint64_t rejected = 0;         ///< Calls turned away.
    std::uint64_t stale_results = 0;    ///< Outcomes of calls from before the last change, which count nothing.
    std::uint64_t probes_lost = 0;      ///< Probes that did not come back.
    std::uint64_t listener_errors = 0;  ///< Exceptions of the listener.
};

/// The right to make one call, and the duty to report it once. A value of 8 bytes; breaker_permit keeps the duty
/// itself.
struct breaker_ticket {
    std::uint64_t word = 0;

    /// Of the state that let the call through.
    constexpr std::uint64_t generation() const noexcept { return word >> 8; }
    /// Its place in half-open; `no_place` for all others.
    constexpr std::uint8_t place() const noexcept { return static_cast<std::uint8_t>(word); }
    static constexpr std::uint8_t no_place = 0xff;
    bool operator==(const breaker_ticket&) const noexcept = default;
};

}  // namespace redoubt::resilience
