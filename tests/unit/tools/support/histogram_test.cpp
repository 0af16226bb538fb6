// Quantiles of known values, within the width of a bucket.
#include "tools/support/histogram.hpp"

#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, empty_has_no_quantiles) {
    const Histogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.quantile_us(0.5), 0);
}

TEST(Histogram, small_values_are_exact) {
    Histogram histogram;
    for (int ns = 1; ns <= 63; ++ns) histogram.add(std::chrono::nanoseconds(ns));
    EXPECT_DOUBLE_EQ(histogram.quantile_us(0.5), 0.032);
    EXPECT_DOUBLE_EQ(histogram.quantile_us(1), 0.063);
}

TEST(Histogram, one_value_is_found_within_three_percent_whatever_its_size) {
    for (auto ns = 1LL; ns < (1LL << 40); ns = ns * 3 / 2 + 1) {
        Histogram histogram;
        histogram.add(std::chrono::nanoseconds(ns));
        const auto us = static_cast<double>(ns) / 1'000;
        EXPECT_NEAR(histogram.quantile_us(0.5), us, us * 0.032) << ns;
    }
}

TEST(Histogram, quantiles_of_a_uniform_range) {
    Histogram histogram;
    for (int us = 1; us <= 1'000; ++us) histogram.add(std::chrono::microseconds(us));
    EXPECT_NEAR(histogram.quantile_us(0.5), 500, 16);
    EXPECT_NEAR(histogram.quantile_us(0.99), 990, 32);
}

TEST(Histogram, values_outside_the_range_count_at_its_ends) {
    Histogram histogram;
    histogram.add(-5ns);
    EXPECT_EQ(histogram.quantile_us(1), 0);
    histogram.add(24h);
    EXPECT_GT(histogram.quantile_us(1), 1e9);
    EXPECT_EQ(histogram.count(), 2U);
}

TEST(Histogram, merging_adds_the_counts) {
    Histogram low;
    Histogram high;
    for (int i = 0; i < 99; ++i) low.add(10us);
    high.add(10ms);
    low.merge(high);
    EXPECT_EQ(low.count(), 100U);
    EXPECT_NEAR(low.quantile_us(0.5), 10, 0.4);
    EXPECT_NEAR(low.quantile_us(1), 10'000, 400);
}

}  // namespace
}  // namespace redoubt::lab
