// What a circuit breaker says of itself: rejections, reasons, figures.
#include <algorithm>

#include "resilience/circuit_breaker.hpp"

namespace redoubt::resilience {

std::string_view to_string(breaker_reason r) noexcept {
    switch (r) {
        case breaker_reason::failure_rate: return "failure_rate";
        case breaker_reason::slow_rate: return "slow_rate";
        case breaker_reason::dials: return "dials";
        case breaker_reason::connection_lost: return "connection_lost";
        case breaker_reason::probe_failed: return "probe_failed";
        case breaker_reason::probe_slow: return "probe_slow";
        case breaker_reason::probe_lost: return "probe_lost";
        case breaker_reason::tripped: return "tripped";
        case breaker_reason::open_time_over: return "open_time_over";
        case breaker_reason::reachable: return "reachable";
        case breaker_reason::probes_succeeded: return "probes_succeeded";
        case breaker_reason::operator_acted: return "operator_acted";
    }
    return "";
}

std::string CircuitBreaker::words_of(const opening& why) {
    const auto share = [&why] { return std::to_string(why.bad) + " of " + std::to_string(why.calls) + " calls "; };
    switch (why.reason) {
        case breaker_reason::failure_rate: return share() + "failed";
        case breaker_reason::slow_rate: return share() + "were slow";
        case breaker_reason::dials:
            return (why.bad == 1 ? "a dial failed" : std::to_string(why.bad) + " dials in a row failed") +
                   (why.text.empty() ? "" : (why.bad == 1 ? ": " : ", the last: ") + why.text);
        case breaker_reason::connection_lost: return "the connection was lost again";
        case breaker_reason::probe_failed: return "a probe failed";
        case breaker_reason::probe_slow: return "a probe was slow";
        case breaker_reason::probe_lost: return "a probe did not come back";
        default: return why.text;
    }
}

breaker_rejection CircuitBreaker::rejection(std::int64_t now_ns) const {
    using std::chrono::nanoseconds;
    const std::lock_guard lock(mutex_);
    std::string text = "circuit '" + name_ + "' ";
    switch (state()) {
        case breaker_state::open: {
            const std::int64_t until = open_until_ns_.load(std::memory_order_relaxed);
            const nanoseconds left(std::clamp<std::int64_t>(until - now_ns, 0, open_for_ns_));
            const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
            text += "is open for another " + std::to_string(ms) + " ms (" + words_of(why_) + ')';
            return {left, std::move(text)};
        }
        case breaker_state::half_open: {
            std::int64_t left = lease_ns_;
            for (const place& p : places_) {
                if (p.taken) left = std::min(left, std::max<std::int64_t>(p.since_ns + lease_ns_ - now_ns, 0));
            }
            return {nanoseconds(left), text + "lets no more calls through (half-open, its probes are under way)"};
        }
        case breaker_state::forced_open: return {{}, text + "was opened by an operator, and stays so until released"};
        case breaker_state::closed:
        case breaker_state::disabled:
        case breaker_state::observing: break;
    }
    return {{}, text + "rejected the call and has let others through since"};
}

breaker_snapshot CircuitBreaker::snapshot(std::int64_t now_ns) const noexcept {
    const std::lock_guard lock(mutex_);
    breaker_snapshot s;
    s.state = state();
    s.generation = word_.load(std::memory_order_relaxed) >> 8;
    s.since_ns = since_ns_.load(std::memory_order_relaxed);
    s.window = window_.totals(now_ns);
    s.dials_failed = dials_failed_.load(std::memory_order_relaxed);
    const bool calm = s.state == breaker_state::closed && now_ns - s.since_ns >= policy_.trips_forgotten_after.count();
    s.trips = calm ? 0 : trips_;
    for (const place& p : places_) s.probes += p.taken ? 1 : 0;
    s.probe_successes = successes_;
    s.opened = opened_;
    s.rejected = rejected_.load(std::memory_order_relaxed);
    s.stale_results = stale_results_.load(std::memory_order_relaxed);
    s.probes_lost = probes_lost_;
    s.listener_errors = events_.errors();
    return s;
}

}  // namespace redoubt::resilience
