// How long to wait before the next attempt: exponential backoff with jitter, and when to start over.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "resilience/random.hpp"

namespace redoubt::resilience {

/// How a delay is drawn around e = min(cap, base * growth^n) before the n-th repetition (n from 0).
enum class backoff_kind : std::uint8_t {
    full,          ///< U[0, e]: spreads best, the default for repeating commands and for reconnecting.
    equal,         ///< e/2 + U[0, e/2]: never shorter than half.
    decorrelated,  ///< U[base, 3 * previous delay], the first previous delay being `base`; `growth_percent` is unused.
    around,        ///< e * U[1 - spread, 1 + spread]: the delay stays near e.
    none,          ///< e itself: no jitter. Callers that fail together repeat together.
};

struct backoff_policy {
    backoff_kind kind = backoff_kind::full;
    std::chrono::nanoseconds base = std::chrono::milliseconds(10);  ///< At least 1 ns.
    /// No delay is longer, jitter included. At least `base`.
    std::chrono::nanoseconds cap = std::chrono::milliseconds(250);
    std::uint32_t growth_percent = 200;  ///< 200 doubles each time; 100 keeps `base`. 100 to 10,000.
    std::uint32_t spread_percent = 20;   ///< Of `around` only. 0 to 100.
};

/// e of the n-th repetition: saturates at `cap`, for any n.
std::chrono::nanoseconds backoff_ceiling(const backoff_policy&, std::uint32_t n) noexcept;

/// The delay before the n-th repetition. `previous` is the delay before the one before it, or 0 when n is 0; only
/// `decorrelated` looks at it. Values outside the ranges of backoff_policy are brought into them.
std::chrono::nanoseconds backoff_delay(const backoff_policy&, std::uint32_t n, std::chrono::nanoseconds previous,
                                       random_engine&) noexcept;

struct reconnect_policy {
    backoff_policy backoff{.base = std::chrono::milliseconds(50), .cap = std::chrono::seconds(1)};
    std::uint32_t attempts_max = 0;  ///< Dials in one series; 0: for ever.
    /// A connection must have been usable for so long before its loss starts a new series.
    std::chrono::nanoseconds stable_after = std::chrono::seconds(10);
};

/// The delays of one endpoint's redials. A server that accepts connections and drops them at once must not be dialled
/// as if nothing had happened, so success alone does not start over: only a connection that has also lasted does.
///
/// Times are nanoseconds of one monotonic clock. Thread safety: none.
class reconnect_backoff {
public:
    reconnect_backoff(const reconnect_policy& policy, std::uint64_t seed) noexcept : policy_(policy), engine_(seed) {}

    /// The delay before the next dial; nullopt when the series is exhausted. Then the next call starts a new one.
    /// While connected, it counts as lost() first.
    std::optional<std::chrono::nanoseconds> next(std::int64_t now_ns) noexcept;

    /// The connection serves the application: its handshake is done, not merely the socket open.
    void connected(std::int64_t now_ns) noexcept {
        connected_ = true;
        connected_since_ns_ = now_ns;
    }

    /// The connection is gone. Without effect when there was none.
    void lost(std::int64_t now_ns) noexcept;

    /// Starts a new series, as when an operator asks for a dial now.
    void reset() noexcept { dials_ = 0, previous_ = {}; }

    /// Delays given out in this series.
    std::uint32_t dials() const noexcept { return dials_; }

private:
    reconnect_policy policy_;
    random_engine engine_;
    std::chrono::nanoseconds previous_{};
    std::int64_t connected_since_ns_ = 0;
    std::uint32_t dials_ = 0;
    bool connected_ = false;
};

}  // namespace redoubt::resilience
