// Backoff: ranges, caps, moments of the jitter, and when a series starts over.
#include "resilience/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <redoubt/testing/manual_clock.hpp>
#include <set>
#include <utility>
#include <vector>

namespace redoubt::resilience {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr std::array all_kinds{backoff_kind::full, backoff_kind::equal, backoff_kind::decorrelated,
                               backoff_kind::around, backoff_kind::none};
constexpr nanoseconds longest = nanoseconds::max();

struct sample {
    double mean = 0;
    double sd = 0;
    double tolerance() const { return 4 * sd; }  // of the mean; `sd` is that of the mean
};

template <class F> sample sample_of(int count, F&& draw) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < count; ++i) {
        const auto x = static_cast<double>(draw());
        sum += x;
        squares += x * x;
    }
    const double mean = sum / count;
    return {mean, std::sqrt(std::max(0.0, squares / count - mean * mean) / count)};
}

TEST(BackoffCeilingTest, DoublesUpToTheCapForAnyNumber) {
    const backoff_policy policy{.base = 10ms, .cap = 250ms};
    const std::vector<nanoseconds> expected{10ms, 20ms, 40ms, 80ms, 160ms, 250ms, 250ms};
    for (std::uint32_t n = 0; n < expected.size(); ++n) EXPECT_EQ(backoff_ceiling(policy, n), expected[n]) << n;
    EXPECT_EQ(backoff_ceiling(policy, 63), 250ms);
    EXPECT_EQ(backoff_ceiling(policy, 64), 250ms);
    EXPECT_EQ(backoff_ceiling(policy, std::numeric_limits<std::uint32_t>::max()), 250ms);
}

TEST(BackoffCeilingTest, SaturatesInsteadOfOverflowing) {
    const backoff_policy policy{.base = 3ns, .cap = longest};
    nanoseconds before{};
    for (std::uint32_t n = 0; n < 200; ++n) {
        const nanoseconds e = backoff_ceiling(policy, n);
        ASSERT_GE(e, before) << n;
        before = e;
    }
    EXPECT_EQ(before, longest);
    EXPECT_EQ(backoff_ceiling(policy, 61).count(), 3 * (std::int64_t{1} << 61));  // the last that fits is exact
    EXPECT_EQ(backoff_ceiling(policy, 62), longest);
}

TEST(BackoffCeilingTest, ConstantGrowthKeepsTheBase) {
    const backoff_policy policy{.base = 10ms, .cap = 1s, .growth_percent = 100};
    EXPECT_EQ(backoff_ceiling(policy, std::numeric_limits<std::uint32_t>::max()), 10ms);
}

TEST(BackoffCeilingTest, ValuesOutOfRangeAreBroughtIn) {
    EXPECT_EQ(backoff_ceiling({.base = 0ns, .cap = -1s}, 5), 1ns);
    EXPECT_EQ(backoff_ceiling({.base = 1s, .cap = 1ms}, 5), 1s);
    EXPECT_EQ(backoff_ceiling({.base = 10ms, .cap = 1s, .growth_percent = 0}, 5), 10ms);
}

struct BackoffKindTest : ::testing::TestWithParam<backoff_kind> {};

TEST_P(BackoffKindTest, NoDelayPassesTheCapJitterIncluded) {
    const backoff_policy policy{.kind = GetParam(), .base = 10ms, .cap = 250ms, .spread_percent = 50};
    random_engine engine(1);
    nanoseconds previous{};
    for (std::uint32_t n = 0; n < 10'000; ++n) {
        previous = backoff_delay(policy, n, previous, engine);
        ASSERT_LE(previous, 250ms) << n;
        ASSERT_GE(previous, 0ns) << n;
    }
}

