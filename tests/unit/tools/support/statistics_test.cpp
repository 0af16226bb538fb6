// Medians, quantiles and harmonic means against values worked out by hand.
#include "tools/support/statistics.hpp"

#include <gtest/gtest.h>

#include <array>

namespace redoubt::lab {
namespace {

TEST(Statistics, median_of_odd_and_even_counts) {
    EXPECT_DOUBLE_EQ(median({3, 1, 2}), 2);
    EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
    EXPECT_DOUBLE_EQ(median({7}), 7);
    EXPECT_DOUBLE_EQ(median({}), 0);
}

TEST(Statistics, quantiles_interpolate_between_neighbours) {
    EXPECT_DOUBLE_EQ(quantile({10, 20, 30, 40, 50}, 0), 10);
    EXPECT_DOUBLE_EQ(quantile({10, 20, 30, 40, 50}, 1), 50);
    EXPECT_DOUBLE_EQ(quantile({10, 20, 30, 40, 50}, 0.9), 46);
    EXPECT_DOUBLE_EQ(quantile({10, 20}, 7), 20);
}

TEST(Statistics, harmonic_mean_is_the_rate_of_an_equal_mixture) {
    // 100 operations at 100/s and 100 at 300/s take 4/3 s together.
    EXPECT_DOUBLE_EQ(harmonic_mean(std::array{100.0, 300.0}), 150);
    EXPECT_DOUBLE_EQ(harmonic_mean(std::array{100.0, 0.0}), 0);
    EXPECT_DOUBLE_EQ(harmonic_mean({}), 0);
}

TEST(Statistics, spread_has_median_and_extremes) {
    const auto s = spread_of({1.2, 0.8, 1.0});
    EXPECT_DOUBLE_EQ(s.median, 1.0);
    EXPECT_DOUBLE_EQ(s.min, 0.8);
    EXPECT_DOUBLE_EQ(s.max, 1.2);
}

}  // namespace
}  // namespace redoubt::lab
