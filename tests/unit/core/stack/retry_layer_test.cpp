// Repetitions in the stack: pauses, their end, what they cost, and what the last error says of all attempts.
#include "core/stack/retry_layer.hpp"

#include "core/stack/limiter_layer.hpp"
#include "tests/unit/core/stack/retry_layer_harness.hpp"

namespace redoubt::core {
namespace {

using test::Fail;
using test::Reply;
using test::TakeBack;
using test::TestOperation;
using ::testing::_;
using ::testing::Invoke;
using ::testing::Return;
using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;

class RetryLayerTest : public RetryHarness {};

INSTANTIATE_TEST_SUITE_P(, RetryLayerTest, both_origins, origin_name);

TEST_P(RetryLayerTest, ASuccessPassesAndEarns) {
    const auto op = operation();
    expect_success();
    top_.start(*op);
    EXPECT_EQ(op->outcome(), "ok: \"v\"");
    EXPECT_EQ(stats().tokens, 100) << "it was full";
    EXPECT_EQ(stats().retries, 0U);
}

TEST_P(RetryLayerTest, AFailureIsRepeatedAfterItsPauseAndPaidFor) {
    const auto op = operation();
    expect_starts(1, refused);
    top_.start(*op);
    ASSERT_TRUE(pauses(*op));
    EXPECT_EQ(layer_.pausing(), 1U);
    EXPECT_GE(end_of_pause(*op), start_);
    EXPECT_LE(end_of_pause(*op), start_ + 10 * ms);
    EXPECT_EQ(stats().tokens, 99) << "taken before the pause";
    EXPECT_EQ(stats().retries, 0U) << "it has not been made";
    expect_success();
    pass(*op);
    EXPECT_EQ(op->outcome(), "ok: \"v\"");
    EXPECT_EQ(op->attempts, 2);
    EXPECT_EQ(layer_.pausing(), 0U);
    EXPECT_EQ(stats().retries, 1U);
    EXPECT_DOUBLE_EQ(stats().tokens, 99.1);
}

TEST_P(RetryLayerTest, APauseDoesNotEndEarly) {
    const auto op = operation();
    expect_starts(1, loading);  // at least 100 ms
    top_.start(*op);
    at(start_ + 99 * ms, *op);
    EXPECT_TRUE(pauses(*op));
    // An expiry of the attempt before, which arrives late.
    EXPECT_FALSE(layer_.cancel(*op, errc::attempt_timeout));
    EXPECT_TRUE(pauses(*op));
    expect_success();
    pass(*op);
    EXPECT_EQ(op->outcomes, 1);
}

TEST_P(RetryLayerTest, TheLastErrorIsTheOutcomeWhenTheAttemptsAreUsed) {
    const auto op = operation();
    expect_starts(2, refused);
    top_.start(*op);
    pass(*op);
    expect_starts(1, error(errc::resolve_failed, fate::not_applied, phase::dial));
    pass(*op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::resolve_failed, fate::not_applied, phase::dial));
    EXPECT_EQ(op->failure().attempts(), 3U);
    EXPECT_FALSE(op->failure().budget_exhausted());
    EXPECT_EQ(stats().retries, 2U);
    EXPECT_EQ(stats().tokens, 98);
}

TEST_P(RetryLayerTest, WhatCannotBeRepeatedPassesAsItIs) {
    const auto op = operation(command("INCR", "n"));
    expect_starts(1, lost);
    top_.start(*op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::connection_lost, fate::unknown, phase::sent));
    EXPECT_EQ(op->failure().attempts(), 1U);
    EXPECT_EQ(stats().tokens, 100);
}

TEST_P(RetryLayerTest, WhatNeverLeftIsRepeatedAtOnceForNothing) {
    const auto op = operation(command("INCR", "n"));
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Fail(unsent))).WillOnce(Invoke(Reply("1")));
    top_.start(*op);
    EXPECT_EQ(op->outcome(), "ok: \"1\"");
    EXPECT_EQ(op->attempts, 1) << "it counts for none";
    EXPECT_EQ(stats().free_retries, 1U);
    EXPECT_EQ(stats().retries, 0U);
    EXPECT_EQ(stats().tokens, 100);
}

TEST_P(RetryLayerTest, OnlyOnceForNothing) {
    const auto op = operation(command("INCR", "n"));
    expect_starts(2, unsent);
    top_.start(*op);
    ASSERT_TRUE(pauses(*op));
    EXPECT_EQ(stats().tokens, 99);
    expect_starts(1, unsent);
    pass(*op);
    expect_success();
    pass(*op);
    EXPECT_EQ(op->outcomes, 1);
    EXPECT_EQ(op->attempts, 3);
    EXPECT_EQ(stats().free_retries, 1U);
    EXPECT_EQ(stats().retries, 2U);
}

