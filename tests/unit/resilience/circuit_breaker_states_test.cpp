// What an operator does to the breaker, and how changes of state are told.
#include <stdexcept>

#include "tests/unit/resilience/circuit_breaker_harness.hpp"

namespace redoubt::resilience {
namespace {

using enum call_outcome;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using BreakerStatesTest = CircuitBreakerTest;

// Everything that could move an automatic state.
void disturb(CircuitBreaker& b, std::int64_t now) {
    b.reachable(now);
    for (int i = 0; i != 40; ++i) {
        if (const auto t = b.try_acquire(now)) b.report(*t, failure, 0, now);
        b.dial_failed(now);
    }
    b.connection_failed(now);
    b.trip(now, "x");
    (void)b.try_acquire(now + std::int64_t{3600} * 1'000'000'000);
}

TEST_F(BreakerStatesTest, ForcedOpenLastsUntilReleased) {
    breaker_.isolate(now());
    EXPECT_THAT(told_, ElementsAre("closed > forced-open: operator_acted"));
    EXPECT_FALSE(call(success));
    EXPECT_FALSE(breaker_.try_acquire(now(), call_kind::waiting));
    disturb(breaker_, now());
    EXPECT_EQ(breaker_.state(), breaker_state::forced_open);
    EXPECT_EQ(breaker_.rejection(now()).retry_after, 0s);
    EXPECT_EQ(breaker_.rejection(now()).text,
              "circuit 'redis://a:6379' was opened by an operator, and stays so until released");
    told_.clear();
    breaker_.isolate(now());
    EXPECT_THAT(told_, IsEmpty());
    breaker_.release(now());
    EXPECT_THAT(told_, ElementsAre("forced-open > closed: operator_acted"));
    breaker_.dial_failed(now());
    EXPECT_EQ(breaker_.state(), breaker_state::closed) << "the failed dials of that time are forgotten";
}

TEST_F(BreakerStatesTest, DisabledLetsEverythingThroughAndCountsNothing) {
    breaker_.disable(now());
    disturb(breaker_, now());
    EXPECT_EQ(breaker_.state(), breaker_state::disabled);
    EXPECT_EQ(snapshot().window.calls, 0U);
    EXPECT_EQ(snapshot().dials_failed, 0U);
    EXPECT_EQ(snapshot().stale_results, 0U);
    calls(3, success);
    EXPECT_EQ(snapshot().window.calls, 0U);
    breaker_.release(now());
    EXPECT_THAT(told_, ElementsAre("closed > disabled: operator_acted", "disabled > closed: operator_acted"));
    breaker_.connection_failed(now());
    EXPECT_EQ(snapshot().window.failures, 1U) << "losses of that time hide none of this";
}

TEST_F(BreakerStatesTest, ObservingCountsAndNeverOpens) {
    breaker_.observe_only(now());
    calls(3, success);
    disturb(breaker_, now());
    EXPECT_EQ(breaker_.state(), breaker_state::observing);
    EXPECT_EQ(snapshot().window.calls, 44U) << "the lost connection included";
    EXPECT_EQ(snapshot().window.failures, 41U);
    breaker_.release(now());
    EXPECT_EQ(snapshot().window.calls, 0U);
    EXPECT_EQ(breaker_.state(), breaker_state::closed);
}

TEST_F(BreakerStatesTest, FromAnyStateToAny) {
    half_open();
    breaker_.disable(now());
    breaker_.isolate(now());
    breaker_.observe_only(now());
    breaker_.reset(now());
    EXPECT_THAT(told_, ElementsAre("half-open > disabled: operator_acted", "disabled > forced-open: operator_acted",
                                   "forced-open > observing: operator_acted", "observing > closed: operator_acted"));
}

TEST_F(BreakerStatesTest, ReleaseIsNoWayOutOfOpen) {
    open();
    breaker_.release(now());
    EXPECT_EQ(breaker_.state(), breaker_state::open);
    breaker_.reachable(now());
    breaker_.release(now());
    EXPECT_EQ(breaker_.state(), breaker_state::half_open);
}

TEST_F(BreakerStatesTest, ResetForgetsEverything) {
    open();
    breaker_.reset(now());
    EXPECT_THAT(told_, ElementsAre("closed > open: tripped", "open > closed: operator_acted"));
    EXPECT_EQ(snapshot().trips, 0U);
    EXPECT_EQ(snapshot().opened, 1U);
    for (int i = 0; i != 4; ++i) breaker_.dial_failed(now());
    calls(19, failure);
    const auto before = breaker_.try_acquire(now());
    breaker_.reset(now());
    EXPECT_EQ(told_.size(), 2U) << "closed before and after";
    breaker_.report(*before, failure, 0, now());
    EXPECT_EQ(snapshot().stale_results, 1U);
    EXPECT_EQ(snapshot().window.calls, 0U);
    EXPECT_EQ(snapshot().dials_failed, 0U);
    breaker_.connection_failed(now());
    breaker_.reset(now());
    breaker_.connection_failed(now());
    EXPECT_EQ(snapshot().window.failures, 1U) << "the loss before is forgotten too";
}

TEST_F(BreakerStatesTest, AnEventCarriesWhatHappened) {
    breaker_event seen;
    CircuitBreaker breaker("x", round(), [&](const breaker_event& e) { seen = e; });
    for (int i = 0; i != 20; ++i) call(breaker, failure);
    EXPECT_EQ(seen.generation, 2U);
    EXPECT_EQ(seen.at_ns, now());
    EXPECT_EQ(seen.open_for, 1s);
    EXPECT_EQ(seen.text, "20 of 20 calls failed");
    breaker.reachable(now());
    EXPECT_EQ(seen.open_for, 0s);
    EXPECT_EQ(seen.text, "");
}

TEST_F(BreakerStatesTest, AListenerMayCallTheBreaker) {
    CircuitBreaker* self = nullptr;
    CircuitBreaker breaker("x", round(), [&](const breaker_event& e) {
        told_.push_back("begin " + line(e));
        if (e.to == breaker_state::open) self->reachable(now());
        EXPECT_GE(self->snapshot(now()).generation, e.generation);
        told_.push_back("end " + line(e));
    });
    self = &breaker;
    breaker.trip(now(), "");
    EXPECT_THAT(told_, ElementsAre("begin closed > open: tripped", "end closed > open: tripped",
                                   "begin open > half-open: reachable", "end open > half-open: reachable"));
}

TEST_F(BreakerStatesTest, AListenerThatThrowsIsCounted) {
    int heard = 0;
    CircuitBreaker breaker("x", round(), [&](const breaker_event&) {
        ++heard;
        throw std::runtime_error("listener");
    });
    breaker.trip(now(), "");
    breaker.reachable(now());
    EXPECT_EQ(heard, 2);
    EXPECT_EQ(breaker.snapshot(now()).listener_errors, 2U);
    EXPECT_EQ(breaker.state(), breaker_state::half_open);
}

TEST_F(BreakerStatesTest, WithoutAListenerNothingPilesUp) {
    CircuitBreaker breaker("x", round());
    breaker.trip(now(), "");
    EXPECT_EQ(breaker.state(), breaker_state::open);
    EXPECT_EQ(breaker.snapshot(now()).listener_errors, 0U) << "an empty listener is not called";
}

TEST_F(BreakerStatesTest, SomebodyWhoseRejectionIsOver) {
    EXPECT_EQ(breaker_.rejection(now()).text,
              "circuit 'redis://a:6379' rejected the call and has let others through since");
}

}  // namespace
}  // namespace redoubt::resilience
