// Health of a node: rows of answers become states, changes of state become events.
#include "resilience/health_checker.hpp"

#include <algorithm>
#include <limits>

namespace redoubt::resilience {

namespace {

using std::chrono::nanoseconds;

health_policy in_range(health_policy p) noexcept {
    constexpr nanoseconds least = std::chrono::milliseconds(1);
    p.interval = std::max(p.interval, least);
    p.spread_percent = std::min(p.spread_percent, 50U);
    p.timeout = std::max(p.timeout, least);
    p.quarantine_interval = std::max(p.quarantine_interval, least);
    p.fall = std::max(p.fall, 1U);
    p.rise = std::max(p.rise, 1U);
    p.flap_changes = std::clamp(p.flap_changes, 1U, 15U);
    p.flap_span = std::max(p.flap_span, least);
    return p;
}

}  // namespace

HealthChecker::HealthChecker(const health_policy& policy, std::uint64_t seed) noexcept
    : policy_(in_range(policy)), engine_(seed), interval_ns_(policy_.interval.count()) {}

std::int64_t HealthChecker::drawn_interval() noexcept {
    if (state() == health_state::quarantined) return policy_.quarantine_interval.count();
    const std::int64_t mean = policy_.interval.count();
    const std::int64_t spread = mean / 100 * policy_.spread_percent;
    return engine_.between(mean - spread, mean + spread);
}

std::int64_t HealthChecker::next_probe_ns(std::int64_t now_ns) noexcept {
    if (under_way_) return std::numeric_limits<std::int64_t>::max();
    if (!due_ns_) due_ns_ = now_ns;
    // After a clock was set back the time that is left would be as long as the step.
    if (*due_ns_ - now_ns > interval_ns_) due_ns_ = now_ns + interval_ns_;
    const std::int64_t traffic = traffic_ns_.load(std::memory_order_relaxed);
    if (state() == health_state::healthy && now_ns >= *due_ns_ && now_ns - traffic < interval_ns_) {
        interval_ns_ = drawn_interval();
        due_ns_ = std::min(traffic, now_ns) + interval_ns_;
    }
    return *due_ns_;
}

void HealthChecker::probe_began(std::int64_t now_ns) noexcept {
    under_way_ = true;
    ++probes_;
    interval_ns_ = drawn_interval();
    due_ns_ = now_ns + interval_ns_;
}

std::optional<health_change> HealthChecker::probe_ended(probe_answer answer, std::int64_t now_ns) noexcept {
    if (!under_way_) return std::nullopt;
    under_way_ = false;
    if (answer == probe_answer::failed) ++probes_failed_;
    return heard(answer, now_ns);
}

std::optional<health_change> HealthChecker::heard(probe_answer answer, std::int64_t now_ns) noexcept {
    const health_state before = state();
    bad_row_ = answer == probe_answer::failed ? bad_row_ + 1 : 0;
    good_row_ = answer == probe_answer::alive ? good_row_ + 1 : 0;
    if (answer == probe_answer::failed) ++failed_;
    switch (answer) {
        case probe_answer::failed:
            if (before != health_state::unhealthy && bad_row_ >= policy_.fall)
                return enter(health_state::unhealthy, now_ns);
            break;
        case probe_answer::quarantined:
            if (before != health_state::quarantined) return enter(health_state::quarantined, now_ns);
            break;
        case probe_answer::alive:
            if (before == health_state::healthy) return std::nullopt;
            if (before == health_state::unknown || good_row_ >= rise_now(now_ns))
                return enter(health_state::healthy, now_ns);
            break;
    }
    ++suppressed_;
    return std::nullopt;
}

std::optional<health_change> HealthChecker::enter(health_state to, std::int64_t now_ns) noexcept {
    health_change change{.from = state(), .to = to, .at_ns = now_ns, .failed = failed_, .suppressed = suppressed_};
    failed_ = suppressed_ = 0;
    state_.store(to, std::memory_order_relaxed);
    change.flapping_began = note_change(now_ns);
    if (to == health_state::quarantined || change.from == health_state::quarantined) {
        interval_ns_ = drawn_interval();
        due_ns_ = now_ns + interval_ns_;
    }
    return change;
}

// True when this change makes it flapping.
bool HealthChecker::note_change(std::int64_t now_ns) noexcept {
    const bool calm = rise_now(now_ns) == policy_.rise;  // before this change is among them
    changed_ns_[changes_ % changes_kept] = now_ns;
    ++changes_;
    if (changes_ <= policy_.flap_changes) return false;
    const std::int64_t oldest = changed_ns_[(changes_ - 1 - policy_.flap_changes) % changes_kept];
    if (now_ns - oldest >= policy_.flap_span.count()) return false;
    flapping_ = true;
    return calm;
}

std::uint32_t HealthChecker::rise_now(std::int64_t now_ns) noexcept {
    if (flapping_ && now_ns - changed_ns_[(changes_ - 1) % changes_kept] >= policy_.flap_span.count()) {
        flapping_ = false;
    }
    return flapping_ ? policy_.rise * 2 : policy_.rise;
}

}  // namespace redoubt::resilience
