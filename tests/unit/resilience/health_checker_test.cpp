// Health of a node: which answers change it, when it is probed, what is told.
#include "resilience/health_checker.hpp"

#include <gmock/gmock.h>

#include <limits>
#include <redoubt/testing/manual_clock.hpp>
#include <string>
#include <string_view>

namespace redoubt::resilience {
namespace {

using namespace std::chrono_literals;
constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

probe_answer answer_of(char c) {
    return c == '+' ? probe_answer::alive : c == 'q' ? probe_answer::quarantined : probe_answer::failed;
}

class HealthCheckerTest : public ::testing::Test {
protected:
    std::int64_t now() const { return clock_.now_ns(); }
    std::int64_t pass(std::chrono::nanoseconds d) { return clock_.advance(d); }
    std::optional<health_change> probe(char answer) {
        checker_.probe_began(now());
        return checker_.probe_ended(answer_of(answer), now());
    }
    // The states after each answer: u(nknown), h(ealthy), d(own), q(uarantined).
    std::string states(std::string_view answers) {
        std::string out;
        for (const char a : answers) {
            const auto before = checker_.state();
            const auto change = probe(a);
            EXPECT_EQ(change.has_value(), checker_.state() != before) << "told when it changes, and only then";
            EXPECT_EQ(change ? change->to : before, checker_.state());
            out += "uhdq"[static_cast<int>(checker_.state())];
        }
        return out;
    }

