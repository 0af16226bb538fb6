// Which lines get through to the log.
#include "core/log_gate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace redoubt::core {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

class LogGateTest : public testing::Test {
protected:
    std::optional<std::uint64_t> admit(std::int64_t now_ns) { return gate_.admit("lost", "a", now_ns); }
    void fill(std::int64_t now_ns) {
        for (std::uint64_t i = 0; i < LogGate::lines_max; ++i) ASSERT_EQ(admit(now_ns), 0U);
    }
    LogGate gate_;
};

TEST_F(LogGateTest, AFewLinesGetThroughAndNoMore) {
    fill(0);
    EXPECT_EQ(admit(0), std::nullopt);
    EXPECT_EQ(admit(LogGate::span_ns - 1), std::nullopt);
}

TEST_F(LogGateTest, TheNextLineThatGetsThroughTellsHowManyDidNot) {
    fill(0);
    for (int i = 0; i < 7; ++i) ASSERT_EQ(admit(second_ns), std::nullopt);
    EXPECT_EQ(admit(LogGate::span_ns), 7U);
    EXPECT_EQ(admit(LogGate::span_ns), 0U) << "said once";
}

TEST_F(LogGateTest, ASpanBeginsWithItsFirstLine) {
    EXPECT_EQ(admit(0), 0U);
    EXPECT_EQ(admit(25 * second_ns), 0U);
    for (std::uint64_t i = 1; i < LogGate::lines_max; ++i) EXPECT_EQ(admit(34 * second_ns), 0U);
    EXPECT_EQ(admit(34 * second_ns), std::nullopt);
    EXPECT_EQ(admit(35 * second_ns), 1U);
}

TEST_F(LogGateTest, EachKindAndEachNodeCountsForItself) {
    fill(0);
    ASSERT_EQ(admit(0), std::nullopt);
    EXPECT_EQ(gate_.admit("dial", "a", 0), 0U);
    EXPECT_EQ(gate_.admit("lost", "b", 0), 0U);
    EXPECT_EQ(admit(0), std::nullopt);
}

TEST_F(LogGateTest, TheKindThatWasQuietLongestIsForgottenWhenThereAreTooMany) {
    fill(0);
    ASSERT_EQ(gate_.admit("lost", "quiet", 1), 0U);
    ASSERT_EQ(admit(2), std::nullopt) << "suppressed, and not quiet";
    for (std::size_t i = 2; i < LogGate::kinds_max; ++i) ASSERT_EQ(gate_.admit("lost", std::to_string(i), 3), 0U);
    for (std::uint64_t i = 1; i < LogGate::lines_max; ++i) ASSERT_EQ(gate_.admit("lost", "quiet", 1), 0U);
    ASSERT_EQ(gate_.admit("lost", "quiet", 1), std::nullopt);
    EXPECT_EQ(gate_.admit("lost", "one more", 4), 0U) << "in the place of the quiet one";
    EXPECT_EQ(admit(5), std::nullopt) << "still known";
    EXPECT_EQ(gate_.admit("lost", "quiet", 6), 0U) << "forgotten, so it begins anew";
}

}  // namespace
}  // namespace redoubt::core
