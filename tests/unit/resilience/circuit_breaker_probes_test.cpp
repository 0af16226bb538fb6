// Half-open: who may try, what closes, what opens again, and that no probe can wedge it.
#include "resilience/breaker_permit.hpp"
#include "tests/unit/resilience/circuit_breaker_harness.hpp"

namespace redoubt::resilience {
namespace {

using enum call_outcome;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using BreakerProbesTest = CircuitBreakerTest;

TEST_F(BreakerProbesTest, TwoAtOnceAndThreeSuccessesClose) {
    half_open();
    const auto a = breaker_.try_acquire(now());
    const auto b = breaker_.try_acquire(now());
    ASSERT_TRUE(a && b);
    EXPECT_NE(*a, *b);
    EXPECT_FALSE(breaker_.try_acquire(now()));
    EXPECT_EQ(snapshot().probes, 2U);
    breaker_.report(*b, success, 0, now());
    EXPECT_EQ(snapshot().probes, 1U);
    const auto c = breaker_.try_acquire(now());
    ASSERT_TRUE(c);
    breaker_.report(*a, success, 0, now());
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    EXPECT_EQ(snapshot().probe_successes, 2U);
    breaker_.report(*c, success, 0, now());
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
    EXPECT_THAT(told_, ElementsAre("half-open > closed: probes_succeeded"));
    EXPECT_EQ(snapshot().window.calls, 0U) << "with an empty window";
}

TEST_F(BreakerProbesTest, OneFailureOpens) {
    half_open();
    calls(2, success);
    calls(1, failure);
    EXPECT_THAT(told_, ElementsAre("half-open > open: probe_failed"));
    EXPECT_EQ(breaker_.rejection(now()).text, "circuit 'redis://a:6379' is open for another 2000 ms (a probe failed)");
    breaker_.reachable(now());
    calls(1, success);
    EXPECT_EQ(snapshot().probe_successes, 1U) << "it starts over";
}

TEST_F(BreakerProbesTest, IgnoredGivesThePlaceBack) {
    half_open();
    for (int i = 0; i != 10; ++i) EXPECT_TRUE(call(ignored));
    EXPECT_EQ(snapshot().probes, 0U);
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
}

TEST_F(BreakerProbesTest, AFailedDialOpens) {
    half_open();
    breaker_.dial_failed(now());
    EXPECT_THAT(told_, ElementsAre("half-open > open: dials"));
    EXPECT_EQ(breaker_.rejection(now()).text, "circuit 'redis://a:6379' is open for another 2000 ms (a dial failed)");
}

TEST_F(BreakerProbesTest, AProbeThatSucceedsEndsTheRowOfDials) {
    for (int i = 0; i != 5; ++i) breaker_.dial_failed(now());
    pass(1s);
    calls(3, success);
    ASSERT_EQ(breaker_.state(), breaker_state::closed);
    breaker_.dial_failed(now());
    EXPECT_EQ(breaker_.state(), breaker_state::closed) << "the first of a new row";
}

TEST_F(BreakerProbesTest, ALostConnectionOpens) {
    half_open();
    breaker_.connection_failed(now());
    EXPECT_THAT(told_, ElementsAre("half-open > open: connection_lost"));
}

TEST_F(BreakerProbesTest, ASlowProbeOpensOnlyWhereSlownessCounts) {
    auto policy = round();
    policy.slow_after = 100ms;
    for (const std::uint32_t percent : {50U, 0U}) {
        policy.slow_percent = percent;
        auto breaker = make(policy);
        breaker.trip(now(), "");
        breaker.reachable(now());
        call(breaker, success, 100 * ms);
        EXPECT_EQ(breaker.state(), percent == 0 ? breaker_state::half_open : breaker_state::open);
    }
}

TEST_F(BreakerProbesTest, AProbeThatIsLostOpensAgain) {
    half_open();
    const auto lost = breaker_.try_acquire(now());
    pass(1s);
    EXPECT_TRUE(call(ignored));
    pass(1s - 1ns);
    EXPECT_TRUE(call(ignored)) << "twice the limit of an attempt is not over";
    pass(1ns);
    EXPECT_FALSE(call(ignored));
    EXPECT_THAT(told_, ElementsAre("half-open > open: probe_lost"));
    EXPECT_EQ(breaker_.rejection(now()).text,
              "circuit 'redis://a:6379' is open for another 2000 ms (a probe did not come back)");
    EXPECT_EQ(snapshot().probes_lost, 1U);
    EXPECT_EQ(snapshot().rejected, 1U);
    breaker_.report(*lost, success, 0, now());
    EXPECT_EQ(snapshot().stale_results, 1U);
    pass(2s);
    EXPECT_TRUE(call(success)) << "and it goes on";
}

TEST_F(BreakerProbesTest, AProbeMayBeLateWhileNobodyAsks) {
    half_open();
    const auto late = breaker_.try_acquire(now());
    pass(1h);
    breaker_.report(*late, success, 0, now());
    EXPECT_EQ(snapshot().probe_successes, 1U);
}

// attempt timeout -> after how long a probe is lost
TEST_F(BreakerProbesTest, TheTimeOfAProbe) {
    const std::pair<std::chrono::nanoseconds, std::chrono::nanoseconds> table[] = {
        {100ms, 1s}, {500ms, 1s}, {501ms, 1002ms}, {5s, 10s}, {0s, 30s}};
    for (const auto& [attempt, lease] : table) {
        auto policy = round();
        policy.attempt_timeout = attempt;
        auto breaker = make(policy);
        breaker.trip(now(), "");
        breaker.reachable(now());
        const auto since = now();
        ASSERT_TRUE(breaker.try_acquire(since));
        EXPECT_TRUE(breaker.try_acquire(since + lease.count() - 1));
        EXPECT_FALSE(breaker.try_acquire(since + lease.count()));
        EXPECT_EQ(breaker.state(), breaker_state::open) << lease.count();
    }
}

TEST_F(BreakerProbesTest, ARejectionSaysThatProbesAreUnderWay) {
    half_open();
    ASSERT_TRUE(breaker_.try_acquire(now()));
    pass(300ms);
    ASSERT_TRUE(breaker_.try_acquire(now()));
    ASSERT_FALSE(breaker_.try_acquire(now()));
    const auto why = breaker_.rejection(now());
    EXPECT_EQ(why.retry_after, 1700ms) << "then the first of them is given up";
    EXPECT_EQ(why.text, "circuit 'redis://a:6379' lets no more calls through (half-open, its probes are under way)");
}

// A BLPOP may take for ever: it must neither wedge half-open nor be taken for lost.
TEST_F(BreakerProbesTest, CallsThatWaitTakeNoPlace) {
    half_open();
    const auto waiting = breaker_.try_acquire(now(), call_kind::waiting);
    ASSERT_TRUE(waiting);
    EXPECT_EQ(snapshot().probes, 0U);
    pass(1h);
    calls(2, success);
    ASSERT_TRUE(breaker_.try_acquire(now()));
    ASSERT_TRUE(breaker_.try_acquire(now()));
    EXPECT_TRUE(breaker_.try_acquire(now(), call_kind::waiting)) << "also when the places are taken";
    breaker_.report(*waiting, success, 0, now());
    EXPECT_EQ(breaker_.state(), breaker_state::closed) << "their outcome counts";
    open();
    EXPECT_FALSE(breaker_.try_acquire(now(), call_kind::waiting));
}

TEST_F(BreakerProbesTest, AClockSetBackDoesNotProlongTheTimeOfAProbe) {
    pass(1h);
    half_open();
    ASSERT_TRUE(breaker_.try_acquire(now()));
    pass(-1h);
    EXPECT_TRUE(call(ignored));
    pass(2s);
    EXPECT_FALSE(call(ignored));
    EXPECT_EQ(breaker_.state(), breaker_state::open);
}

TEST_F(BreakerProbesTest, AReachableNodeEndsTheOpenTimeButClosesNothing) {
    open();
    told_.clear();
    breaker_.reachable(now());
    EXPECT_THAT(told_, ElementsAre("open > half-open: reachable"));
    for (int i = 0; i != 10; ++i) breaker_.reachable(now());
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    EXPECT_EQ(told_.size(), 1U);
}

TEST_F(BreakerProbesTest, ThePermitReportsOnce) {
    half_open();
    auto permit = try_permit(breaker_, now());
    ASSERT_TRUE(permit);
    EXPECT_EQ(snapshot().probes, 1U);
    permit.report(success, 0, now());
    EXPECT_FALSE(permit);
    permit.report(success, 0, now());
    permit.abandon();
    EXPECT_EQ(snapshot().probe_successes, 1U);
    EXPECT_EQ(snapshot().probes, 0U);
}

TEST_F(BreakerProbesTest, APermitThatIsForgottenGivesItsPlaceBack) {
    half_open();
    {
        const auto a = try_permit(breaker_, now());
        const auto b = try_permit(breaker_, now());
        EXPECT_TRUE(a && b);
        EXPECT_FALSE(try_permit(breaker_, now()));
        EXPECT_EQ(snapshot().probes, 2U);
    }
    EXPECT_EQ(snapshot().probes, 0U);
    EXPECT_EQ(snapshot().probe_successes, 0U);
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
}

TEST_F(BreakerProbesTest, APermitMovesAlong) {
    half_open();
    auto a = try_permit(breaker_, now());
    auto b = try_permit(breaker_, now());
    breaker_permit c(std::move(a));
    EXPECT_EQ(snapshot().probes, 2U);
    c = std::move(b);
    EXPECT_EQ(snapshot().probes, 1U) << "what it held before is given back";
    EXPECT_TRUE(c);
    c = breaker_permit();
    EXPECT_EQ(snapshot().probes, 0U);
}

}  // namespace
}  // namespace redoubt::resilience
