// The circuit breaker off its fast path: changes of state, probes, what counts as a failure.
#include "resilience/circuit_breaker.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "resilience/backoff.hpp"

namespace redoubt::resilience {

namespace {

using std::chrono::nanoseconds;
constexpr auto relaxed = std::memory_order_relaxed;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

// Threads that read the clock before one another may report after one another; only more than this is a clock set back.
constexpr std::int64_t set_back_ns = 1'000'000'000;
constexpr bool set_back(std::int64_t since_ns, std::int64_t now_ns) noexcept { return since_ns - now_ns > set_back_ns; }

breaker_policy in_range(breaker_policy p) noexcept {
    using std::chrono::milliseconds;
    p.bucket = std::max<nanoseconds>(p.bucket, milliseconds(1));
    p.buckets = std::clamp(p.buckets, 1U, TimeWindow::buckets_largest);
    p.window_calls = std::clamp(p.window_calls, 1U, CountWindow::size_largest);
    p.calls_min = std::max(p.calls_min, 1U);
    if (p.window == window_kind::count) p.calls_min = std::min(p.calls_min, p.window_calls);
    p.failure_percent = std::min(p.failure_percent, 100U);
    p.slow_percent = std::min(p.slow_percent, 100U);
    p.slow_after = std::max(p.slow_after, nanoseconds(0));
    p.open_base = std::max<nanoseconds>(p.open_base, milliseconds(1));
    p.open_max = std::max(p.open_max, p.open_base);
    p.open_spread_percent = std::min(p.open_spread_percent, 100U);
    p.probes_max = std::clamp(p.probes_max, 1U, 16U);
    p.probe_successes = std::max(p.probe_successes, 1U);
    p.attempt_timeout = std::clamp(p.attempt_timeout, nanoseconds(0), nanoseconds(never / 2));
    return p;
}

std::int64_t lease_of(const breaker_policy& p) noexcept {
    if (p.attempt_timeout.count() == 0) return p.open_max.count();
    return std::max<std::int64_t>(2 * p.attempt_timeout.count(), 1'000'000'000);
}

// bad / calls >= percent / 100, without a division that rounds.
bool reaches(std::uint64_t bad, std::uint64_t calls, std::uint32_t percent) noexcept {
    return percent != 0 && bad * 100 >= percent * calls;
}

}  // namespace

/// The lock; what was queued under it is delivered when it is released.
class CircuitBreaker::Section {
public:
    explicit Section(CircuitBreaker& b) noexcept : breaker_(b), lock_(b.mutex_) {}
    ~Section() { breaker_.events_.deliver(lock_); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

private:
    CircuitBreaker& breaker_;
    std::unique_lock<std::mutex> lock_;
};

CircuitBreaker::CircuitBreaker(std::string name, const breaker_policy& policy, breaker_listener listener,
                               std::uint64_t seed)
    : name_(std::move(name)),
      policy_(in_range(policy)),
      slow_ns_(policy_.slow_after.count() == 0 ? never : policy_.slow_after.count()),
      lease_ns_(lease_of(policy_)),
      word_((std::uint64_t{1} << 8) | static_cast<std::uint64_t>(breaker_state::closed)),
      window_(policy_.window == window_kind::time ? CallWindow(policy_.bucket.count(), policy_.buckets)
                                                  : CallWindow(policy_.window_calls)),
      events_(std::move(listener)),
      engine_(seed) {
    static_assert(places_max == 16, "probes_max promises it");
}

// Rejections are many when everything fails: they must not meet at the lock.
bool CircuitBreaker::surely_open(std::uint64_t word, std::int64_t now_ns) const noexcept {
    if (state_of(word) == breaker_state::forced_open) return true;
    return state_of(word) == breaker_state::open && now_ns < open_until_ns_.load(relaxed) &&
           !set_back(since_ns_.load(relaxed), now_ns);
}

std::optional<breaker_ticket> CircuitBreaker::try_acquire_slow(std::int64_t now_ns, call_kind kind) noexcept {
    if (surely_open(word_.load(std::memory_order_acquire), now_ns)) {
        rejected_.fetch_add(1, relaxed);
        return std::nullopt;
    }
    const Section section(*this);
    const std::uint64_t word = word_.load(relaxed);
    if (admits(state_of(word))) return breaker_ticket{word | breaker_ticket::no_place};
    std::optional<breaker_ticket> got;
    if (state_of(word) == breaker_state::open) {
        if (set_back(since_ns_.load(relaxed), now_ns)) {
            since_ns_.store(now_ns, relaxed);
            open_until_ns_.store(now_ns + open_for_ns_, relaxed);
        }
        if (now_ns >= open_until_ns_.load(relaxed)) {
            enter_locked(breaker_state::half_open, breaker_reason::open_time_over, now_ns);
        }
    }
    if (state() == breaker_state::half_open) got = take_place_locked(now_ns, kind);
    if (!got) rejected_.fetch_add(1, relaxed);
    return got;
}

std::optional<breaker_ticket> CircuitBreaker::take_place_locked(std::int64_t now_ns, call_kind kind) {
    std::optional<std::uint8_t> free;
    for (std::uint8_t i = 0; i != policy_.probes_max; ++i) {
        place& p = places_[i];
        if (!p.taken) {
            if (!free) free = i;
            continue;
        }
        if (set_back(p.since_ns, now_ns)) p.since_ns = now_ns;
        if (now_ns - p.since_ns >= lease_ns_) {
            ++probes_lost_;
            open_locked(now_ns, {.reason = breaker_reason::probe_lost});
            return std::nullopt;
        }
    }
    const std::uint64_t generation = word_.load(relaxed) & ~std::uint64_t{0xff};
    if (kind == call_kind::waiting) return breaker_ticket{generation | breaker_ticket::no_place};
    if (!free) return std::nullopt;
    places_[*free] = {true, now_ns};
    return breaker_ticket{generation | *free};
}

void CircuitBreaker::report_slow(breaker_ticket ticket, call_outcome outcome, std::int64_t elapsed_ns,
                                 std::int64_t now_ns) noexcept {
    const std::uint64_t seen = word_.load(std::memory_order_acquire);
    // Generations only grow, so what is stale without the lock stays so.
    if (!same_generation(seen, ticket)) {
        stale_results_.fetch_add(1, relaxed);
        return;
    }
    if (outcome == call_outcome::ignored && state_of(seen) != breaker_state::half_open) return;
    const Section section(*this);
    const std::uint64_t word = word_.load(relaxed);
    if (!same_generation(word, ticket)) {
        stale_results_.fetch_add(1, relaxed);
        return;
    }
    const bool slow = elapsed_ns >= slow_ns_;
    if (state_of(word) == breaker_state::half_open) {
        probe_ended_locked(ticket, outcome, slow, now_ns);
    } else if (counts(state_of(word))) {
        const bool failed = outcome == call_outcome::failure;
        if (!failed) dials_failed_.store(0, relaxed);
        window_.count(now_ns, failed, slow);
        if (failed || slow) judge_locked(now_ns);
    }
}

void CircuitBreaker::probe_ended_locked(breaker_ticket ticket, call_outcome outcome, bool slow, std::int64_t now_ns) {
    if (ticket.place() != breaker_ticket::no_place) places_.at(ticket.place()).taken = false;
    if (outcome == call_outcome::ignored) return;
    if (outcome == call_outcome::failure) {
        open_locked(now_ns, {.reason = breaker_reason::probe_failed});
        return;
    }
    dials_failed_.store(0, relaxed);
    // It may have opened for slowness, and must not close while that lasts.
    if (slow && policy_.slow_percent != 0) {
        open_locked(now_ns, {.reason = breaker_reason::probe_slow});
        return;
    }
    if (++successes_ >= policy_.probe_successes) close_locked(now_ns, breaker_reason::probes_succeeded);
}

void CircuitBreaker::judge_locked(std::int64_t now_ns) {
    if (state() != breaker_state::closed) return;
    const window_totals w = window_.totals(now_ns);
    if (w.calls < policy_.calls_min) return;
    if (reaches(w.failures, w.calls, policy_.failure_percent)) {
        open_locked(now_ns, {.reason = breaker_reason::failure_rate, .bad = w.failures, .calls = w.calls});
    } else if (reaches(w.slow, w.calls, policy_.slow_percent)) {
        open_locked(now_ns, {.reason = breaker_reason::slow_rate, .bad = w.slow, .calls = w.calls});
    }
}

void CircuitBreaker::dial_failed(std::int64_t now_ns, std::string_view words) noexcept {
    const Section section(*this);
    if (state() == breaker_state::disabled) return;
    const std::uint32_t row = dials_failed_.fetch_add(1, relaxed) + 1;
    const bool enough = state() == breaker_state::closed && policy_.dials_max != 0 && row >= policy_.dials_max;
    if (enough || state() == breaker_state::half_open) {
        open_locked(now_ns, {.reason = breaker_reason::dials, .bad = row, .text = std::string(words)});
    }
}

void CircuitBreaker::connection_failed(std::int64_t now_ns) noexcept {
    const Section section(*this);
    if (state() == breaker_state::disabled) return;
    const std::int64_t span = policy_.loss_span.count();
    if (last_loss_ns_ && now_ns - *last_loss_ns_ < span && *last_loss_ns_ - now_ns < span) return;
    last_loss_ns_ = now_ns;
    if (counts(state())) {
        loss_ = window_.count(now_ns, true, false);
        judge_locked(now_ns);
    } else if (state() == breaker_state::half_open) {
        open_locked(now_ns, {.reason = breaker_reason::connection_lost});
    }
}

void CircuitBreaker::withdraw_connection_failure() noexcept {
    const Section section(*this);
    if (!loss_) return;
    window_.withdraw_failure(*loss_);
    loss_.reset();
    last_loss_ns_.reset();
}

void CircuitBreaker::reachable(std::int64_t now_ns) noexcept {
    if (dials_failed_.load(relaxed) != 0) dials_failed_.store(0, relaxed);
    if (state() != breaker_state::open) return;
    const Section section(*this);
    if (state() == breaker_state::open) enter_locked(breaker_state::half_open, breaker_reason::reachable, now_ns);
}

void CircuitBreaker::trip(std::int64_t now_ns, std::string_view why) noexcept {
    const Section section(*this);
    if (state() != breaker_state::closed && state() != breaker_state::half_open) return;
    open_locked(now_ns, {.reason = breaker_reason::tripped, .text = std::string(why)});
}

void CircuitBreaker::open_locked(std::int64_t now_ns, opening why) {
    const bool calm =
        state() == breaker_state::closed && now_ns - since_ns_.load(relaxed) >= policy_.trips_forgotten_after.count();
    if (calm) trips_ = 0;
    if (trips_ != std::numeric_limits<std::uint32_t>::max()) ++trips_;
    const backoff_policy open_time{.kind = backoff_kind::around,
                                   .base = policy_.open_base,
                                   .cap = policy_.open_max,
                                   .growth_percent = 200,
                                   .spread_percent = policy_.open_spread_percent};
    open_for_ns_ = backoff_delay(open_time, trips_ - 1, {}, engine_).count();
    open_until_ns_.store(now_ns + open_for_ns_, relaxed);
    ++opened_;
    why_ = std::move(why);
    enter_locked(breaker_state::open, why_.reason, now_ns);
}

void CircuitBreaker::close_locked(std::int64_t now_ns, breaker_reason why) {
    enter_locked(breaker_state::closed, why, now_ns);
}

void CircuitBreaker::enter_locked(breaker_state to, breaker_reason why, std::int64_t now_ns) {
    const std::uint64_t before = word_.load(relaxed);
    const std::uint64_t generation = (before >> 8) + 1;
    window_.clear();
    loss_.reset();
    places_.fill({});
    successes_ = 0;
    since_ns_.store(now_ns, relaxed);
    word_.store((generation << 8) | static_cast<std::uint64_t>(to), std::memory_order_release);
    if (state_of(before) == to) return;  // reset() of a closed one: a new generation, and nothing to tell
    const bool opens = to == breaker_state::open;
    events_.push({.from = state_of(before),
                  .to = to,
                  .reason = why,
                  .generation = generation,
                  .at_ns = now_ns,
                  .open_for = nanoseconds(opens ? open_for_ns_ : 0),
                  .text = opens ? words_of(why_) : std::string()});
}

void CircuitBreaker::isolate(std::int64_t now_ns) noexcept {
    const Section section(*this);
    if (state() == breaker_state::forced_open) return;
    enter_locked(breaker_state::forced_open, breaker_reason::operator_acted, now_ns);
}

void CircuitBreaker::disable(std::int64_t now_ns) noexcept {
    const Section section(*this);
    if (state() == breaker_state::disabled) return;
    enter_locked(breaker_state::disabled, breaker_reason::operator_acted, now_ns);
}

void CircuitBreaker::observe_only(std::int64_t now_ns) noexcept {
    const Section section(*this);
    if (state() == breaker_state::observing) return;
    enter_locked(breaker_state::observing, breaker_reason::operator_acted, now_ns);
}

void CircuitBreaker::release(std::int64_t now_ns) noexcept {
    const Section section(*this);
    switch (state()) {
        case breaker_state::forced_open:
        case breaker_state::disabled:
        case breaker_state::observing: break;
        default: return;
    }
    dials_failed_.store(0, relaxed);  // what failed meanwhile was not its to judge
    close_locked(now_ns, breaker_reason::operator_acted);
}

void CircuitBreaker::reset(std::int64_t now_ns) noexcept {
    const Section section(*this);
    trips_ = 0;
    dials_failed_.store(0, relaxed);
    last_loss_ns_.reset();
    close_locked(now_ns, breaker_reason::operator_acted);
}

}  // namespace redoubt::resilience