TEST_P(BackoffKindTest, LargestValuesNeitherOverflowNorTurnNegative) {
    const backoff_policy policy{
        .kind = GetParam(), .base = longest, .cap = longest, .growth_percent = 10'000, .spread_percent = 100};
    random_engine engine(1);
    nanoseconds previous{};
    for (std::uint32_t n = 0; n < 100; ++n) {
        previous = backoff_delay(policy, n, previous, engine);
        ASSERT_GE(previous, 0ns) << n;
    }
}

TEST_P(BackoffKindTest, SameSeedGivesTheSameDelays) {
    const backoff_policy policy{.kind = GetParam()};
    random_engine a(5);
    random_engine b(5);
    nanoseconds previous{};
    for (std::uint32_t n = 0; n < 20; ++n) {
        const nanoseconds delay = backoff_delay(policy, n, previous, a);
        ASSERT_EQ(delay, backoff_delay(policy, n, previous, b));
        previous = delay;
    }
}

// Jitter that drew around an unbounded e would put nearly every late delay on the cap: all callers would wake together.
TEST_P(BackoffKindTest, JitterStaysAliveAfterManyRepetitions) {
    const backoff_policy policy{.kind = GetParam(), .base = 10ms, .cap = 250ms};
    random_engine engine(2);
    int below_cap = 0;
    for (int i = 0; i < 1000; ++i) below_cap += static_cast<int>(backoff_delay(policy, 60, 80ms, engine) < 250ms);
    if (GetParam() == backoff_kind::none) {
        EXPECT_EQ(below_cap, 0);
    } else {
        EXPECT_GT(below_cap, 400);
    }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, BackoffKindTest, ::testing::ValuesIn(all_kinds));

TEST(BackoffTest, DelaysCoverTheRangeOfTheirKind) {
    const auto range = [](backoff_policy policy) {
        random_engine engine(11);
        nanoseconds low = longest;
        nanoseconds high{};
        for (int i = 0; i < 20'000; ++i) {
            const nanoseconds d = backoff_delay(policy, 3, 40ms, engine);
            low = std::min(low, d);
            high = std::max(high, d);
        }
        return std::pair{std::round(static_cast<double>(low.count()) / 1e6),
                         std::round(static_cast<double>(high.count()) / 1e6)};
    };
    using pair = std::pair<double, double>;
    const nanoseconds base = 10ms;  // e = 80 ms
    EXPECT_EQ(range({.kind = backoff_kind::full, .base = base}), (pair{0, 80}));
    EXPECT_EQ(range({.kind = backoff_kind::equal, .base = base}), (pair{40, 80}));
    EXPECT_EQ(range({.kind = backoff_kind::decorrelated, .base = base}), (pair{10, 120}));
    EXPECT_EQ(range({.kind = backoff_kind::around, .base = base}), (pair{64, 96}));
    EXPECT_EQ(range({.kind = backoff_kind::none, .base = base}), (pair{80, 80}));
}

TEST(BackoffTest, MeansOfFullAndEqualJitter) {
    random_engine engine(21);
    const backoff_policy full{.kind = backoff_kind::full, .base = 10ms};
    const backoff_policy equal{.kind = backoff_kind::equal, .base = 10ms};
    const sample f = sample_of(100'000, [&] { return backoff_delay(full, 3, {}, engine).count(); });
    const sample e = sample_of(100'000, [&] { return backoff_delay(equal, 3, {}, engine).count(); });
    EXPECT_NEAR(f.mean, 40e6, f.tolerance());
    EXPECT_NEAR(e.mean, 60e6, e.tolerance());
}

TEST(BackoffTest, MeansOfUncappedDecorrelatedJitter) {
    const backoff_policy policy{.kind = backoff_kind::decorrelated, .base = 10ms, .cap = longest};
    const std::array expected{2.0, 3.5, 5.75, 9.125};
    for (std::uint32_t last = 0; last < expected.size(); ++last) {
        random_engine engine(31);
        const sample s = sample_of(100'000, [&] {
            nanoseconds delay{};
            for (std::uint32_t n = 0; n <= last; ++n) delay = backoff_delay(policy, n, delay, engine);
            return static_cast<double>(delay.count()) / 10e6;
        });
        EXPECT_NEAR(s.mean, expected.at(last), s.tolerance()) << last;
    }
}

TEST(BackoffTest, ConnectionBackoffOfGrpc) {
    const backoff_policy policy{
        .kind = backoff_kind::around, .base = 1s, .cap = 120s, .growth_percent = 160, .spread_percent = 20};
    random_engine engine(41);
    for (std::uint32_t n = 0; n < 30; ++n) {
        const double e = std::min(120.0, std::pow(1.6, n));
        double low = 1e9;
        double high = 0;
        const sample s = sample_of(5'000, [&] {
            const double seconds = static_cast<double>(backoff_delay(policy, n, {}, engine).count()) / 1e9;
            low = std::min(low, seconds);
            high = std::max(high, seconds);
            return seconds;
        });
        EXPECT_NEAR(low, 0.8 * e, 0.01 * e) << n;
        EXPECT_NEAR(high, std::min(1.2 * e, 120.0), 0.01 * e) << n;
        if (1.2 * e < 120) {
            EXPECT_NEAR(s.mean, e, s.tolerance()) << n;
        }
    }
}

struct ReconnectBackoffTest : ::testing::Test {
    redoubt::testing::ManualClock clock;
    reconnect_backoff series(std::uint32_t attempts_max = 0) const {
        return {{.backoff = {.kind = backoff_kind::none, .base = 50ms, .cap = 1s}, .attempts_max = attempts_max}, 1};
    }
};

TEST_F(ReconnectBackoffTest, DefaultsSpreadFrom50MillisecondsTo1Second) {
    std::set<nanoseconds> late;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        reconnect_backoff backoff({}, seed);
        ASSERT_LE(*backoff.next(clock.now_ns()), 50ms);
        ASSERT_LE(*backoff.next(clock.now_ns()), 100ms);
        for (int i = 0; i < 20; ++i) late.insert(*backoff.next(clock.now_ns()));
    }
    EXPECT_LE(*late.rbegin(), 1s);
    EXPECT_GT(*late.rbegin(), 990ms);
    EXPECT_GT(late.size(), 3'900U);  // 4000 draws, hardly two alike
}

TEST_F(ReconnectBackoffTest, SuccessAloneDoesNotStartOver) {
    auto backoff = series();
    EXPECT_EQ(backoff.next(clock.now_ns()), 50ms);
    EXPECT_EQ(backoff.next(clock.now_ns()), 100ms);
    for (const nanoseconds expected : {nanoseconds(200ms), nanoseconds(400ms), nanoseconds(800ms), nanoseconds(1s)}) {
        backoff.connected(clock.now_ns());
        backoff.lost(clock.advance(9'999ms));  // a flapping server
        EXPECT_EQ(backoff.next(clock.now_ns()), expected);
    }
}

TEST_F(ReconnectBackoffTest, TenStableSecondsStartOver) {
    auto backoff = series();
    for (int i = 0; i < 10; ++i) (void)backoff.next(clock.now_ns());
    EXPECT_EQ(backoff.dials(), 10U);
    backoff.connected(clock.now_ns());
    backoff.lost(clock.advance(10s));
    EXPECT_EQ(backoff.dials(), 0U);
    EXPECT_EQ(backoff.next(clock.now_ns()), 50ms);
}

TEST_F(ReconnectBackoffTest, StabilityWithoutASuccessCountsForNothing) {
    auto backoff = series();
    (void)backoff.next(clock.now_ns());
    backoff.lost(clock.advance(1h));
    EXPECT_EQ(backoff.next(clock.advance(1h)), 100ms);
}

TEST_F(ReconnectBackoffTest, NextWhileConnectedCountsAsLoss) {
    auto backoff = series();
    (void)backoff.next(clock.now_ns());
    backoff.connected(clock.now_ns());
    EXPECT_EQ(backoff.next(clock.advance(10s)), 50ms);
    EXPECT_EQ(backoff.next(clock.advance(10s)), 100ms);  // the success was used up
}

TEST_F(ReconnectBackoffTest, ClockThatStepsBackIsNotStability) {
    auto backoff = series();
    (void)backoff.next(clock.now_ns());
    backoff.connected(clock.now_ns());
    backoff.lost(clock.advance(-1h));
    EXPECT_EQ(backoff.next(clock.now_ns()), 100ms);
}

TEST_F(ReconnectBackoffTest, ExhaustedSeriesIsFollowedByANewOne) {
    auto backoff = series(3);
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(backoff.next(clock.now_ns()), 50ms);
        EXPECT_EQ(backoff.next(clock.now_ns()), 100ms);
        EXPECT_EQ(backoff.next(clock.now_ns()), 200ms);
        EXPECT_EQ(backoff.next(clock.now_ns()), std::nullopt);
    }
}

TEST_F(ReconnectBackoffTest, ResetStartsOver) {
    auto backoff = series();
    (void)backoff.next(clock.now_ns());
    (void)backoff.next(clock.now_ns());
    backoff.reset();
    EXPECT_EQ(backoff.next(clock.now_ns()), 50ms);
}

}  // namespace
}  // namespace redoubt::resilience