TEST_P(RetryLayerTest, WaitingForAServerThatIsLoadingCostsNothing) {
    const auto op = operation(command("INCR", "n"));
    expect_starts(1, loading);
    top_.start(*op);
    for (int i = 0; i < 3; ++i) {
        expect_starts(1, loading);
        pass(*op);
        ASSERT_TRUE(pauses(*op));
        EXPECT_GE(end_of_pause(*op), now_ + 100 * ms);
    }
    expect_success();
    pass(*op);
    EXPECT_EQ(op->outcome(), "ok: \"v\"");
    EXPECT_EQ(op->attempts, 1);
    EXPECT_EQ(stats().retries, 0U);
    EXPECT_EQ(stats().tokens, 100);
}

TEST_P(RetryLayerTest, WaitingEndsBeforeTheDeadlineWithTheServersWords) {
    const auto op = operation();
    EXPECT_CALL(next_, start(_)).WillRepeatedly(Invoke(Fail(loading)));
    top_.start(*op);
    while (!op->over()) pass(*op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::loading, fate::not_applied, phase::reply));
    EXPECT_EQ(op->failure().attempts(), 1U);
    EXPECT_GT(now_, start_ + 1500 * ms);
    EXPECT_LT(now_, start_ + 3000 * ms);
}

TEST_P(RetryLayerTest, WhatIsRepeatedOnceIsRepeatedOnce) {
    const auto op = operation();
    expect_starts(1, error(errc::busy, fate::not_applied, phase::reply));
    top_.start(*op);
    EXPECT_GE(end_of_pause(*op), start_ + 100 * ms);
    expect_starts(1, error(errc::busy, fate::not_applied, phase::reply));
    pass(*op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::busy, fate::not_applied, phase::reply));
    EXPECT_EQ(op->failure().attempts(), 2U);
}

TEST_P(RetryLayerTest, WithoutATokenTheErrorIsTheOriginalOneAndSaysSo) {
    RetryLayer poor(attempt_, {.policy = {}, .budget = {.cap = 1, .per_second = 0}}, 11, start_);
    DeadlineLayer top(poor, 3s);
    const auto op = operation();
    expect_starts(2, refused);
    top.start(*op);
    at(end_of_pause(*op) + 8 * ms, *op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::connect_failed, fate::not_applied, phase::dial));
    EXPECT_TRUE(op->failure().budget_exhausted());
    EXPECT_EQ(op->failure().attempts(), 2U);
    EXPECT_EQ(poor.snapshot(now_).budget_refused, 1U);
    EXPECT_EQ(poor.snapshot(now_).retries, 1U);
}

TEST_P(RetryLayerTest, TheCallersNumberOfAttemptsHolds) {
    const auto one = operation();
    one->attempts_max = 1;
    expect_starts(1, refused);
    top_.start(*one);
    EXPECT_EQ(one->failure().attempts(), 1U);
    const auto five = operation();
    five->attempts_max = 5;
    expect_starts(5, refused);
    top_.start(*five);
    while (!five->over()) pass(*five);
    EXPECT_EQ(five->failure().attempts(), 5U);
}

TEST_P(RetryLayerTest, ACallerWhoSaysThatItMayRunTwiceIsBelieved) {
    const auto op = operation(command("SET", "k", "v"));
    op->idempotent = true;
    expect_starts(1, lost);
    top_.start(*op);
    expect_success();
    pass(*op);
    EXPECT_EQ(op->outcome(), "ok: \"v\"");
}

// -- other ends of a pause --

TEST_P(RetryLayerTest, CancellationEndsAPauseAndGivesTheTokenBack) {
    const auto op = operation();
    expect_starts(1, refused);
    top_.start(*op);
    ASSERT_EQ(stats().tokens, 99);
    EXPECT_TRUE(op->cancel(errc::cancelled));
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::cancelled, fate::not_applied, phase::backoff));
    EXPECT_EQ(op->failure().attempts(), 1U);
    EXPECT_EQ(stats().tokens, 100);
    EXPECT_EQ(layer_.pausing(), 0U);
    EXPECT_FALSE(op->cancel(errc::cancelled)) << "it is over";
    EXPECT_EQ(op->outcomes, 1);
}

