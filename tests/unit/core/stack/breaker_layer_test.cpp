// The circuit breaker in the stack: what it lets through, what it learns, what it says to those it rejects.
#include "core/stack/breaker_layer.hpp"

#include <deque>

#include "core/stack/attempt_timeout.hpp"
#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::Fail;
using test::MockLayer;
using test::Reply;
using test::TakeBack;
using test::TestOperation;
using ::testing::_;
using ::testing::Invoke;
using ::testing::Return;
using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;

class BreakerLayerTest : public ::testing::Test {
protected:
    BreakerLayerTest() { io_.set_now(now_); }
    void at(std::int64_t ns) {
        now_ = ns;
        io_.set_now(ns);
    }
    TestOperation& op(Command<reply> c = command("PING")) {
        auto& o = ops_.emplace_back(reactor_, std::move(c));
        o.started_ns = now_;
        return o;
    }
    TestOperation& run(error why) {
        EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Fail(std::move(why)))).RetiresOnSaturation();
        auto& o = op();
        layer_.start(o);
        return o;
    }
    TestOperation& run() {
        EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x"))).RetiresOnSaturation();
        auto& o = op();
        layer_.start(o);
        return o;
    }
    TestOperation& held(Command<reply> c = command("PING")) {
        EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& o) { next_.hold(o); })).RetiresOnSaturation();
        auto& o = op(std::move(c));
        layer_.start(o);
        return o;
    }
    static void end(TestOperation& o) {
        o.holder.store(nullptr);
        o.succeed(reply::status("OK"));
    }
    static void end(TestOperation& o, error why) {
        o.holder.store(nullptr);
        o.fail(std::move(why));
    }
    resilience::breaker_snapshot figures() const { return breaker_.snapshot(now_); }
    std::uint64_t failures() const { return figures().window.failures; }

    const error timeout_{errc::attempt_timeout, fate::unknown, phase::sent};
    Reactor reactor_;
    ReactorTesting io_{reactor_};
    std::int64_t now_ = steady_now_ns();
    ::testing::StrictMock<MockLayer> next_;
    std::deque<TestOperation> ops_;
    resilience::CircuitBreaker breaker_{"redis://a:6379", {.slow_after = 100ms, .open_spread_percent = 0}};
    BreakerLayer layer_{next_, breaker_};
};

TEST_F(BreakerLayerTest, TellsHowEachEnded) {
    EXPECT_EQ(run().outcome(), "ok: \"x\"");
    EXPECT_EQ(run(error(errc::busy, fate::not_applied, phase::reply)).outcome(),
              TestOperation::failed_text(errc::busy, fate::not_applied, phase::reply));
    run(error(errc::connection_lost, fate::unknown, phase::sent));
    run(error(errc::wrong_type, fate::answered, phase::reply));
    EXPECT_EQ(figures().window.calls, 3U);
    EXPECT_EQ(figures().window.failures, 1U);
}

TEST_F(BreakerLayerTest, RejectsWithAllThatHelps) {
    breaker_.trip(now_, "it hangs");
    at(now_ + 260 * ms);
    auto& o = op();
    layer_.start(o);
    EXPECT_EQ(o.outcome(), TestOperation::failed_text(errc::breaker_open, fate::not_applied, phase::none));
    EXPECT_EQ(o.failure().node(), "redis://a:6379");
    EXPECT_EQ(o.failure().text(), "circuit 'redis://a:6379' is open for another 740 ms (it hangs)");
    EXPECT_EQ(o.failure().retry_after(), 740ms);
    EXPECT_EQ(o.failure().attempts(), 0U) << "no attempt was made";
    EXPECT_EQ(figures().rejected, 1U);
    EXPECT_EQ(figures().stale_results, 0U) << "a rejection is not reported as a result";
}

