// The clock that tests move by hand.
#include <gtest/gtest.h>

#include <redoubt/testing/manual_clock.hpp>

namespace redoubt::testing {
namespace {

using namespace std::chrono_literals;

TEST(ManualClockTest, StandsStillUntilMoved) {
    ManualClock clock;
    const std::int64_t start = clock.now_ns();
    EXPECT_EQ(start, std::chrono::nanoseconds(1s).count());
    EXPECT_EQ(clock.now_ns(), start);
    EXPECT_EQ(clock.advance(5ms), start + 5'000'000);
    EXPECT_EQ(clock.now_ns(), start + 5'000'000);
    EXPECT_EQ(clock.now().time_since_epoch(), 1s + 5ms);
}

TEST(ManualClockTest, MayStepBackAndBeSet) {
    ManualClock clock(10s);
    EXPECT_EQ(clock.advance(-3s), std::chrono::nanoseconds(7s).count());
    clock.set(ManualClock::time_point(42s));
    EXPECT_EQ(clock.now(), ManualClock::time_point(42s));
}

}  // namespace
}  // namespace redoubt::testing
