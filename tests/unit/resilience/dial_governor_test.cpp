// Who may dial a node, and when: every phase, every event, a clock moved by hand.
#include "resilience/dial_governor.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <deque>
#include <vector>

namespace redoubt::resilience {
namespace {

using namespace std::chrono_literals;
using outcome = DialGovernor::outcome;
using news = DialGovernor::news;
using grant = DialGovernor::grant;
using ::testing::ElementsAre;

constexpr std::int64_t ns(std::chrono::nanoseconds t) { return t.count(); }

// Pauses without jitter: 50, 100, 200 … ms, at most 1 s.
dial_policy policy(std::uint32_t in_flight_max = 64, std::uint32_t attempts_max = 0) {
    return {
        .reconnect = {.backoff = {.kind = backoff_kind::none, .base = 50ms, .cap = 1s}, .attempts_max = attempts_max},
        .in_flight_max = in_flight_max};
}

class DialGovernorTest : public ::testing::Test {
protected:
    std::int64_t now() const { return ns(now_); }
    void pass(std::chrono::nanoseconds t) { now_ += t; }
    bool asks() { return take().has_value(); }
    std::optional<grant> take() {
        const auto a = governor_.ask(now());
        if (!a.granted) return std::nullopt;
        return a.under;
    }
    /// How long somebody who asks now is to wait; told: INT64_MAX ns.
    std::chrono::nanoseconds wait() {
        const auto a = governor_.ask(now());
        EXPECT_FALSE(a.granted);
        return a.ask_again_ns == DialGovernor::told ? std::chrono::nanoseconds::max()
                                                    : std::chrono::nanoseconds(a.ask_again_ns - now());
    }
    static constexpr auto told = std::chrono::nanoseconds::max();
    news dial(outcome how) {
        const auto under = take();
        EXPECT_TRUE(under) << "it may dial";
        return under ? governor_.finished(*under, how, now()) : news::none;
    }
    /// Dials as soon as that is granted; the pause before it.
    std::chrono::nanoseconds next_dial(outcome how) {
        const auto pause = wait();
        pass(pause);
        dial(how);
        return pause;
    }
    void fail_once() { EXPECT_EQ(dial(outcome::failed), news::none); }

