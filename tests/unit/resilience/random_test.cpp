// The random engine: its published sequence, and ranges without bias.
#include "resilience/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <set>

namespace redoubt::resilience {
namespace {

static_assert(std::uniform_random_bit_generator<random_engine>);
static_assert(random_engine(1)() == random_engine(1)(), "usable in constant expressions");

TEST(RandomEngineTest, SequenceIsThePublishedOne) {
    random_engine engine(0);  // xoshiro256** seeded by splitmix64 from 0
    EXPECT_EQ(engine(), 11091344671253066420U);
    EXPECT_EQ(engine(), 13793997310169335082U);
    EXPECT_EQ(engine(), 1900383378846508768U);
    EXPECT_EQ(engine(), 7684712102626143532U);
}

TEST(RandomEngineTest, SameSeedSameSequenceAndCopiesContinueAlike) {
    random_engine a(42);
    random_engine b(42);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(a(), b());
    random_engine c = a;
    EXPECT_EQ(a(), c());
    EXPECT_NE(random_engine(1)(), random_engine(2)());
}

TEST(RandomEngineTest, RangesIncludeBothEndsAndNothingElse) {
    random_engine engine(7);
    std::set<std::int64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(engine.between(-2, 3));
    EXPECT_EQ(seen, (std::set<std::int64_t>{-2, -1, 0, 1, 2, 3}));
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(engine.up_to(0), 0U);
        ASSERT_EQ(engine.between(5, 5), 5);
        ASSERT_LE(engine.up_to(1), 1U);
        const double u = engine.unit();
        ASSERT_GE(u, 0.0);
        ASSERT_LT(u, 1.0);
    }
}

TEST(RandomEngineTest, WholeRangesWork) {
    random_engine engine(7);
    random_engine same(7);
    EXPECT_EQ(engine.up_to(random_engine::max()), same());
    bool negative = false;
    bool positive = false;
    for (int i = 0; i < 100; ++i) {
        const auto drawn =
            engine.between(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
        (drawn < 0 ? negative : positive) = true;
    }
    EXPECT_TRUE(negative && positive);
}

TEST(RandomEngineTest, SmallRangeIsUniform) {
    constexpr int draws = 70'000;
    random_engine engine(99);
    std::array<int, 7> count{};
    for (int i = 0; i < draws; ++i) ++count.at(engine.up_to(6));
    double chi_square = 0;
    for (const int c : count) chi_square += std::pow(c - draws / 7.0, 2) / (draws / 7.0);
    EXPECT_LT(chi_square, 22.5);  // 6 degrees of freedom, p = 0.001
}

// Folding 64 bits into three quarters of their range would draw the lowest third twice as often as the others.
TEST(RandomEngineTest, WideRangeHasNoBias) {
    constexpr std::uint64_t third = std::uint64_t{1} << 62;
    constexpr int draws = 30'000;
    random_engine engine(3);
    std::array<int, 3> count{};
    for (int i = 0; i < draws; ++i) ++count.at(engine.up_to(3 * third - 1) / third);
    for (const int c : count) EXPECT_NEAR(c, draws / 3.0, 4 * std::sqrt(draws * 2 / 9.0));
}

TEST(RandomSeedTest, DiffersFromCallToCall) {
    std::set<std::uint64_t> seeds;
    for (int i = 0; i < 100; ++i) seeds.insert(random_seed());
    EXPECT_EQ(seeds.size(), 100U);
}

}  // namespace
}  // namespace redoubt::resilience
