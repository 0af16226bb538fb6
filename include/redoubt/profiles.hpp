// Ready-made options for typical programs; each says how it differs from the defaults.
#pragma once

#include <redoubt/options.hpp>

namespace redoubt::profiles {

/// A job worker: at most 100 operations in flight, so that thousands of jobs at once queue here, in order, and not in
/// the server.
inline options worker() {
    options o;
    o.limiter = limiter_options{.limit = 100};
    return o;
}

/// A request-serving program that bounds its concurrency itself: no limiter.
inline options api() {
    options o;
    o.limiter = std::nullopt;
    return o;
}

/// Reconnects as clients of the older school do: 5 dials, pauses up to 2 s that double up to 60 s, then waiting
/// operations fail and the next call starts a new series.
inline options classic() {
    options o;
    o.reconnect = {.base = std::chrono::seconds(2), .cap = std::chrono::seconds(60), .factor = 2, .attempts_max = 5};
    return o;
}

}  // namespace redoubt::profiles