    testing::ManualClock clock_;
    HealthChecker checker_{{}, 1};
};

struct row {
    const char* name;
    const char* answers;
    const char* states;
};
class HealthStatesTest : public HealthCheckerTest, public ::testing::WithParamInterface<row> {};

TEST_P(HealthStatesTest, FollowTheAnswers) { EXPECT_EQ(states(GetParam().answers), GetParam().states); }

INSTANTIATE_TEST_SUITE_P(
    Table, HealthStatesTest,
    ::testing::Values(
        row{"TheFirstGoodAnswerMakesHealthy", "++", "hh"}, row{"ThreeFailuresFromTheBeginning", "---", "uud"},
        row{"ThreeFailuresInARow", "+--+---", "hhhhhhd"}, row{"TwoGoodAnswersBringItBack", "---++", "uuddh"},
        row{"AFailureBetweenStartsOver", "---+-++", "uuddddh"}, row{"QuarantineIsSaidByTheServerItself", "+q", "hq"},
        row{"AlsoAtTheBeginning", "q", "q"}, row{"AlsoFromUnhealthy", "---q", "uudq"},
        row{"OutOfQuarantineByTwo", "q+q++", "qqqqh"}, row{"QuarantineEndsTheRowOfFailures", "+--q--", "hhhqqq"},
        row{"AQuarantinedNodeMayFail", "q---", "qqqd"}, row{"MoreOfTheSameChangesNothing", "-----qqq", "uudddqqq"}),
    [](const auto& r) { return r.param.name; });

TEST_F(HealthCheckerTest, TheFirstProbeIsDueAtOnceThenEachInterval) {
    EXPECT_EQ(checker_.next_probe_ns(now()), now());
    checker_.probe_began(now());
    EXPECT_EQ(checker_.next_probe_ns(now()), never) << "one at a time";
    checker_.probe_ended(probe_answer::alive, now());
    const auto due = checker_.next_probe_ns(now());
    EXPECT_GE(due - now(), 4'500'000'000);
    EXPECT_LE(due - now(), 5'500'000'000);
    EXPECT_EQ(checker_.next_probe_ns(due - 1), due) << "asking draws nothing anew";
    EXPECT_EQ(checker_.next_probe_ns(due + 1), due) << "and it stays due";
}

TEST_F(HealthCheckerTest, IntervalsAreSpread) {
    std::int64_t least = never;
    std::int64_t most = 0;
    for (int i = 0; i != 200; ++i) {
        probe('+');
        const auto interval = checker_.next_probe_ns(now()) - now();
        least = std::min(least, interval);
        most = std::max(most, interval);
        pass(std::chrono::nanoseconds(interval));
    }
    EXPECT_GE(least, 4'500'000'000);
    EXPECT_LT(least, 4'600'000'000);
    EXPECT_GT(most, 5'400'000'000);
    EXPECT_LE(most, 5'500'000'000);
}

class HealthIntervalTest : public HealthCheckerTest {
protected:
    HealthChecker even_{{.spread_percent = 0}, 1};
    std::optional<health_change> probe_even(char answer) {
        even_.probe_began(now());
        return even_.probe_ended(answer_of(answer), now());
    }
};

TEST_F(HealthIntervalTest, TrafficReplacesProbes) {
    probe_even('+');
    pass(3s);
    even_.traffic_succeeded(now());
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 2'000'000'000) << "not due, so nothing to put off";
    pass(2s);
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 3'000'000'000) << "five seconds after the traffic";
    pass(3s);
    EXPECT_EQ(even_.next_probe_ns(now()), now());
}

TEST_F(HealthIntervalTest, OldTrafficReplacesNothing) {
    even_.traffic_succeeded(now());
    probe_even('+');
    pass(5s);
    EXPECT_EQ(even_.next_probe_ns(now()), now());
}

TEST_F(HealthIntervalTest, TrafficDoesNotReplaceProbesOfANodeThatIsNotHealthy) {
    even_.traffic_succeeded(now());
    EXPECT_EQ(even_.next_probe_ns(now()), now()) << "unknown";
    for (const char* answers : {"q", "---"}) {
        for (const char* a = answers; *a != 0; ++a) probe_even(*a);
        pass(5s);
        even_.traffic_succeeded(now());
        EXPECT_LE(even_.next_probe_ns(now()), now());
    }
}

TEST_F(HealthIntervalTest, AQuarantinedNodeIsProbedEverySecond) {
    probe_even('q');
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 1'000'000'000);
    pass(1s);
    probe_even('q');
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 1'000'000'000);
    probe_even('+');
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 1'000'000'000);
    probe_even('+');
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 5'000'000'000) << "healthy again";
}

TEST_F(HealthIntervalTest, QuarantineByAnOperationCallsForAProbeSoon) {
    probe_even('+');
    pass(100ms);
    const auto change = even_.heard(probe_answer::quarantined, now());
    ASSERT_TRUE(change);
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 1'000'000'000);
    EXPECT_EQ(even_.probes(), 1U);
}

TEST_F(HealthIntervalTest, AClockSetBackDoesNotEndProbing) {
    pass(1h);
    probe_even('+');
    pass(-1h);
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 5'000'000'000);
    even_.traffic_succeeded(now() + 3'600'000'000'000);
    pass(5s);
    EXPECT_EQ(even_.next_probe_ns(now()), now() + 5'000'000'000);
}

TEST_F(HealthCheckerTest, AnAnswerAfterTheTimeoutCountsNothing) {
    checker_.probe_began(now());
    checker_.probe_ended(probe_answer::failed, now());
    EXPECT_FALSE(checker_.probe_ended(probe_answer::alive, now()));
    EXPECT_EQ(checker_.state(), health_state::unknown);
    EXPECT_EQ(checker_.probes(), 1U);
    EXPECT_EQ(checker_.probes_failed(), 1U);
}

TEST_F(HealthCheckerTest, AChangeTellsWhatWasKeptBack) {
    states("+++--+--");  // two failures, one recovered from, two more
    auto change = probe('-');
    ASSERT_TRUE(change);
    EXPECT_EQ(change->from, health_state::healthy);
    EXPECT_EQ(change->to, health_state::unhealthy);
    EXPECT_EQ(change->at_ns, now());
    EXPECT_EQ(change->failed, 5U) << "this one included";
    EXPECT_EQ(change->suppressed, 4U);
    for (int i = 0; i != 100; ++i) EXPECT_FALSE(probe('-'));
    EXPECT_FALSE(probe('+'));
    change = probe('+');
    ASSERT_TRUE(change);
    EXPECT_EQ(change->failed, 100U);
    EXPECT_EQ(change->suppressed, 101U);
    EXPECT_EQ(checker_.changes(), 3U);
}

TEST_F(HealthCheckerTest, SomethingElseMayTellAsMuchAsAProbe) {
    EXPECT_TRUE(checker_.heard(probe_answer::alive, now()));
    checker_.heard(probe_answer::failed, now());
    checker_.heard(probe_answer::failed, now());
    const auto change = checker_.heard(probe_answer::failed, now());
    ASSERT_TRUE(change);
    EXPECT_EQ(change->failed, 3U);
    EXPECT_EQ(checker_.probes_failed(), 0U) << "none was a probe";
    checker_.probe_began(now());
    checker_.heard(probe_answer::alive, now());
    EXPECT_EQ(checker_.next_probe_ns(now()), never) << "the probe is still under way";
}

TEST_F(HealthCheckerTest, FlappingDoublesRiseAndIsSaidOnce) {
    EXPECT_EQ(states("+---++---"), "hhhddhhhd");
    EXPECT_EQ(checker_.changes(), 4U);
    probe('+');
    pass(60s - 1ns);
    auto change = probe('+');  // the fifth within 60 s, just so
    ASSERT_TRUE(change);
    EXPECT_TRUE(change->flapping_began);
    EXPECT_EQ(states("---++"), "hhddd");
    EXPECT_EQ(states("+"), "d");
    change = probe('+');
    ASSERT_TRUE(change) << "four good answers now";
    EXPECT_FALSE(change->flapping_began) << "said before";
}

TEST_F(HealthCheckerTest, FourChangesAreNoFlapping) {
    EXPECT_EQ(states("+---++---"), "hhhddhhhd");
    pass(60s);
    EXPECT_FALSE(probe('+'));
    const auto change = probe('+');
    ASSERT_TRUE(change);
    EXPECT_FALSE(change->flapping_began) << "the first of five was too long ago";
}

TEST_F(HealthCheckerTest, FlappingEndsAfterACalmSpan) {
    states("+---++---");
    EXPECT_EQ(states("++"), "dh");
    EXPECT_EQ(states("---"), "hhd");
    pass(60s - 1ns);
    EXPECT_EQ(states("++"), "dd") << "not calm for long enough";
    states("-");
    pass(1ns);
    EXPECT_EQ(states("++"), "dh");
    // It may begin again, and is said again.
    int said = 0;
    for (const char a : std::string_view("---++---++++---++++---++++")) {
        const auto change = probe(a);
        if (change && change->flapping_began) ++said;
    }
    EXPECT_EQ(said, 1);
}

}  // namespace
}  // namespace redoubt::resilience
