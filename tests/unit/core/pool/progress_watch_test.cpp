// When silence is silence.
#include "core/pool/progress_watch.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 1000 * second;
constexpr std::int64_t long_ago = start - 100 * second;

class ProgressWatchTest : public ::testing::Test {
protected:
    ProgressWatch watch_{2 * second};
};

TEST_F(ProgressWatchTest, AnAttemptThatTimedOutIsHalfOfIt) {
    EXPECT_EQ(watch_.begin(start, second, long_ago, 7), start + second);
    EXPECT_FALSE(watch_.silent(start + second - 1, 7));
    EXPECT_TRUE(watch_.silent(start + second, 7));
    EXPECT_EQ(watch_.silent_for_ns(start + second), 2 * second);
}

TEST_F(ProgressWatchTest, AByteEndsIt) {
    watch_.begin(start, second, long_ago, 7);
    EXPECT_FALSE(watch_.silent(start + 100 * second, 8));
}

TEST_F(ProgressWatchTest, ADeadlineProvesNothingOfTheTimeBefore) {
    EXPECT_EQ(watch_.begin(start, 0, long_ago, 7), start + 2 * second);
    EXPECT_FALSE(watch_.silent(start + second, 7));
}

// The command stood behind others, whose replies came while it waited.
TEST_F(ProgressWatchTest, SilenceBeginsWithTheLastByte) {
    EXPECT_EQ(watch_.begin(start, second, start - second / 10, 7), start + 2 * second - second / 10);
    EXPECT_FALSE(watch_.silent(start + second, 7));
}

TEST_F(ProgressWatchTest, ALongAttemptIsLookedAtNowAndNotInThePast) {
    EXPECT_EQ(watch_.begin(start, 60 * second, long_ago, 7), start);
    EXPECT_TRUE(watch_.silent(start, 7));
}

TEST_F(ProgressWatchTest, AByteFromTheFutureIsOneOfNow) {
    EXPECT_EQ(watch_.begin(start, second, start + second, 7), start + 2 * second);
}

TEST_F(ProgressWatchTest, BeginsAnew) {
    watch_.begin(start, second, long_ago, 7);
    watch_.begin(start + 10 * second, second, long_ago, 9);
    EXPECT_FALSE(watch_.silent(start + 10 * second, 9));
    EXPECT_TRUE(watch_.silent(start + 11 * second, 9));
}

}  // namespace
}  // namespace redoubt::core