TEST_P(RetryLayerTest, AWaitThatIsCancelledHasNoTokenToGiveBack) {
    const auto op = operation();
    expect_starts(1, refused);
    top_.start(*op);
    expect_starts(1, loading);
    pass(*op);
    ASSERT_TRUE(pauses(*op));
    EXPECT_TRUE(op->cancel(errc::cancelled));
    EXPECT_EQ(op->failure().node(), "redis://a:1") << "and what was waited for is told";
    EXPECT_EQ(op->failure().text(), "LOADING");
    EXPECT_EQ(op->failure().attempts(), 2U);
    EXPECT_EQ(stats().tokens, 99);
}

// Nothing is planned past the deadline; but whoever watches the clock may be late.
TEST_P(RetryLayerTest, ADeadlineThatPassesInAPauseLeavesTheLastError) {
    const auto op = operation();
    expect_starts(1, refused);
    top_.start(*op);
    at(start_ + 4000 * ms, *op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::connect_failed, fate::not_applied, phase::backoff));
    EXPECT_EQ(op->failure().attempts(), 1U);
    EXPECT_EQ(stats().tokens, 100);
}

TEST_P(RetryLayerTest, CloseEndsThePausesAndAllRepetition) {
    const auto one = operation();
    const auto two = operation();
    expect_starts(2, refused);
    top_.start(*one);
    top_.start(*two);
    EXPECT_EQ(layer_.pausing(), 2U);
    layer_.close();
    const auto closed = TestOperation::failed_text(errc::closed, fate::not_applied, phase::backoff);
    EXPECT_EQ(one->outcome(), closed);
    EXPECT_EQ(two->outcome(), closed);
    EXPECT_EQ(layer_.pausing(), 0U);
    EXPECT_EQ(stats().tokens, 100);
    const auto late = operation();
    expect_starts(1, loading);
    top_.start(*late);
    EXPECT_EQ(late->outcome(), TestOperation::failed_text(errc::loading, fate::not_applied, phase::reply));
    layer_.close();
}

TEST_P(RetryLayerTest, OneThatDoesNotPauseIsNotTakenBack) {
    const auto op = operation();
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& o) { next_.hold(o); }));
    top_.start(*op);
    EXPECT_FALSE(layer_.cancel(*op, errc::cancelled));
    EXPECT_CALL(next_, cancel(_, errc::cancelled)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    EXPECT_TRUE(op->cancel(errc::cancelled));
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::cancelled, fate::unknown, phase::sent));
}

// -- the time of the operation after a pause --

TEST_P(RetryLayerTest, TheNextAttemptHasItsOwnTime) {
    const auto op = operation();
    expect_starts(1, loading);
    top_.start(*op);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& o) { next_.hold(o); }));
    pass(*op);
    EXPECT_EQ(op->started_ns, now_);
    EXPECT_EQ(op->attempt_deadline_ns.load(), now_ + 1000 * ms);
    EXPECT_CALL(next_, cancel(_, errc::attempt_timeout)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    at(now_ + 1010 * ms, *op);
    ASSERT_TRUE(pauses(*op)) << "a read may be repeated";
    expect_success();
    pass(*op);
    EXPECT_EQ(op->outcomes, 1);
}

TEST_P(RetryLayerTest, WithoutAnAttemptTimeoutTheDeadlineIsWatchedAfterAPause) {
    AttemptTimeoutLayer unlimited(next_, 0s);
    RetryLayer retry(unlimited, settings(), 11, start_);
    DeadlineLayer top(retry, 3s);
    const auto op = operation();
    expect_starts(1, refused);
    top.start(*op);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& o) { next_.hold(o); }));
    at(end_of_pause(*op) + 8 * ms, *op);
    EXPECT_EQ(op->expires_ns(), start_ + 3000 * ms);
    EXPECT_CALL(next_, cancel(_, errc::deadline_exceeded)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    at(start_ + 3010 * ms, *op);
    EXPECT_EQ(op->outcome(), TestOperation::failed_text(errc::deadline_exceeded, fate::unknown, phase::sent));
}

TEST_P(RetryLayerTest, ThePermitOfTheLimiterIsHeldDuringAPause) {
    LimiterLayer limiter(layer_, 1, 10);
    DeadlineLayer top(limiter, 3s);
    const auto op = operation();
    expect_starts(1, refused);
    top.start(*op);
    ASSERT_TRUE(pauses(*op));
    EXPECT_EQ(limiter.limiter().snapshot().in_use, 1U);
    expect_success();
    pass(*op);
    EXPECT_EQ(limiter.limiter().snapshot().in_use, 0U);
}

TEST_P(RetryLayerTest, DescribesItself) {
    EXPECT_CALL(next_, describe()).WillOnce(Return("next"));
    EXPECT_EQ(top_.describe(), "deadline(3s) > retry(3) > attempt(1s) > next");
}

}  // namespace
}  // namespace redoubt::core
