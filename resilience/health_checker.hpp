// When to ask a node whether it is well, and what to make of its answers.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <redoubt/states.hpp>

#include "resilience/random.hpp"

namespace redoubt::resilience {

/// Values outside their range are brought into it.
struct health_policy {
    std::chrono::nanoseconds interval = std::chrono::seconds(5);  ///< Between probes. At least 1 ms.
    std::uint32_t spread_percent = 10;                            ///< Each is drawn from ± this share. 0 to 50.
    std::chrono::nanoseconds timeout = std::chrono::seconds(1);   ///< Of one probe. At least 1 ms.
    /// Between probes while quarantined, not spread: a server that loads says when it has done. At least 1 ms.
    std::chrono::nanoseconds quarantine_interval = std::chrono::seconds(1);
    std::uint32_t fall = 3;                                         ///< Failures in a row make unhealthy. At least 1.
    std::uint32_t rise = 2;                                         ///< Good answers in a row make healthy. At least 1.
    std::uint32_t flap_changes = 4;                                 ///< More changes than these in the span. 1 to 15.
    std::chrono::nanoseconds flap_span = std::chrono::seconds(60);  ///< See HealthChecker. At least 1 ms.
};

enum class probe_answer : std::uint8_t {
    alive,        ///< Any well-formed reply, errors like NOAUTH included.
    quarantined,  ///< It answers that it cannot serve now (LOADING, MASTERDOWN, BUSY).
    failed,       ///< No reply in time, or no connection.
};

/// A change of state, to be logged and told. Nothing else is.
struct health_change {
    health_state from = health_state::unknown;
    health_state to = health_state::unknown;
    std::int64_t at_ns = 0;
    std::uint64_t failed = 0;  ///< Failures since the change before.
    /// Answers since then that were worth a word and got none: all but good ones of a healthy node, the one that made
    /// this change not included.
    std::uint64_t suppressed = 0;
    bool flapping_began = false;  ///< From now on `rise` is doubled. Said once, until it has been calm again.
};

/// The health of one node. Sends nothing itself: whoever drives it probes at next_probe_ns(), tells that it has begun,
/// and hands in the answer, `failed` when `timeout` has passed without one.
///
///   state        | `fall` failures in a row | quarantined | `rise` good answers in a row
///   -------------+--------------------------+-------------+-----------------------------
///   unknown      | unhealthy                | quarantined | healthy, after the first
///   healthy      | unhealthy                | quarantined | -
///   unhealthy    | -                        | quarantined | healthy
///   quarantined  | unhealthy                | -           | healthy
///
/// More than `flap_changes` changes within `flap_span` are flapping: `rise` counts double until a whole span has passed
/// without a change.
///
/// `now_ns` is a reading of one monotonic clock. Thread safety: traffic_succeeded() and state() may be called from any
/// thread at any time; all else one call at a time.
class HealthChecker {
public:
    explicit HealthChecker(const health_policy& policy = {}, std::uint64_t seed = random_seed()) noexcept;

    const health_policy& policy() const noexcept { return policy_; }
    health_state state() const noexcept { return state_.load(std::memory_order_relaxed); }

    /// When the next probe is due: now or earlier means at once, the largest value means never, as one is under way.
    /// The first is due at once. Ask again when that time has come: while the node is healthy and its traffic has
    /// succeeded in between, the probe is put off, for no probe says more than a reply.
    std::int64_t next_probe_ns(std::int64_t now_ns) noexcept;
    /// A probe is sent.
    void probe_began(std::int64_t now_ns) noexcept;
    /// Its answer. Without effect when none is under way: what comes after the timeout was counted as failed.
    std::optional<health_change> probe_ended(probe_answer, std::int64_t now_ns) noexcept;
    /// Whoever asked is gone before the answer: that says nothing.
    void probe_abandoned() noexcept { under_way_ = false; }
    /// Something else has told as much as a probe does (a handshake completed, an operation was answered LOADING).
    std::optional<health_change> heard(probe_answer, std::int64_t now_ns) noexcept;
    /// A command was answered.
    void traffic_succeeded(std::int64_t now_ns) noexcept { traffic_ns_.store(now_ns, std::memory_order_relaxed); }

    /// Since the beginning.
    std::uint64_t probes() const noexcept { return probes_; }
    std::uint64_t probes_failed() const noexcept { return probes_failed_; }
    std::uint64_t changes() const noexcept { return changes_; }

private:
    static constexpr std::size_t changes_kept = 16;

    std::int64_t drawn_interval() noexcept;
    std::optional<health_change> enter(health_state to, std::int64_t now_ns) noexcept;
    bool note_change(std::int64_t now_ns) noexcept;
    std::uint32_t rise_now(std::int64_t now_ns) noexcept;

    const health_policy policy_;
    random_engine engine_;
    std::atomic<health_state> state_{health_state::unknown};
    std::atomic<std::int64_t> traffic_ns_{std::int64_t{-1} << 62};
    std::optional<std::int64_t> due_ns_;
    std::int64_t interval_ns_;  // as drawn for the probe that is due next
    bool under_way_ = false;
    bool flapping_ = false;
    std::uint32_t bad_row_ = 0;
    std::uint32_t good_row_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t suppressed_ = 0;
    std::uint64_t probes_ = 0;
    std::uint64_t probes_failed_ = 0;
    std::uint64_t changes_ = 0;
    std::array<std::int64_t, changes_kept> changed_ns_{};  // a ring: change n stands at n % changes_kept
};

}  // namespace redoubt::resilience
