// The retry budget: its arithmetic, its published figures, and threads.
#include "resilience/retry_budget.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string_view>
#include <thread>
#include <vector>

#include "resilience/random.hpp"

namespace redoubt::resilience {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start = 17 * second;

RetryBudget budget(retry_budget_policy p) { return RetryBudget(p, start); }

int withdraw_all(RetryBudget& b, std::int64_t now) {
    int n = 0;
    while (b.withdraw(now)) ++n;
    return n;
}

TEST(RetryBudget, IsFullAtTheStartAndEachRepetitionCostsAToken) {
    auto b = budget({});
    EXPECT_EQ(b.tokens(start), 100);
    EXPECT_TRUE(b.withdraw(start));
    EXPECT_EQ(b.tokens(start), 99);
    EXPECT_EQ(withdraw_all(b, start), 99);
    EXPECT_EQ(b.tokens(start), 0);
}

TEST(RetryBudget, TenSuccessesEarnAToken) {
    auto b = budget({});
    withdraw_all(b, start);
    for (int i = 0; i < 9; ++i) b.deposit();
    EXPECT_FALSE(b.withdraw(start)) << "nine tenths";
    b.deposit();
    EXPECT_TRUE(b.withdraw(start));
    EXPECT_FALSE(b.withdraw(start));
}

TEST(RetryBudget, HoldsNoMoreThanItsCap) {
    auto b = budget({.cap = 3});
    b.deposit();
    b.refund();
    EXPECT_EQ(b.tokens(start), 3);
    EXPECT_EQ(b.tokens(start + 1000 * second), 3);
    EXPECT_EQ(withdraw_all(b, start + 1000 * second), 3);
}

TEST(RetryBudget, ARefundMakesTheRepetitionUndone) {
    auto b = budget({.cap = 1});
    ASSERT_TRUE(b.withdraw(start));
    ASSERT_FALSE(b.withdraw(start));
    b.refund();
    EXPECT_TRUE(b.withdraw(start));
}

TEST(RetryBudget, TimeEarnsATokenInASecond) {
    auto b = budget({});
    withdraw_all(b, start);
    EXPECT_FALSE(b.withdraw(start + second - 1));
    EXPECT_TRUE(b.withdraw(start + second));
    EXPECT_FALSE(b.withdraw(start + second));
    EXPECT_EQ(withdraw_all(b, start + 11 * second), 10);
}

TEST(RetryBudget, TimeIsNotLostHoweverOftenItIsAsked) {
    for (const std::uint32_t rate : {1U, 3U, 7U, 1000U}) {
        auto b = budget({.cap = 1'000'000, .per_second = rate});
        withdraw_all(b, start);
        auto now = start;
        int granted = 0;
        while (now < start + 100 * second) {
            now += 1'234'567;
            granted += withdraw_all(b, now);
        }
        const double worth = static_cast<double>(now - start) / second * rate;
        EXPECT_LE(granted, worth);
        EXPECT_GE(granted, worth * 0.99999 - 1);
    }
}

// A unit takes 333,333 1/3 ns: rounding must not add up to tokens out of nothing.
TEST(RetryBudget, TimeIsNotCountedTwiceHoweverOftenItIsAsked) {
    auto b = budget({.cap = 10'000, .per_second = 3});
    withdraw_all(b, start);
    auto now = start;
    int granted = 0;
    for (int i = 0; i < 1'000'000; ++i) granted += b.withdraw(now += 333'334) ? 1 : 0;
    EXPECT_LE(granted + b.tokens(now), 1000.002);
    EXPECT_GE(granted + b.tokens(now), 1000.000);
}

TEST(RetryBudget, AClockThatGoesBackwardsEarnsNothing) {
    auto b = budget({});
    withdraw_all(b, start);
    EXPECT_FALSE(b.withdraw(start - 50 * second));
    EXPECT_FALSE(b.withdraw(start - 10 * second));
    EXPECT_FALSE(b.withdraw(start)) << "that time has been counted";
    EXPECT_TRUE(b.withdraw(start + second));
    EXPECT_FALSE(b.withdraw(start + second));
}

TEST(RetryBudget, TheLongestTimesDoNotOverflow) {
    RetryBudget b({.cap = 1'000'000, .per_second = 1'000'000}, std::numeric_limits<std::int64_t>::min());
    ASSERT_TRUE(b.withdraw(std::numeric_limits<std::int64_t>::min()));
    EXPECT_EQ(b.tokens(std::numeric_limits<std::int64_t>::max()), 1'000'000);
    EXPECT_TRUE(b.withdraw(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(b.tokens(std::numeric_limits<std::int64_t>::max()), 999'999);
}

TEST(RetryBudget, WithoutAnIncomeWhatIsSpentIsGone) {
    auto b = budget({.cap = 2, .deposit_thousandths = 0, .per_second = 0});
    EXPECT_EQ(withdraw_all(b, start), 2);
    for (int i = 0; i < 100; ++i) b.deposit();
    EXPECT_FALSE(b.withdraw(start + 1000 * second));
}

TEST(RetryBudget, NoCapMeansNoBudget) {
    auto b = budget({.cap = 0});
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(b.withdraw(start));
    EXPECT_TRUE(b.allows(start));
    EXPECT_EQ(b.tokens(start + second), 0);
}

TEST(RetryBudget, PaidAllowsWhileThereIsAWholeToken) {
    auto b = budget({.cap = 1});
    EXPECT_TRUE(b.allows(start));
    ASSERT_TRUE(b.withdraw(start));
    EXPECT_FALSE(b.allows(start + second - 1));
    EXPECT_TRUE(b.allows(start + second)) << "what time has earned counts";
}

// -- published: the throttle of gRPC --

TEST(RetryThrottle, FollowsThePublishedSequenceOfFourTokens) {
    auto b = budget({.form = budget_form::throttle, .cap = 4, .deposit_thousandths = 1600, .per_second = 0});
    // f: a failure that may be repeated, F: one that may not, s: a success.
    int at = 0;
    for (const char event : std::string_view("fsfFFFFssfFsFsf")) {
        ++at;
        if (event == 's') {
            b.deposit();
        } else {
            EXPECT_EQ(b.withdraw(start), event == 'f') << "event " << at;
        }
    }
}

TEST(RetryThrottle, FollowsThePublishedSequenceOfTenTokens) {
    const retry_budget_policy p{.form = budget_form::throttle, .cap = 10, .deposit_thousandths = 100, .per_second = 0};
    auto full = budget(p);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(full.withdraw(start)) << i;
    EXPECT_FALSE(full.withdraw(start));

    auto empty = budget(p);
    for (int i = 0; i < 20; ++i) (void)empty.withdraw(start);
    ASSERT_EQ(empty.tokens(start), 0);
    for (int i = 0; i < 50; ++i) empty.deposit();
    EXPECT_FALSE(empty.allows(start));
    empty.deposit();
    EXPECT_TRUE(empty.allows(start));
}

// -- published: load under a failure rate, deposits on any success, no income by time --

struct outcome {
    double load = 0;     // attempts for each call
    double success = 0;  // calls that succeeded, of those offered
};

outcome run_calls(double failure_rate, int attempts_max) {
    constexpr int calls = 400'000;
    auto b = budget({.per_second = 0});
    withdraw_all(b, start);
    random_engine random(5);
    int attempts = 0;
    int successes = 0;
    for (int call = 0; call < calls; ++call) {
        for (int attempt = 1;; ++attempt) {
            ++attempts;
            if (random.unit() >= failure_rate) {
                ++successes;
                b.deposit();
                break;
            }
            if (attempt == attempts_max || !b.withdraw(start)) break;
        }
    }
    return {static_cast<double>(attempts) / calls, static_cast<double>(successes) / calls};
}

TEST(RetryBudgetUnderFailure, HalfOfAllAttemptsFail) {
    const auto half = run_calls(0.5, 3);
    EXPECT_NEAR(half.load, 1.053, 0.002);
    EXPECT_NEAR(half.success, 0.527, 0.003);
}

TEST(RetryBudgetUnderFailure, EverythingFails) {
    const auto all = run_calls(1, 3);
    EXPECT_EQ(all.load, 1.0);
    EXPECT_EQ(all.success, 0.0);
}

TEST(RetryBudgetUnderFailure, TheLoadStaysBelowItsBoundAtAnyRate) {
    for (const double rate : {0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 0.99}) {
        for (const int attempts_max : {3, 100}) EXPECT_LE(run_calls(rate, attempts_max).load, 1.1112) << rate;
    }
}

// -- threads --

TEST(RetryBudget, ThreadsCountEverySumOnce) {
    constexpr std::int64_t ms = second / 1000;
    auto b = budget({.cap = 1'000'000});
    for (int i = 0; i < 500'000; ++i) ASSERT_TRUE(b.withdraw(start));
    constexpr int rounds = 20'000;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < rounds; ++i) {
                EXPECT_TRUE(b.withdraw(start + i * ms));
                b.deposit();
                if (i % 4 == 0) b.refund();
            }
        });
    }
    for (auto& t : threads) t.join();
    const auto end = start + (rounds - 1) * ms;
    EXPECT_NEAR(b.tokens(end), 500'000 + 4 * rounds * (-1 + 0.1 + 0.25) + (rounds - 1) * 0.001, 1e-6);
}

TEST(RetryBudget, ThreadsEmptyItExactly) {
    auto b = budget({.cap = 50'000, .deposit_thousandths = 0, .per_second = 0});
    std::atomic<int> granted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) threads.emplace_back([&] { granted += withdraw_all(b, start); });
    for (auto& t : threads) t.join();
    EXPECT_EQ(granted, 50'000);
}

}  // namespace
}  // namespace redoubt::resilience
