// Who may open a connection to a node, and when: all at once while it is well, one prober while it is not.
#pragma once

#include <cstdint>

#include "resilience/backoff.hpp"

namespace redoubt::resilience {

struct dial_policy {
    reconnect_policy reconnect{};
    /// Dials under way at once while the node is well; more only overflow its listen backlog. At least 1.
    std::uint32_t in_flight_max = 64;
};

/// Decides for one node and one process.
///
///   phase      entered by                               grants                      left by
///   serving    the beginning; a connection that works   up to `window` at once      a dial that failed or met a full
///                                                                                   server; an early loss
///   probing    a dial that failed                       one, when its pause is over a connection that works
///   exhausted  the last failed dial of a series         one: it starts a new series that dial
///
/// The window begins wide. After a failure, or when the server was full, it begins at 1 and doubles with each
/// connection that works: so a server that has just come back is not met by everybody at once.
///
/// Times are nanoseconds of one monotonic clock. Thread safety: none.
class DialGovernor {
public:
    /// What a dial was granted under; goes back with its outcome.
    using grant = std::uint64_t;
    struct answer {
        bool granted = false;
        grant under = 0;
        std::int64_t ask_again_ns = 0;  ///< Not granted: ask again then. `told`: the outcome of another dial decides.
    };
    static constexpr std::int64_t told = INT64_MAX;

    enum class outcome : std::uint8_t {
        connected,  ///< The greeting is done.
        refused,    ///< The node answered, but not to these credentials.
        full,       ///< The node has as many clients as it allows.
        failed,     ///< No connection, no answer, no greeting.
        abandoned,  ///< Given up by its owner; says nothing about the node.
    };
    enum class news : std::uint8_t {
        none,
        reachable,  ///< It answers again: every wait for it ends now.
        exhausted,  ///< The series is over: those who wait fail.
    };

    DialGovernor(const dial_policy& policy, std::uint64_t seed) noexcept;

    answer ask(std::int64_t now_ns) noexcept;
    news finished(grant under, outcome how, std::int64_t now_ns) noexcept;
    /// A connection that had worked since `since_ns` was lost. One that had not lasted is not dialled again at once: a
    /// server that accepts and drops must not be met by a tight loop.
    void lost(std::int64_t now_ns, std::int64_t since_ns) noexcept;
    /// Asked before finished(): its outcome is news. Of dials that were under way together, the first that fails tells.
    bool current(grant under) const noexcept { return under == epoch_; }

    bool probing() const noexcept { return phase_ != phase::serving; }
    std::uint32_t in_flight() const noexcept { return in_flight_; }
    /// Dials that may be under way at once.
    std::uint32_t window() const noexcept { return phase_ == phase::serving ? window_ : 1; }
    /// Failed dials since the node was last well.
    std::uint32_t failures() const noexcept { return failures_; }

private:
    enum class phase : std::uint8_t { serving, probing, exhausted };
    news pause(std::int64_t now_ns) noexcept;

    dial_policy policy_;
    reconnect_backoff backoff_;
    phase phase_ = phase::serving;
    std::uint32_t window_;
    std::uint32_t in_flight_ = 0;
    std::uint32_t failures_ = 0;
    grant epoch_ = 0;           // what was granted before the last change of phase says nothing about the next
    bool prober_away_ = false;  // the one grant of this phase is out
    bool well_ = false;         // a connection worked, and nothing has failed or was lost since
    std::int64_t pause_ns_ = 0;
    std::int64_t next_ns_ = 0;
};

}  // namespace redoubt::resilience
