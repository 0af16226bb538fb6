// Windows over calls: what is in them, what has left them, what a clock that jumps does.
#include "resilience/call_window.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace redoubt::resilience {

bool operator==(const window_totals& a, const window_totals& b) {
    return a.calls == b.calls && a.failures == b.failures && a.slow == b.slow;
}
void PrintTo(const window_totals& w, std::ostream* out) {
    *out << w.calls << " calls, " << w.failures << " failed, " << w.slow << " slow";
}

namespace {

constexpr std::int64_t s = 1'000'000'000;

class TimeWindowTest : public ::testing::Test {
protected:
    void succeed(std::int64_t now) {
        if (!window_.count_success(now)) window_.count(now, false, false);
    }
    TimeWindow window_{s, 10};
};

TEST_F(TimeWindowTest, CountsWhatHappened) {
    EXPECT_EQ(window_.totals(100 * s), (window_totals{0, 0, 0}));
    succeed(100 * s);
    succeed(100 * s + 1);
    window_.count(100 * s + 2, true, false);
    window_.count(100 * s + 3, false, true);
    window_.count(100 * s + 4, true, true);
    EXPECT_EQ(window_.totals(100 * s + 5), (window_totals{5, 2, 2}));
}

TEST_F(TimeWindowTest, ASuccessNeedsTheLockOnlyWhenASpanBegins) {
    EXPECT_FALSE(window_.count_success(100 * s));
    window_.count(100 * s, false, false);
    EXPECT_TRUE(window_.count_success(101 * s - 1));
    EXPECT_FALSE(window_.count_success(101 * s));
    EXPECT_EQ(window_.totals(101 * s), (window_totals{2, 0, 0})) << "what was refused is not counted";
}

TEST_F(TimeWindowTest, EachSpanLeavesAfterTen) {
    for (int i = 0; i != 10; ++i) {
        succeed((100 + i) * s);
        window_.count((100 + i) * s, true, true);
    }
    EXPECT_EQ(window_.totals(110 * s - 1), (window_totals{20, 10, 10}));
    EXPECT_EQ(window_.totals(110 * s), (window_totals{18, 9, 9})) << "looking is enough";
    succeed(113 * s);
    EXPECT_EQ(window_.totals(113 * s), (window_totals{13, 6, 6}));
    EXPECT_EQ(window_.totals(122 * s), (window_totals{1, 0, 0}));
    EXPECT_EQ(window_.totals(123 * s), (window_totals{0, 0, 0}));
}

TEST_F(TimeWindowTest, SpansFollowOneAnotherFromTheFirstReading) {
    succeed(100 * s + s / 2);
    succeed(103 * s);
    EXPECT_EQ(window_.totals(110 * s + s / 2 - 1), (window_totals{2, 0, 0}));
    EXPECT_EQ(window_.totals(110 * s + s / 2), (window_totals{1, 0, 0}));
}

TEST_F(TimeWindowTest, AClockSetBackFreezesIt) {
    window_.count(100 * s, true, false);
    succeed(50 * s);
    window_.count(50 * s, true, false);
    EXPECT_EQ(window_.totals(50 * s), (window_totals{3, 2, 0}));
    succeed(100 * s + 1);
    EXPECT_EQ(window_.totals(100 * s + 1), (window_totals{4, 2, 0})) << "all in one span";
    EXPECT_EQ(window_.totals(110 * s), (window_totals{0, 0, 0}));
}

TEST_F(TimeWindowTest, AClockThatLeapsFindsItEmpty) {
    for (int i = 0; i != 10; ++i) window_.count((100 + i) * s, true, true);
    succeed(100'000'000 * s);
    EXPECT_EQ(window_.totals(100'000'000 * s), (window_totals{1, 0, 0}));
}

TEST_F(TimeWindowTest, AFailureIsTakenBackWhereItWasCounted) {
    window_.count(100 * s, true, false);
    const auto mark = window_.count(102 * s, true, false);
    window_.count(105 * s, true, false);
    window_.withdraw_failure(mark);
    EXPECT_EQ(window_.totals(105 * s), (window_totals{2, 2, 0}));
    EXPECT_EQ(window_.totals(110 * s), (window_totals{1, 1, 0}));
    EXPECT_EQ(window_.totals(112 * s), (window_totals{1, 1, 0})) << "that one had gone before";
}

TEST_F(TimeWindowTest, AFailureThatHasLeftIsNotTakenBack) {
    const auto mark = window_.count(100 * s, true, false);
    window_.count(110 * s, true, false);
    window_.withdraw_failure(mark);
    EXPECT_EQ(window_.totals(110 * s), (window_totals{1, 1, 0}));
    const auto before = window_.count(111 * s, true, false);
    window_.clear();
    EXPECT_EQ(window_.totals(111 * s), (window_totals{0, 0, 0}));
    window_.count(111 * s, true, false);
    window_.withdraw_failure(before);
    EXPECT_EQ(window_.totals(111 * s), (window_totals{1, 1, 0}));
}

TEST(CountWindowTest, HoldsTheLastCalls) {
    CountWindow window(5);
    window.count(true, false);
    window.count(true, true);
    for (int i = 0; i != 3; ++i) window.count_success();
    EXPECT_EQ(window.totals(), (window_totals{5, 2, 1}));
    window.count_success();
    EXPECT_EQ(window.totals(), (window_totals{5, 1, 1}));
    window.count(false, true);
    EXPECT_EQ(window.totals(), (window_totals{5, 0, 1}));
}

TEST(CountWindowTest, AFailureIsTakenBackWhileItIsThere) {
    CountWindow window(3);
    auto mark = window.count(true, false);
    window.count_success();
    window.withdraw_failure(mark);
    EXPECT_EQ(window.totals(), (window_totals{1, 0, 0}));
    window.count_success();
    window.count(true, false);  // in the place of the one taken back
    EXPECT_EQ(window.totals(), (window_totals{3, 1, 0}));
    window.withdraw_failure(mark);
    EXPECT_EQ(window.totals(), (window_totals{3, 1, 0})) << "another call has its place";
}

TEST(CountWindowTest, ClearForgetsMarksToo) {
    CountWindow window(3);
    const auto mark = window.count(true, true);
    const auto plain = window.count(true, false);
    window.clear();
    EXPECT_EQ(window.totals(), (window_totals{0, 0, 0}));
    for (int i = 0; i != 3; ++i) window.count(true, false);
    window.withdraw_failure(mark);
    window.withdraw_failure(plain);
    EXPECT_EQ(window.totals(), (window_totals{3, 3, 0}));
}

TEST(CallWindowTest, IsTheOneThatWasAskedFor) {
    CallWindow by_time(s, 10);
    EXPECT_FALSE(by_time.count_success(0));
    by_time.count(0, true, false);
    EXPECT_EQ(by_time.totals(20 * s), (window_totals{0, 0, 0}));
    CallWindow by_count(2);
    for (int i = 0; i != 3; ++i) EXPECT_TRUE(by_count.count_success(0));
    const auto mark = by_count.count(0, true, false);
    EXPECT_EQ(by_count.totals(1000 * s), (window_totals{2, 1, 0}));
    by_count.withdraw_failure(mark);
    EXPECT_EQ(by_count.totals(0), (window_totals{1, 0, 0}));
    by_count.clear();
    EXPECT_EQ(by_count.totals(0), (window_totals{0, 0, 0}));
}

}  // namespace
}  // namespace redoubt::resilience