    std::chrono::nanoseconds now_ = 1000s;
    DialGovernor governor_{policy(), 1};
};

// -- serving --

TEST_F(DialGovernorTest, WhileAllIsWellAWindowfulMayDialAtOnce) {
    std::deque<grant> out;
    for (int i = 0; i < 64; ++i) out.push_back(take().value());
    EXPECT_EQ(wait(), told) << "the end of another dial decides";
    EXPECT_EQ(governor_.in_flight(), 64U);
    EXPECT_EQ(governor_.finished(out.front(), outcome::connected, now()), news::none) << "nothing has changed";
    EXPECT_TRUE(asks());
    EXPECT_FALSE(asks());
}

TEST_F(DialGovernorTest, AWindowOfNoneIsOne) {
    DialGovernor g(policy(0), 1);
    EXPECT_EQ(g.window(), 1U);
    EXPECT_TRUE(g.ask(0).granted);
    EXPECT_FALSE(g.ask(0).granted);
}

// -- one prober --

struct end {
    outcome how;
    bool pauses;
    news told_of;
    friend void PrintTo(const end& e, std::ostream* out) { *out << "outcome " << static_cast<int>(e.how); }
};

class EachOutcome : public DialGovernorTest, public ::testing::WithParamInterface<end> {};

INSTANTIATE_TEST_SUITE_P(Ends, EachOutcome,
                         ::testing::Values(end{outcome::connected, false, news::reachable},
                                           end{outcome::refused, false, news::reachable},
                                           end{outcome::full, true, news::none},
                                           end{outcome::failed, true, news::none}));

TEST_P(EachOutcome, FromServing) {
    EXPECT_EQ(dial(GetParam().how), news::none);
    EXPECT_EQ(governor_.probing(), GetParam().pauses);
    EXPECT_EQ(governor_.window(), GetParam().pauses ? 1U : 64U);
    EXPECT_EQ(governor_.failures(), GetParam().pauses ? 1U : 0U);
    EXPECT_EQ(governor_.in_flight(), 0U);
    if (GetParam().pauses) {
        EXPECT_EQ(wait(), 50ms);
    }
}

TEST_P(EachOutcome, OfTheProber) {
    fail_once();
    pass(50ms);
    EXPECT_EQ(dial(GetParam().how), GetParam().told_of);
    EXPECT_EQ(governor_.probing(), GetParam().pauses);
    EXPECT_EQ(governor_.window(), 1U) << "what has just come back is not met by everybody at once";
    EXPECT_EQ(governor_.failures(), GetParam().pauses ? 2U : 0U);
    if (GetParam().pauses) {
        EXPECT_EQ(wait(), 100ms);
    }
}

TEST_P(EachOutcome, AfterTheSeriesWasExhausted) {
    governor_ = DialGovernor(policy(64, 1), 1);
    fail_once();
    pass(50ms);
    EXPECT_EQ(dial(outcome::failed), news::exhausted);
    EXPECT_EQ(dial(GetParam().how), GetParam().told_of) << "whoever asks next starts a new series, at once";
    EXPECT_EQ(governor_.probing(), GetParam().pauses);
    if (GetParam().pauses) {
        EXPECT_EQ(wait(), 50ms) << "and from the shortest pause on";
    }
}

TEST_F(DialGovernorTest, WhileTheNodeIsAwayOnlyOneDials) {
    fail_once();
    EXPECT_EQ(wait(), 50ms);
    pass(49'999'999ns);
    EXPECT_EQ(wait(), 1ns);
    pass(1ns);
    const auto prober = take();
    ASSERT_TRUE(prober);
    EXPECT_EQ(wait(), told);
    pass(10min);
    EXPECT_EQ(wait(), told) << "however long it takes";
    EXPECT_EQ(governor_.finished(*prober, outcome::failed, now()), news::none);
    EXPECT_EQ(wait(), 100ms);
}

TEST_F(DialGovernorTest, PausesGrowAndEndWhereTheyAreCapped) {
    fail_once();
    std::vector<std::int64_t> pauses_ms;
    for (int i = 0; i < 7; ++i) pauses_ms.push_back(next_dial(outcome::failed) / 1ms);
    EXPECT_THAT(pauses_ms, ElementsAre(50, 100, 200, 400, 800, 1000, 1000));
    EXPECT_EQ(governor_.failures(), 8U);
}

TEST_F(DialGovernorTest, AnAbandonedProberLeavesItsPlaceToTheNext) {
    fail_once();
    pass(50ms);
    EXPECT_EQ(dial(outcome::abandoned), news::none);
    EXPECT_TRUE(governor_.probing()) << "nothing is known of the node";
    EXPECT_EQ(governor_.failures(), 1U);
    EXPECT_TRUE(asks()) << "its pause was over";
    EXPECT_FALSE(asks());
}

TEST_F(DialGovernorTest, AnAbandonedProberOfAnExhaustedSeriesToo) {
    governor_ = DialGovernor(policy(64, 1), 1);
    fail_once();
    pass(50ms);
    EXPECT_EQ(dial(outcome::failed), news::exhausted);
    EXPECT_EQ(dial(outcome::abandoned), news::none);
    EXPECT_EQ(dial(outcome::connected), news::reachable);
}

TEST_F(DialGovernorTest, AnAbandonedDialOfAServingNodeMeansNothing) {
    EXPECT_EQ(dial(outcome::abandoned), news::none);
    EXPECT_FALSE(governor_.probing());
    EXPECT_EQ(governor_.in_flight(), 0U);
    EXPECT_EQ(governor_.window(), 64U);
}

// -- the window --

TEST_F(DialGovernorTest, TheWindowDoublesWithEachConnectionThatWorks) {
    fail_once();
    pass(50ms);
    dial(outcome::connected);
    std::vector<std::uint32_t> windows{governor_.window()};
    for (int i = 0; i < 7; ++i) {
        dial(outcome::connected);
        windows.push_back(governor_.window());
    }
    EXPECT_THAT(windows, ElementsAre(1, 2, 4, 8, 16, 32, 64, 64));
}

TEST_F(DialGovernorTest, TheWindowEndsAtItsLimitAlsoWhenThatIsNoPowerOfTwo) {
    governor_ = DialGovernor(policy(5), 1);
    fail_once();
    pass(50ms);
    dial(outcome::connected);
    std::vector<std::uint32_t> windows;
    for (int i = 0; i < 5; ++i) {
        windows.push_back(governor_.window());
        dial(outcome::connected);
    }
    EXPECT_THAT(windows, ElementsAre(1, 2, 4, 5, 5));
}

TEST_F(DialGovernorTest, AServerThatIsFullIsProbedByOneAndFilledSlowlyAfterwards) {
    std::vector<grant> out;
    for (int i = 0; i < 8; ++i) out.push_back(take().value());
    governor_.finished(out[0], outcome::full, now());
    EXPECT_TRUE(governor_.probing());
    EXPECT_EQ(wait(), 50ms);
    pass(50ms);
    EXPECT_EQ(dial(outcome::connected), news::reachable);
    EXPECT_EQ(governor_.in_flight(), 7U) << "of before";
    EXPECT_EQ(wait(), told) << "they fill the window of one";
}

// -- stragglers --

TEST_F(DialGovernorTest, OfThoseThatWereUnderWayTogetherTheFirstFailureTells) {
    std::vector<grant> out;
    for (int i = 0; i < 10; ++i) out.push_back(take().value());
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(governor_.current(out[static_cast<std::size_t>(i)]), i == 0);
        EXPECT_EQ(governor_.finished(out[static_cast<std::size_t>(i)], outcome::failed, now()), news::none);
    }
    EXPECT_EQ(wait(), 50ms) << "one step of the backoff, not ten";
}

TEST_F(DialGovernorTest, AStragglersFailureLeavesTheProberAlone) {
    const auto straggler = take().value();
    fail_once();
    pass(50ms);
    const auto prober = take().value();
    EXPECT_EQ(governor_.finished(straggler, outcome::failed, now()), news::none);
    EXPECT_EQ(wait(), told) << "the prober is still away";
    EXPECT_EQ(governor_.finished(prober, outcome::connected, now()), news::reachable);
}

TEST_F(DialGovernorTest, AStragglersSuccessEndsTheWait) {
    const auto straggler = take().value();
    fail_once();
    EXPECT_EQ(governor_.finished(straggler, outcome::connected, now()), news::reachable);
    EXPECT_FALSE(governor_.probing());
    EXPECT_TRUE(asks());
}

TEST_F(DialGovernorTest, AProberThatIsLateIsNoNewsAnyMore) {
    const auto straggler = take().value();
    fail_once();
    pass(50ms);
    const auto prober = take().value();
    EXPECT_EQ(governor_.finished(straggler, outcome::connected, now()), news::reachable);
    EXPECT_EQ(governor_.finished(prober, outcome::failed, now()), news::none);
    EXPECT_FALSE(governor_.probing()) << "the node works since";
    EXPECT_EQ(governor_.in_flight(), 0U);
}

// -- losses --

TEST_F(DialGovernorTest, AConnectionThatHadLastedIsDialledAtOnce) {
    dial(outcome::connected);
    const auto since = now();
    pass(10s);
    governor_.lost(now(), since);
    EXPECT_FALSE(governor_.probing());
    EXPECT_TRUE(asks());
}

TEST_F(DialGovernorTest, OneThatHadNotLastedOnlyAfterAPause) {
    dial(outcome::connected);
    const auto since = now();
    pass(10s - 1ns);
    governor_.lost(now(), since);
    EXPECT_TRUE(governor_.probing());
    EXPECT_EQ(wait(), 50ms);
}

TEST_F(DialGovernorTest, AServerThatAcceptsAndDropsIsDialledEverMoreRarely) {
    dial(outcome::connected);
    std::vector<std::int64_t> pauses_ms;
    for (int i = 0; i < 6; ++i) {
        const auto since = now();
        pass(1ms);
        governor_.lost(now(), since);
        pauses_ms.push_back(next_dial(outcome::connected) / 1ms);
    }
    EXPECT_THAT(pauses_ms, ElementsAre(50, 100, 200, 400, 800, 1000));
    pass(10s);
    governor_.lost(now(), now() - ns(10s));
    dial(outcome::connected);
    governor_.lost(now(), now());
    EXPECT_EQ(wait(), 50ms) << "it had been stable";
}

TEST_F(DialGovernorTest, ALongLifeCountsAlthoughOthersWereOpenedMeanwhile) {
    fail_once();
    for (int i = 0; i < 6; ++i) next_dial(outcome::failed);
    pass(wait());
    dial(outcome::connected);
    const auto since = now();
    for (int i = 0; i < 100; ++i) {
        pass(5s);
        dial(outcome::connected);
    }
    governor_.lost(now(), since);
    EXPECT_FALSE(governor_.probing());
    fail_once();
    EXPECT_EQ(wait(), 50ms) << "the series of an hour ago is over";
}

TEST_F(DialGovernorTest, AfterALongTimeOfWellBeingASeriesBeginsAnewHoweverManyWereOpenedMeanwhile) {
    fail_once();
    for (int i = 0; i < 6; ++i) next_dial(outcome::failed);
    pass(wait());
    dial(outcome::connected);
    for (int i = 0; i < 100; ++i) {
        pass(5s);
        dial(outcome::connected);
    }
    fail_once();
    EXPECT_EQ(wait(), 50ms);
}

TEST_F(DialGovernorTest, AnEarlyLossOfOneOfManyIsAPauseForAll) {
    dial(outcome::connected);
    pass(1h);
    dial(outcome::connected);
    governor_.lost(now(), now());
    EXPECT_EQ(wait(), 50ms);
}

TEST_F(DialGovernorTest, ALossWhileProbingChangesNothing) {
    fail_once();
    pass(20ms);
    governor_.lost(now(), now());
    EXPECT_EQ(wait(), 30ms);
    governor_.lost(now(), now() - ns(1h));
    EXPECT_EQ(wait(), 30ms);
}

// -- series --

TEST_F(DialGovernorTest, ASeriesEndsAndTheNextOneBeginsWithWhoeverAsks) {
    governor_ = DialGovernor(policy(64, 3), 1);
    fail_once();
    next_dial(outcome::failed);
    next_dial(outcome::failed);
    pass(wait());
    EXPECT_EQ(dial(outcome::failed), news::exhausted);
    EXPECT_TRUE(governor_.probing());
    const auto first = take();
    ASSERT_TRUE(first);
    EXPECT_EQ(wait(), told) << "one of them";
    governor_.finished(*first, outcome::failed, now());
    EXPECT_EQ(wait(), 50ms);
}

// -- clocks --

TEST_F(DialGovernorTest, AClockSetBackDoesNotProlongThePause) {
    fail_once();
    now_ -= 1h;
    EXPECT_EQ(wait(), 50ms);
    pass(50ms);
    EXPECT_TRUE(asks());
}

TEST_F(DialGovernorTest, AClockSetForwardEndsIt) {
    fail_once();
    now_ += 24h;
    EXPECT_TRUE(asks());
}

TEST_F(DialGovernorTest, AConnectionFromTheFutureHadNotLasted) {
    dial(outcome::connected);
    governor_.lost(now(), now() + ns(1h));
    EXPECT_EQ(wait(), 50ms);
}

}  // namespace
}  // namespace redoubt::resilience
