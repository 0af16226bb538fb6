// The decision after a failed attempt: every class, every bound.
#include "resilience/retry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <ostream>

namespace redoubt::resilience {

void PrintTo(retry_step s, std::ostream* out) {
    constexpr const char* names[] = {"give_up", "at_once", "wait", "repeat"};
    *out << names[static_cast<std::size_t>(s)];
}

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr std::int64_t now = 1'000'000'000'000;
constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();

class RetryDecision : public ::testing::Test {
protected:
    retry_decision ask(const retry_failure& f, const retry_progress& p = {}, std::int64_t deadline = no_deadline) {
        return decide(policy_, f, p, now, deadline, engine_);
    }
    retry_step step(const retry_failure& f, const retry_progress& p = {}, std::int64_t deadline = no_deadline) {
        return ask(f, p, deadline).step;
    }
    struct range {
        nanoseconds least = nanoseconds::max();
        nanoseconds most = nanoseconds::min();
    };
    range pauses(const retry_failure& f, const retry_progress& p = {}) {
        range r;
        for (int i = 0; i < 4000; ++i) {
            const auto pause = ask(f, p).pause;
            r.least = std::min(r.least, pause);
            r.most = std::max(r.most, pause);
        }
        return r;
    }
    // Uniform in [low, high]: both ends are nearly reached, none is passed.
    static void expect_span(range r, nanoseconds low, nanoseconds high) {
        EXPECT_GE(r.least, low);
        EXPECT_LE(r.least, low + (high - low) / 100);
        EXPECT_LE(r.most, high);
        EXPECT_GE(r.most, high - (high - low) / 100);
    }

