// Delays in integer nanoseconds that saturate instead of overflowing.
#include "resilience/backoff.hpp"

#include <algorithm>
#include <limits>

namespace redoubt::resilience {

namespace {

using nanos = std::int64_t;
constexpr nanos nanos_max = std::numeric_limits<nanos>::max();

nanos base_of(const backoff_policy& o) noexcept { return std::max<nanos>(o.base.count(), 1); }
nanos cap_of(const backoff_policy& o) noexcept { return std::max<nanos>(o.cap.count(), base_of(o)); }

// value * percent / 100 without overflow on the way.
// Preconditions: value >= 0.
nanos scaled(nanos value, std::uint32_t percent) noexcept {
    const nanos whole = value / 100;
    const nanos rest = value % 100 * percent / 100;
    if (percent != 0 && whole > (nanos_max - rest) / percent) return nanos_max;
    return whole * percent + rest;
}

nanos ceiling(const backoff_policy& o, std::uint32_t n) noexcept {
    const nanos cap = cap_of(o);
    const std::uint32_t growth = std::clamp(o.growth_percent, 100U, 10'000U);
    nanos e = base_of(o);
    while (n-- > 0 && e < cap) {
        const nanos grown = scaled(e, growth);
        if (grown == e) break;  // growth 100, or a base of few nanoseconds: it stays for ever
        e = grown;
    }
    return std::min(e, cap);
}

nanos drawn(const backoff_policy& o, std::uint32_t n, nanos previous, random_engine& engine) noexcept {
    switch (o.kind) {
        case backoff_kind::full: return engine.between(0, ceiling(o, n));
        case backoff_kind::equal: {
            const nanos e = ceiling(o, n);
            return engine.between(e - e / 2, e);
        }
        case backoff_kind::decorrelated: {
            const nanos base = base_of(o);
            return engine.between(base, scaled(n == 0 ? base : std::max(previous, base), 300));
        }
        case backoff_kind::around: {
            const nanos e = ceiling(o, n);
            const nanos spread = scaled(e, std::min(o.spread_percent, 100U));
            return engine.between(e - spread, e > nanos_max - spread ? nanos_max : e + spread);
        }
        case backoff_kind::none: return ceiling(o, n);
    }
    return ceiling(o, n);
}

}  // namespace

std::chrono::nanoseconds backoff_ceiling(const backoff_policy& o, std::uint32_t n) noexcept {
    return std::chrono::nanoseconds(ceiling(o, n));
}

// Two caps on purpose. The one on e keeps the jitter alive: without it, after some repetitions nearly every draw would
// pass the cap, and all callers would wait exactly `cap` and return together. The one on the draw keeps the promise.
std::chrono::nanoseconds backoff_delay(const backoff_policy& o, std::uint32_t n, std::chrono::nanoseconds previous,
                                       random_engine& engine) noexcept {
    return std::chrono::nanoseconds(std::min(drawn(o, n, previous.count(), engine), cap_of(o)));
}

std::optional<std::chrono::nanoseconds> reconnect_backoff::next(std::int64_t now_ns) noexcept {
    lost(now_ns);
    if (policy_.attempts_max != 0 && dials_ >= policy_.attempts_max) {
        reset();
        return std::nullopt;
    }
    previous_ = backoff_delay(policy_.backoff, dials_, previous_, engine_);
    if (dials_ != std::numeric_limits<std::uint32_t>::max()) ++dials_;
    return previous_;
}

void reconnect_backoff::lost(std::int64_t now_ns) noexcept {
    if (!connected_) return;
    connected_ = false;
    if (now_ns - connected_since_ns_ >= policy_.stable_after.count()) reset();
}

}  // namespace redoubt::resilience
