// The phases of a node that is dialled.
#include "resilience/dial_governor.hpp"

#include <algorithm>
#include <utility>

namespace redoubt::resilience {

DialGovernor::DialGovernor(const dial_policy& policy, std::uint64_t seed) noexcept
    : policy_(policy), backoff_(policy.reconnect, seed), window_(std::max(policy.in_flight_max, 1U)) {
    policy_.in_flight_max = window_;
}

DialGovernor::answer DialGovernor::ask(std::int64_t now_ns) noexcept {
    if (phase_ == phase::serving) {
        if (in_flight_ >= window_) return {.ask_again_ns = told};
    } else {
        if (prober_away_) return {.ask_again_ns = told};
        next_ns_ = std::min(next_ns_, now_ns + pause_ns_);  // a clock that was set back must not prolong the pause
        if (phase_ == phase::probing && now_ns < next_ns_) return {.ask_again_ns = next_ns_};
        phase_ = phase::probing;
        prober_away_ = true;
    }
    ++in_flight_;
    return {.granted = true, .under = epoch_};
}

DialGovernor::news DialGovernor::finished(grant under, outcome how, std::int64_t now_ns) noexcept {
    --in_flight_;
    const bool news_of_this_phase = current(under);
    if (news_of_this_phase) prober_away_ = false;
    switch (how) {
        case outcome::abandoned: return news::none;
        case outcome::connected:
        case outcome::refused: {
            // Further connections to a node that is well must not make it look as if it had just come back.
            if (!std::exchange(well_, true)) backoff_.connected(now_ns);
            failures_ = 0;
            if (phase_ == phase::serving) {
                window_ = window_ > policy_.in_flight_max / 2 ? policy_.in_flight_max : window_ * 2;
                return news::none;
            }
            phase_ = phase::serving;
            window_ = 1;
            prober_away_ = false;
            ++epoch_;
            return news::reachable;
        }
        case outcome::full:
        case outcome::failed: ++failures_; return news_of_this_phase ? pause(now_ns) : news::none;
    }
    return news::none;
}

DialGovernor::news DialGovernor::pause(std::int64_t now_ns) noexcept {
    ++epoch_;
    well_ = false;
    const auto delay = backoff_.next(now_ns);
    if (!delay) {
        phase_ = phase::exhausted;
        return news::exhausted;
    }
    phase_ = phase::probing;
    pause_ns_ = delay->count();
    next_ns_ = now_ns + pause_ns_;
    return news::none;
}

void DialGovernor::lost(std::int64_t now_ns, std::int64_t since_ns) noexcept {
    backoff_.lost(now_ns);
    well_ = false;
    if (now_ns - since_ns >= policy_.reconnect.stable_after.count()) {
        backoff_.reset();
    } else if (phase_ == phase::serving) {
        (void)pause(now_ns);
    }
}

}  // namespace redoubt::resilience
