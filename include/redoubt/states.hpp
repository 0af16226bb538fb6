// The states that a node and its guards can be in, as statistics and events name them.
#pragma once

#include <cstdint>
#include <string_view>

namespace redoubt {

/// What a circuit breaker does with calls. The last three are entered and left by an operator only.
enum class breaker_state : std::uint8_t {
    closed,       ///< Lets everything through, and counts.
    open,         ///< Rejects everything until its time is over, or the node is known to answer again.
    half_open,    ///< Lets a few probes through; their outcome decides.
    forced_open,  ///< Rejects everything, until released.
    disabled,     ///< Lets everything through, counts nothing.
    observing,    ///< Lets everything through, counts and reports, never trips.
};

/// What is known of a node's health.
enum class health_state : std::uint8_t {
    unknown,      ///< Nothing has been heard of it yet.
    healthy,      ///< It answers.
    unhealthy,    ///< It did not answer several times in a row.
    quarantined,  ///< It answers, but that it cannot serve now (LOADING, MASTERDOWN, BUSY).
};

constexpr std::string_view to_string(breaker_state s) noexcept {
    switch (s) {
        case breaker_state::closed: return "closed";
        case breaker_state::open: return "open";
        case breaker_state::half_open: return "half-open";
        case breaker_state::forced_open: return "forced-open";
        case breaker_state::disabled: return "disabled";
        case breaker_state::observing: return "observing";
    }
    return "";
}

constexpr std::string_view to_string(health_state s) noexcept {
    switch (s) {
        case health_state::unknown: return "unknown";
        case health_state::healthy: return "healthy";
        case health_state::unhealthy: return "unhealthy";
        case health_state::quarantined: return "quarantined";
    }
    return "";
}

}  // namespace redoubt
