// When the breaker opens, how long it stays so, and what it says then.
#include "resilience/circuit_breaker.hpp"

#include "tests/unit/resilience/circuit_breaker_harness.hpp"

namespace redoubt::resilience {
namespace {

using enum call_outcome;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(CircuitBreakerTest, BeginsClosed) {
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
    EXPECT_EQ(breaker_.name(), "redis://a:6379");
    calls(1000, success);
    EXPECT_EQ(snapshot().window.calls, 1000U);
    EXPECT_EQ(snapshot().generation, 1U);
    EXPECT_THAT(told_, IsEmpty());
}

TEST_F(CircuitBreakerTest, OpensAtHalfOfTwenty) {
    calls(10, success);
    calls(9, failure);
    EXPECT_EQ(breaker_.state(), breaker_state::closed) << "19 calls";
    calls(1, failure);
    EXPECT_EQ(breaker_.state(), breaker_state::open);
    EXPECT_FALSE(call(success));
    EXPECT_THAT(told_, ElementsAre("closed > open: failure_rate"));
    EXPECT_EQ(snapshot().opened, 1U);
    EXPECT_EQ(snapshot().rejected, 1U);
}

// share of failures in percent, successes before, failures that do not open, one more does
struct rate_row {
    std::uint32_t percent;
    int successes;
    int harmless;
};
class BreakerRateTest : public CircuitBreakerTest, public ::testing::WithParamInterface<rate_row> {};

TEST_P(BreakerRateTest, IsComparedWithoutRounding) {
    auto policy = round();
    policy.failure_percent = GetParam().percent;
    auto breaker = make(policy);
    for (int i = 0; i != GetParam().successes; ++i) call(breaker, success);
    for (int i = 0; i != GetParam().harmless; ++i) call(breaker, failure);
    EXPECT_EQ(breaker.state(), breaker_state::closed);
    call(breaker, failure);
    EXPECT_EQ(breaker.state(), breaker_state::open);
}
INSTANTIATE_TEST_SUITE_P(Rates, BreakerRateTest,
                         ::testing::Values(rate_row{50, 20, 19}, rate_row{50, 101, 100}, rate_row{50, 0, 19},
                                           rate_row{1, 199, 2}, rate_row{100, 0, 19}, rate_row{33, 201, 98}),
                         [](const auto& row) {
                             return "of" + std::to_string(row.param.percent) + "after" +
                                    std::to_string(row.param.successes);
                         });

TEST_F(CircuitBreakerTest, ASuccessIsNeverTheOneThatOpens) {
    calls(19, failure);
    calls(1, success);
    EXPECT_EQ(breaker_.state(), breaker_state::closed) << "19 of 20 failed, but nothing is failing now";
    pass(1s);
    calls(1, success);
    EXPECT_EQ(breaker_.state(), breaker_state::closed) << "nor one that begins a new span of the window";
    calls(1, failure);
    EXPECT_EQ(breaker_.state(), breaker_state::open);
}

TEST_F(CircuitBreakerTest, IgnoredCallsAreNotCounted) {
    calls(1000, ignored);
    calls(19, failure);
    EXPECT_EQ(snapshot().window.calls, 19U);
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(CircuitBreakerTest, OldFailuresAreForgotten) {
    calls(19, failure);
    pass(10s);
    calls(19, failure);
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
    pass(9s);
    calls(1, failure);
    EXPECT_EQ(breaker_.state(), breaker_state::open);
}

TEST_F(CircuitBreakerTest, AWindowByCountRemembersForEver) {
    auto policy = round();
    policy.window = window_kind::count;
    auto breaker = make(policy);
    for (int i = 0; i != 49; ++i) call(breaker, success);
    for (int i = 0; i != 48; ++i) call(breaker, failure);
    pass(1h);
    EXPECT_EQ(breaker.snapshot(now()).window.calls, 97U);
    call(breaker, failure);
    EXPECT_EQ(breaker.state(), breaker_state::open);
}

TEST_F(CircuitBreakerTest, AWindowSmallerThanTheFewestCallsIsJudgedWhenFull) {
    auto policy = round();
    policy.window = window_kind::count;
    policy.window_calls = 4;
    auto breaker = make(policy);
    for (int i = 0; i != 3; ++i) call(breaker, failure);
    EXPECT_EQ(breaker.state(), breaker_state::closed);
    call(breaker, failure);
    EXPECT_EQ(breaker.state(), breaker_state::open);
}

TEST_F(CircuitBreakerTest, NoRateOpensWhenItIsSwitchedOff) {
    auto policy = round();
    policy.failure_percent = 0;
    policy.dials_max = 0;
    auto breaker = make(policy);
    for (int i = 0; i != 100; ++i) call(breaker, failure);
    for (int i = 0; i != 100; ++i) breaker.dial_failed(now());
    EXPECT_EQ(breaker.state(), breaker_state::closed);
}

TEST_F(CircuitBreakerTest, SlownessIsOffByDefault) {
    calls(100, success, 3600 * 1000 * ms);
    EXPECT_EQ(snapshot().window.slow, 0U);
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(CircuitBreakerTest, OpensWhenHalfAreSlow) {
    auto policy = round();
    policy.slow_after = 100ms;
    auto breaker = make(policy);
    for (int i = 0; i != 10; ++i) call(breaker, success, 100 * ms - 1);
    for (int i = 0; i != 9; ++i) call(breaker, success, 100 * ms);
    EXPECT_EQ(breaker.state(), breaker_state::closed);
    EXPECT_EQ(breaker.snapshot(now()).window.slow, 9U);
    call(breaker, success, 100 * ms);
    EXPECT_THAT(told_, ElementsAre("closed > open: slow_rate"));
    EXPECT_EQ(breaker.rejection(now()).text,
              "circuit 'redis://a:6379' is open for another 1000 ms (10 of 20 calls were slow)");
}

TEST_F(CircuitBreakerTest, OpensAfterFiveFailedDialsInARow) {
    for (int i = 0; i != 4; ++i) breaker_.dial_failed(now());
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
    breaker_.dial_failed(now());
    EXPECT_THAT(told_, ElementsAre("closed > open: dials"));
    EXPECT_EQ(breaker_.rejection(now()).text,
              "circuit 'redis://a:6379' is open for another 1000 ms (5 dials in a row failed)");
    breaker_.reset(now());
    for (int i = 0; i != 5; ++i) breaker_.dial_failed(now(), i < 4 ? "refused" : "no route");
    EXPECT_THAT(breaker_.rejection(now()).text, ::testing::HasSubstr("(5 dials in a row failed, the last: no route)"));
}

TEST_F(CircuitBreakerTest, ASuccessEndsTheRowOfDials) {
    for (int i = 0; i != 4; ++i) breaker_.dial_failed(now());
    calls(1, ignored);
    calls(1, failure);
    EXPECT_EQ(snapshot().dials_failed, 4U) << "neither says that the node answers";
    calls(1, success);
    EXPECT_EQ(snapshot().dials_failed, 0U);
    for (int i = 0; i != 4; ++i) breaker_.dial_failed(now());
    calls(1, success);
    for (int i = 0; i != 4; ++i) breaker_.dial_failed(now());
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(CircuitBreakerTest, ASlowSuccessEndsItToo) {
    auto policy = round();
    policy.slow_after = 100ms;
    auto breaker = make(policy);
    breaker.dial_failed(now());
    call(breaker, success, 100 * ms);
    EXPECT_EQ(breaker.snapshot(now()).dials_failed, 0U);
}

TEST_F(CircuitBreakerTest, ACompletedHandshakeEndsTheRowOfDials) {
    for (int i = 0; i != 4; ++i) breaker_.dial_failed(now());
    breaker_.reachable(now());
    breaker_.dial_failed(now());
    EXPECT_EQ(snapshot().dials_failed, 1U);
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(CircuitBreakerTest, DialsAreNotCalls) {
    breaker_.dial_failed(now());
    EXPECT_EQ(snapshot().window.calls, 0U);
}

TEST_F(CircuitBreakerTest, TheOpenTimeDoublesUpToItsCap) {
    for (const int seconds : {1, 2, 4, 8, 16, 30, 30, 30}) {
        open();
        EXPECT_EQ(breaker_.rejection(now()).retry_after, std::chrono::seconds(seconds));
        pass(std::chrono::seconds(seconds) - 1ns);
        EXPECT_FALSE(call(failure));
        pass(1ns);
        EXPECT_TRUE(call(ignored));
        EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    }
    EXPECT_EQ(snapshot().trips, 8U);
}

TEST_F(CircuitBreakerTest, TheOpenTimeIsSpreadAndCappedAfterThat) {
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    for (std::uint64_t seed = 0; seed != 200; ++seed) {
        CircuitBreaker breaker("x", {}, {}, seed);
        breaker.trip(now(), "");
        const auto first = breaker.rejection(now()).retry_after.count();
        least = std::min(least, first);
        most = std::max(most, first);
        for (int i = 0; i != 9; ++i) {
            breaker.reachable(now());
            breaker.trip(now(), "");
        }
        const auto late = breaker.rejection(now()).retry_after;
        EXPECT_GE(late, 24s);
        EXPECT_LE(late, 30s);
    }
    EXPECT_GE(least, 800 * ms);
    EXPECT_LT(least, 850 * ms);
    EXPECT_GT(most, 1150 * ms);
    EXPECT_LE(most, 1200 * ms);
}

TEST_F(CircuitBreakerTest, TripsAreForgottenAfterThirtySecondsClosed) {
    const auto close = [this] {
        breaker_.reachable(now());
        calls(3, success);
        ASSERT_EQ(breaker_.state(), breaker_state::closed);
    };
    open();
    close();
    pass(30s - 1ns);
    EXPECT_EQ(snapshot().trips, 1U);
    open();
    EXPECT_EQ(breaker_.rejection(now()).retry_after, 2s);
    close();
    pass(30s);
    EXPECT_EQ(snapshot().trips, 0U);
    open();
    EXPECT_EQ(breaker_.rejection(now()).retry_after, 1s);
}

TEST_F(CircuitBreakerTest, TripsAreNotForgottenInHalfOpen) {
    open();
    breaker_.reachable(now());
    pass(1h);
    calls(1, failure);
    EXPECT_EQ(breaker_.rejection(now()).retry_after, 2s);
}

TEST_F(CircuitBreakerTest, ARejectionSaysHowLongAndWhy) {
    calls(8, success);
    calls(12, failure);
    ASSERT_EQ(breaker_.state(), breaker_state::open);
    pass(260ms);
    auto why = breaker_.rejection(now());
    EXPECT_EQ(why.retry_after, 740ms);
    EXPECT_EQ(why.text, "circuit 'redis://a:6379' is open for another 740 ms (12 of 20 calls failed)");
    pass(739ms + 1us);
    EXPECT_EQ(breaker_.rejection(now()).text,
              "circuit 'redis://a:6379' is open for another 1 ms (12 of 20 calls failed)");
    pass(10s);
    why = breaker_.rejection(now());
    EXPECT_EQ(why.retry_after, 0s);
}

TEST_F(CircuitBreakerTest, AReasonGivenFromOutside) {
    open();
    EXPECT_EQ(breaker_.rejection(now()).text, "circuit 'redis://a:6379' is open for another 1000 ms (it hangs)");
    EXPECT_THAT(told_, ElementsAre("closed > open: tripped"));
    breaker_.trip(now(), "again");
    EXPECT_EQ(told_.size(), 1U) << "it was open";
    EXPECT_EQ(snapshot().trips, 1U);
}

TEST_F(CircuitBreakerTest, ALostConnectionIsOneFailure) {
    calls(10, success);
    calls(9, failure);
    breaker_.connection_failed(now());
    EXPECT_EQ(breaker_.state(), breaker_state::open);
    EXPECT_THAT(told_, ElementsAre("closed > open: failure_rate"));
}

TEST_F(CircuitBreakerTest, LossesOfOneSecondAreOne) {
    breaker_.connection_failed(now());
    pass(500ms);
    breaker_.connection_failed(now());
    pass(500ms - 1ns);
    breaker_.connection_failed(now());
    EXPECT_EQ(snapshot().window.failures, 1U);
    pass(1ns);
    breaker_.connection_failed(now());
    EXPECT_EQ(snapshot().window.failures, 2U) << "a second after the first one that counted";
    breaker_.connection_failed(now() - 500 * ms);
    EXPECT_EQ(snapshot().window.failures, 2U) << "told late";
    EXPECT_EQ(snapshot().window.calls, 2U);
}

TEST_F(CircuitBreakerTest, AClockSetBackHidesNoLosses) {
    pass(1h);
    breaker_.connection_failed(now());
    pass(-1h);
    breaker_.connection_failed(now());
    EXPECT_EQ(snapshot().window.failures, 2U);
}

TEST_F(CircuitBreakerTest, ALossIsWithdrawnOnce) {
    calls(3, failure);
    breaker_.connection_failed(now());
    breaker_.withdraw_connection_failure();
    EXPECT_EQ(snapshot().window.failures, 3U);
    EXPECT_EQ(snapshot().window.calls, 3U);
    breaker_.withdraw_connection_failure();
    EXPECT_EQ(snapshot().window.failures, 3U);
    breaker_.connection_failed(now());
    EXPECT_EQ(snapshot().window.failures, 4U) << "the next one counts";
}

TEST_F(CircuitBreakerTest, ALossThatOpenedIsNotWithdrawn) {
    calls(19, failure);
    breaker_.connection_failed(now());
    ASSERT_EQ(breaker_.state(), breaker_state::open);
    breaker_.reachable(now());
    breaker_.withdraw_connection_failure();
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    breaker_.connection_failed(now() + 999 * ms);
    EXPECT_EQ(breaker_.state(), breaker_state::half_open) << "another connection of the same loss";
}

TEST_F(CircuitBreakerTest, WhatIsLateCountsNothing) {
    const auto old = breaker_.try_acquire(now());
    open();
    breaker_.report(*old, success, 0, now());
    EXPECT_EQ(snapshot().stale_results, 1U);
    breaker_.reachable(now());
    for (int i = 0; i != 5; ++i) breaker_.report(*old, success, 0, now());
    EXPECT_EQ(breaker_.state(), breaker_state::half_open) << "successes from before do not close";
    breaker_.report(*old, failure, 0, now());
    EXPECT_EQ(breaker_.state(), breaker_state::half_open) << "failures from before do not open";
    calls(3, success);
    breaker_.report(*old, failure, 0, now());
    EXPECT_EQ(snapshot().window.calls, 0U);
    EXPECT_EQ(snapshot().stale_results, 8U);
}

TEST_F(CircuitBreakerTest, EveryChangeIsAGeneration) {
    open();
    EXPECT_EQ(snapshot().generation, 2U);
    breaker_.reachable(now());
    EXPECT_EQ(snapshot().generation, 3U);
    EXPECT_EQ(breaker_.try_acquire(now())->generation(), 3U);
    breaker_.dial_failed(now());
    EXPECT_EQ(snapshot().generation, 4U);
}

TEST_F(CircuitBreakerTest, AClockSetBackDoesNotProlongTheOpenTime) {
    pass(1h);
    open();
    pass(-1h);
    EXPECT_EQ(breaker_.rejection(now()).retry_after, 1s);
    EXPECT_FALSE(call(success));
    pass(1s);
    EXPECT_TRUE(call(success));
}

TEST_F(CircuitBreakerTest, AReadingALittleOldChangesNothing) {
    open();
    EXPECT_FALSE(breaker_.try_acquire(now() - 900 * ms));
    pass(1s - 1ns);
    EXPECT_FALSE(call(success)) << "the open time did not begin anew, nor end";
    pass(1ns);
    EXPECT_TRUE(call(success));
}

TEST_F(CircuitBreakerTest, PoliciesAreBroughtIntoRange) {
    const CircuitBreaker breaker("x", {.bucket = 0ns,
                                       .buckets = 1000,
                                       .calls_min = 0,
                                       .failure_percent = 200,
                                       .open_base = 2min,
                                       .probes_max = 0,
                                       .probe_successes = 0,
                                       .attempt_timeout = -1s});
    const auto& p = breaker.policy();
    EXPECT_EQ(p.bucket, 1ms);
    EXPECT_EQ(p.buckets, 60U);
    EXPECT_EQ(p.calls_min, 1U);
    EXPECT_EQ(p.failure_percent, 100U);
    EXPECT_EQ(p.open_max, 2min);
    EXPECT_EQ(p.probes_max, 1U);
    EXPECT_EQ(p.probe_successes, 1U);
    EXPECT_EQ(p.attempt_timeout, 0s);
}

}  // namespace
}  // namespace redoubt::resilience