    static constexpr retry_failure any{.kind = retry_class::any};
    static constexpr retry_failure loading{.kind = retry_class::wait_state, .pause_min = 100ms, .pause_max = 1s};
    retry_policy policy_;
    random_engine engine_{7};
};

TEST_F(RetryDecision, NeverIsNever) {
    EXPECT_EQ(step({.kind = retry_class::never, .unsent = true, .repeatable = true}), retry_step::give_up);
    EXPECT_EQ(step({}), retry_step::give_up);
}

TEST_F(RetryDecision, AnyIsRepeatedUntilTheAttemptsAreUsed) {
    EXPECT_EQ(step(any, {.attempts = 1}), retry_step::repeat);
    EXPECT_EQ(step(any, {.attempts = 2}), retry_step::repeat);
    EXPECT_EQ(step(any, {.attempts = 3}), retry_step::give_up);
    EXPECT_EQ(step(any, {.attempts = 4}), retry_step::give_up);
    policy_.attempts_max = 1;
    EXPECT_EQ(step(any, {.attempts = 1}), retry_step::give_up);
}

TEST_F(RetryDecision, WhatMayHaveRunIsRepeatedOnlyWhereThatIsHarmless) {
    EXPECT_EQ(step({.kind = retry_class::idempotent}), retry_step::give_up);
    EXPECT_EQ(step({.kind = retry_class::idempotent, .repeatable = true}), retry_step::repeat);
    EXPECT_EQ(step({.kind = retry_class::idempotent, .unsent = true, .repeatable = true}), retry_step::repeat)
        << "not free: it may have been sent";
    EXPECT_EQ(step({.kind = retry_class::idempotent, .repeatable = true}, {.attempts = 3}), retry_step::give_up);
}

TEST_F(RetryDecision, OnceIsOnce) {
    const retry_failure busy{.kind = retry_class::any_once, .pause_min = 100ms};
    EXPECT_EQ(step(busy), retry_step::repeat);
    EXPECT_EQ(step(busy, {.attempts = 2, .once_used = true}), retry_step::give_up);
    EXPECT_EQ(step(any, {.attempts = 2, .once_used = true}), retry_step::repeat) << "another kind of failure";
    EXPECT_EQ(step(busy, {.attempts = 3}), retry_step::give_up);
    expect_span(pauses(busy), 100ms, 110ms);
}

TEST_F(RetryDecision, WhatNeverLeftIsRepeatedOnceForNothing) {
    const retry_failure unsent{.kind = retry_class::any, .unsent = true};
    const auto first = ask(unsent);
    EXPECT_EQ(first.step, retry_step::at_once);
    EXPECT_EQ(first.pause, 0ns);
    EXPECT_EQ(step(unsent, {.attempts = 3}), retry_step::at_once) << "it costs no attempt";
    EXPECT_EQ(step(unsent, {.free_used = true}), retry_step::repeat);
    EXPECT_EQ(step(unsent, {.attempts = 3, .free_used = true}), retry_step::give_up);
}

TEST_F(RetryDecision, WaitingForAStateNeedsNoAttempt) {
    EXPECT_EQ(step(loading), retry_step::wait);
    EXPECT_EQ(step(loading, {.attempts = 3, .waits = 1'000'000, .free_used = true, .once_used = true}),
              retry_step::wait);
}

TEST_F(RetryDecision, PausesBeforeAttemptsAreFullJitter) {
    expect_span(pauses(any, {.attempts = 1}), 0ms, 10ms);
    expect_span(pauses(any, {.attempts = 2}), 0ms, 20ms);
    policy_.attempts_max = 100;
    expect_span(pauses(any, {.attempts = 5}), 0ms, 160ms);
    expect_span(pauses(any, {.attempts = 99}), 0ms, 250ms);
}

TEST_F(RetryDecision, ThePreviousPauseCountsWhereTheBackoffWantsIt) {
    policy_.backoff.kind = backoff_kind::decorrelated;
    expect_span(pauses(any, {.attempts = 2, .previous = 40ms}), 10ms, 120ms);
}

TEST_F(RetryDecision, PausesForAStateGrowToTheirLongest) {
    expect_span(pauses(loading, {.waits = 0}), 100ms, 200ms);
    expect_span(pauses(loading, {.waits = 1}), 200ms, 400ms);
    expect_span(pauses(loading, {.waits = 2}), 400ms, 800ms);
    expect_span(pauses(loading, {.waits = 3}), 500ms, 1s);
    expect_span(pauses(loading, {.waits = 4'000'000'000}), 500ms, 1s);
    const retry_failure moving{.kind = retry_class::wait_state, .pause_min = 50ms, .pause_max = 100ms};
    expect_span(pauses(moving, {.waits = 0}), 50ms, 100ms);
    expect_span(pauses(moving, {.waits = 9}), 50ms, 100ms);
}

TEST_F(RetryDecision, NothingIsPlannedPastTheDeadline) {
    policy_.backoff.kind = backoff_kind::none;  // the pause is 10 ms
    const std::int64_t needed = (10ms + policy_.attempt_min) / 1ns;
    EXPECT_EQ(step(any, {}, now + needed), retry_step::repeat);
    EXPECT_EQ(step(any, {}, now + needed - 1), retry_step::give_up);
    EXPECT_EQ(step(any, {}, now), retry_step::give_up);
    EXPECT_EQ(step(any, {}, now - 1), retry_step::give_up);
    EXPECT_EQ(step(any, {}, std::numeric_limits<std::int64_t>::min()), retry_step::give_up);
    const retry_failure busy{.kind = retry_class::any_once, .pause_min = 100ms};
    EXPECT_EQ(step(busy, {}, now + needed + nanoseconds(100ms).count()), retry_step::repeat);
    EXPECT_EQ(step(busy, {}, now + needed + nanoseconds(100ms).count() - 1), retry_step::give_up);
    EXPECT_EQ(step(loading, {}, now + nanoseconds(201ms).count()), retry_step::wait);
    EXPECT_EQ(step(loading, {}, now + nanoseconds(101ms).count() - 1), retry_step::give_up);
}

TEST_F(RetryDecision, ARepetitionAtOnceNeedsTimeForAnAttempt) {
    const retry_failure unsent{.kind = retry_class::any, .unsent = true};
    EXPECT_EQ(step(unsent, {}, now + policy_.attempt_min.count()), retry_step::at_once);
    EXPECT_EQ(step(unsent, {}, now + policy_.attempt_min.count() - 1), retry_step::give_up);
}

TEST_F(RetryDecision, NoSumOfTimesOverflows) {
    policy_.backoff = {.kind = backoff_kind::none, .base = nanoseconds::max(), .cap = nanoseconds::max()};
    EXPECT_EQ(decide(policy_, any, {}, std::numeric_limits<std::int64_t>::min(), no_deadline, engine_).step,
              retry_step::repeat);
    EXPECT_EQ(step(any), retry_step::give_up) << "292 years do not fit after now";
}

}  // namespace
}  // namespace redoubt::resilience