TEST_F(BreakerLayerTest, ARejectedOperationMayBeStartedAgain) {
    breaker_.trip(now_, "");
    auto& o = op();
    layer_.start(o);
    ASSERT_TRUE(o.failed());
    breaker_.reachable(now_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
    layer_.start(o);
    EXPECT_FALSE(o.failed());
    EXPECT_EQ(o.outcomes, 2) << "once for each start";
}

TEST_F(BreakerLayerTest, MeasuresHowLongItTook) {
    auto& quick = held();
    auto& slow = held();
    at(now_ + 100 * ms - 1);
    end(quick);
    EXPECT_EQ(figures().window.slow, 0U);
    at(now_ + 1);
    end(slow);
    EXPECT_EQ(figures().window.slow, 1U);
    EXPECT_EQ(figures().window.calls, 2U);
}

TEST_F(BreakerLayerTest, WaitingOnTheServerIsNotSlow) {
    auto& waiting = held(command("BLPOP", "list", 0));
    at(now_ + 3000 * ms);
    end(waiting);
    EXPECT_EQ(figures().window.slow, 0U);
    EXPECT_EQ(figures().window.calls, 1U);
}

TEST_F(BreakerLayerTest, ReadsTheClockAnewForAFurtherAttempt) {
    breaker_.trip(now_, "");
    auto& o = op();
    o.attempts = 1;
    at(now_ + 1000 * ms);  // the open time is over, but not when it started first
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
    layer_.start(o);
    EXPECT_EQ(o.started_ns, now_);
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    auto& first = op();
    first.started_ns = now_ - 1;
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
    layer_.start(first);
    EXPECT_EQ(first.started_ns, now_ - 1) << "the reading at hand is good enough";
}

TEST_F(BreakerLayerTest, OfAStallOnlyTheFirstTimeoutCounts) {
    for (int i = 0; i != 100; ++i) run(timeout_);
    run(error(errc::deadline_exceeded, fate::unknown, phase::sent));
    EXPECT_EQ(failures(), 1U);
    run(error(errc::loading, fate::not_applied, phase::reply));
    EXPECT_EQ(failures(), 2U) << "another kind of failure";
    run(timeout_);
    EXPECT_EQ(failures(), 2U) << "the stall lasts until a success";
    run();
    run(timeout_);
    EXPECT_EQ(failures(), 3U);
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(BreakerLayerTest, ADeadlineBeforeTheCommandLeftIsNoStall) {
    run(error(errc::deadline_exceeded, fate::not_applied, phase::dial));
    EXPECT_EQ(failures(), 0U);
    run(timeout_);
    EXPECT_EQ(failures(), 1U) << "it was not taken for the first of a stall";
}

TEST_F(BreakerLayerTest, AProbeThatTimesOutOpensAgain) {
    run(timeout_);
    breaker_.trip(now_, "it hangs");
    breaker_.reachable(now_);
    run(timeout_);
    EXPECT_EQ(breaker_.state(), breaker_state::open) << "although the stall had been reported before";
}

TEST_F(BreakerLayerTest, AStallFromBeforeDoesNotHideOneOfNow) {
    auto& old = held();
    breaker_.reset(now_);
    run(timeout_);
    end(old, timeout_);
    run(timeout_);
    EXPECT_EQ(failures(), 1U) << "the late one has not made room for another";
    EXPECT_EQ(figures().stale_results, 1U);
}

TEST_F(BreakerLayerTest, ProbesAreBoundedAndClose) {
    breaker_.trip(now_, "");
    breaker_.reachable(now_);
    auto& a = held();
    auto& b = held();
    auto& c = op();
    layer_.start(c);
    EXPECT_TRUE(c.failure() == errc::breaker_open);
    EXPECT_EQ(c.failure().text(),
              "circuit 'redis://a:6379' lets no more calls through (half-open, its probes are under way)");
    end(a);
    end(b);
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    run();
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(BreakerLayerTest, ACancelledProbeGivesItsPlaceBack) {
    breaker_.trip(now_, "");
    breaker_.reachable(now_);
    auto& a = held();
    EXPECT_EQ(figures().probes, 1U);
    EXPECT_CALL(next_, cancel(_, errc::cancelled)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    EXPECT_TRUE(a.cancel(errc::cancelled));
    EXPECT_EQ(a.outcome(), TestOperation::failed_text(errc::cancelled, fate::unknown, phase::sent));
    EXPECT_EQ(figures().probes, 0U);
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
}

TEST_F(BreakerLayerTest, CancelPassesOn) {
    auto& o = held();
    EXPECT_CALL(next_, cancel(_, errc::deadline_exceeded)).WillOnce(Return(false));
    EXPECT_FALSE(layer_.cancel(o, errc::deadline_exceeded));
    EXPECT_FALSE(o.over());
    end(o);
}

TEST_F(BreakerLayerTest, CommandsThatWaitOnTheServerAreNoProbes) {
    breaker_.trip(now_, "");
    breaker_.reachable(now_);
    auto& waiting = held(command("BLPOP", "list", 0));
    EXPECT_EQ(figures().probes, 0U);
    at(now_ + 3'600'000 * ms);
    run();
    EXPECT_EQ(breaker_.state(), breaker_state::half_open) << "it is not taken for lost";
    EXPECT_EQ(figures().probe_successes, 1U);
    end(waiting);
}

TEST_F(BreakerLayerTest, WhatWasLetThroughBeforeItOpenedCountsNothing) {
    auto& old = held();
    breaker_.trip(now_, "");
    breaker_.reachable(now_);
    end(old, error(errc::loading, fate::not_applied, phase::reply));
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
    EXPECT_EQ(figures().stale_results, 1U);
}

TEST_F(BreakerLayerTest, SeesTimeoutsOfTheLayerBehindIt) {
    AttemptTimeoutLayer attempt(next_, 1s);
    BreakerLayer layer(attempt, breaker_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& o) { next_.hold(o); }));
    EXPECT_CALL(next_, cancel(_, errc::attempt_timeout)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    auto& o = op();
    layer.start(o);
    EXPECT_TRUE(o.expire(now_ + 1000 * ms));
    EXPECT_EQ(o.failure().attempts(), 1U);
    EXPECT_EQ(failures(), 1U);
}

TEST_F(BreakerLayerTest, DescribesItself) {
    EXPECT_CALL(next_, describe()).WillOnce(Return("next"));
    EXPECT_EQ(layer_.describe(), "breaker[redis://a:6379] > next");
}

}  // namespace
}  // namespace redoubt::core
