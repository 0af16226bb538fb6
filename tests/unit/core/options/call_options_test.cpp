// Deadlines of single calls: from the start, at a point, none; sums that would overflow.
#include <redoubt/call_options.hpp>

#include <gtest/gtest.h>

namespace redoubt {
namespace {

using namespace std::chrono_literals;
using clock = call_deadline::clock;
using std::chrono::nanoseconds;

constexpr clock::time_point now{1h};
constexpr clock::time_point never = clock::time_point::max();

clock::time_point resolve(call_options o, nanoseconds otherwise = 3s) { return o.deadline.resolve(now, otherwise); }

TEST(CallDeadline, IsThatOfTheClientUnlessSet) {
    EXPECT_FALSE(call_options{}.deadline.is_set());
    EXPECT_EQ(resolve({}), now + 3s);
    EXPECT_EQ(resolve({}, 0s), never);
    EXPECT_EQ(resolve({}, nanoseconds::max()), never);
}

TEST(CallDeadline, CountsADurationFromTheStart) {
    EXPECT_TRUE(call_options{.deadline = 50ms}.deadline.is_set());
    EXPECT_EQ(resolve({.deadline = 50ms}), now + 50ms);
    EXPECT_EQ(resolve({.deadline = 2min}, 0s), now + 2min);
}

TEST(CallDeadline, KeepsAPoint) {
    EXPECT_EQ(resolve({.deadline = now + 200ms}), now + 200ms);
    EXPECT_EQ(resolve({.deadline = now - 1s}), now - 1s);
    EXPECT_EQ(resolve({.deadline = std::chrono::time_point_cast<std::chrono::seconds>(now)}), now);
    EXPECT_EQ(resolve({.deadline = clock::time_point::max()}), never);
}

TEST(CallDeadline, OfASpentBudgetHasPassed) {
    EXPECT_EQ(resolve({.deadline = 0ms}), now);
    EXPECT_EQ(resolve({.deadline = -5ms}), now);
    EXPECT_EQ(resolve({.deadline = nanoseconds::min()}), now);
}

TEST(CallDeadline, IsLiftedByNameOnly) { EXPECT_EQ(resolve({.deadline = no_deadline}), never); }

TEST(CallDeadline, SaturatesInsteadOfOverflowing) {
    EXPECT_EQ(resolve({.deadline = nanoseconds::max()}), never);
    EXPECT_EQ(resolve({.deadline = std::chrono::hours::max()}), never);
    EXPECT_EQ(resolve({.deadline = std::chrono::hours::min()}), now);
    EXPECT_EQ(resolve({.deadline = std::chrono::time_point<clock, std::chrono::hours>::max()}), never);
    EXPECT_EQ(resolve({.deadline = nanoseconds::max() - 1h}), never);
    EXPECT_EQ(resolve({.deadline = nanoseconds::max() - 1h - 1ns}), never - 1ns);
}

TEST(CallOptions, AreSmall) { EXPECT_LE(sizeof(call_options), 48U); }

}  // namespace
}  // namespace redoubt
