// AdaptiveSpin: goes on while it pays, stops when it does not, tries again now and then.
#include "core/connection/adaptive_spin.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

constexpr std::int64_t length_ns = 30'000;

int spins_in(AdaptiveSpin& spin, int occasions, bool found) {
    int spins = 0;
    for (int i = 0; i < occasions; ++i) {
        if (!spin.worthwhile(1)) continue;
        ++spins;
        found ? spin.found() : spin.found_nothing();
    }
    return spins;
}

TEST(AdaptiveSpin, GoesOnWhileItPays) {
    AdaptiveSpin spin(length_ns);
    EXPECT_EQ(spins_in(spin, 1'000, true), 1'000);
}

TEST(AdaptiveSpin, StopsAndTriesOnlyNowAndThenWhenItDoesNotPay) {
    AdaptiveSpin spin(length_ns);
    EXPECT_LE(spins_in(spin, 6'400, false), 110);
    EXPECT_GE(spins_in(spin, 6'400, false), 100);
}

TEST(AdaptiveSpin, ComesBackWhenItPaysAgain) {
    AdaptiveSpin spin(length_ns);
    (void)spins_in(spin, 1'000, false);
    EXPECT_GE(spins_in(spin, 1'000, true), 1'000 - 3 * 64);
}

TEST(AdaptiveSpin, NotAfterManyRepliesAtOnce) {
    AdaptiveSpin spin(length_ns);
    EXPECT_TRUE(spin.worthwhile(4));
    EXPECT_FALSE(spin.worthwhile(5));
}

TEST(AdaptiveSpin, ZeroMeansNever) {
    AdaptiveSpin spin(0);
    EXPECT_EQ(spins_in(spin, 1'000, true), 0);
}

}  // namespace
}  // namespace redoubt::core
