// The decision after a failed attempt.
#include "resilience/retry.hpp"

#include <algorithm>

namespace redoubt::resilience {

namespace {

using std::chrono::nanoseconds;

bool fits(const retry_policy& policy, nanoseconds pause, std::int64_t now_ns, std::int64_t deadline_ns) noexcept {
    if (now_ns >= deadline_ns) return false;
    // Unsigned: the difference of any two such points fits.
    const auto left = static_cast<std::uint64_t>(deadline_ns) - static_cast<std::uint64_t>(now_ns);
    return left >= static_cast<std::uint64_t>(pause.count()) + static_cast<std::uint64_t>(policy.attempt_min.count());
}

// From the shortest to the longest pause, doubled each time; the upper half of each is random, so that those that wait
// for the same state do not ask in step.
nanoseconds pause_for_state(const retry_failure& f, std::uint32_t waits, random_engine& engine) noexcept {
    const backoff_policy growing{.kind = backoff_kind::equal, .base = 2 * f.pause_min, .cap = f.pause_max};
    return std::max(f.pause_min, backoff_delay(growing, waits, {}, engine));
}

retry_decision wanted(const retry_policy& policy, const retry_failure& f, const retry_progress& so_far,
                      random_engine& engine) noexcept {
    switch (f.kind) {
        case retry_class::never: return {};
        case retry_class::idempotent:
            if (!f.repeatable) return {};
            break;
        case retry_class::any_once:
            if (so_far.once_used) return {};
            break;
        case retry_class::any:
            if (f.unsent && !so_far.free_used) return {retry_step::at_once, {}};
            break;
        case retry_class::wait_state: return {retry_step::wait, pause_for_state(f, so_far.waits, engine)};
    }
    if (so_far.attempts >= policy.attempts_max) return {};
    return {retry_step::repeat,
            f.pause_min + backoff_delay(policy.backoff, so_far.attempts - 1, so_far.previous, engine)};
}

}  // namespace

retry_decision decide(const retry_policy& policy, const retry_failure& failure, const retry_progress& so_far,
                      std::int64_t now_ns, std::int64_t deadline_ns, random_engine& engine) noexcept {
    const auto decision = wanted(policy, failure, so_far, engine);
    if (decision.step == retry_step::give_up || !fits(policy, decision.pause, now_ns, deadline_ns)) return {};
    return decision;
}

}  // namespace redoubt::resilience
