// The limiter against its contract and against a reference model.
#include "resilience/limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace redoubt::resilience {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct test_waiter : limiter_waiter {
    int id = 0;
};

int id_of(limiter_waiter* w) { return static_cast<test_waiter*>(w)->id; }

std::vector<int> ids(waiter_chain chain) {
    std::vector<int> out;
    while (limiter_waiter* const w = chain.pop()) out.push_back(id_of(w));
    return out;
}

// Waiters 0 to 7, not queued yet.
struct LimiterTest : ::testing::Test {
    LimiterTest() {
        for (std::size_t i = 0; i < waiters.size(); ++i) waiters[i].id = static_cast<int>(i);
    }
    std::array<test_waiter, 8> waiters;
};

TEST_F(LimiterTest, GrantsUpToTheLimitThenQueuesThenIsFull) {
    Limiter limiter(2, 1);
    EXPECT_EQ(limiter.acquire(waiters[0]), admission::granted);
    EXPECT_EQ(limiter.acquire(waiters[1]), admission::granted);
    EXPECT_EQ(limiter.acquire(waiters[2]), admission::queued);
    EXPECT_EQ(limiter.acquire(waiters[3]), admission::full);

    const auto s = limiter.snapshot();
    EXPECT_EQ(s.limit, 2U);
    EXPECT_EQ(s.in_use, 2U);
    EXPECT_EQ(s.waiting, 1U);
    EXPECT_EQ(s.queue_max, 1U);
    EXPECT_EQ(s.rejected, 1U);
    EXPECT_EQ(s.available(), 0);
    EXPECT_EQ(limiter.release(), &waiters[2]);
    EXPECT_EQ(limiter.release(), nullptr);
    EXPECT_EQ(limiter.release(), nullptr);
    EXPECT_EQ(limiter.snapshot().in_use, 0U);
}

TEST_F(LimiterTest, TryingTakesOnlyWhatIsFreeAndCountsNoRejection) {
    Limiter limiter(1, 0);
    EXPECT_TRUE(limiter.try_acquire());
    EXPECT_FALSE(limiter.try_acquire());
    EXPECT_EQ(limiter.snapshot().rejected, 0U);
    EXPECT_EQ(limiter.snapshot().in_use, 1U);
    EXPECT_EQ(limiter.release(), nullptr);
    (void)limiter.close();
    EXPECT_FALSE(limiter.try_acquire()) << "closed";

    Limiter crowded(1, 1);
    EXPECT_TRUE(crowded.try_acquire());
    EXPECT_EQ(crowded.acquire(waiters[0]), admission::queued);
    (void)crowded.release();
    EXPECT_EQ(crowded.release(), nullptr);
    EXPECT_EQ(crowded.snapshot().in_use, 0U);
}

TEST_F(LimiterTest, PassesPermitsInOrderOfArrival) {
    Limiter limiter(1, 8);
    ASSERT_EQ(limiter.acquire(waiters[0]), admission::granted);
    for (std::size_t i = 1; i < 5; ++i) ASSERT_EQ(limiter.acquire(waiters[i]), admission::queued);
    for (std::size_t i = 1; i < 5; ++i) EXPECT_EQ(limiter.release(), &waiters[i]);
    EXPECT_EQ(limiter.snapshot().in_use, 1U);
    EXPECT_EQ(limiter.release(), nullptr);
}

TEST_F(LimiterTest, RemovedWaiterLeavesTheOthersInOrder) {
    Limiter limiter(1, 8);
    ASSERT_EQ(limiter.acquire(waiters[0]), admission::granted);
    for (std::size_t i = 1; i < 6; ++i) ASSERT_EQ(limiter.acquire(waiters[i]), admission::queued);
    EXPECT_TRUE(limiter.remove(waiters[1]));  // head
    EXPECT_TRUE(limiter.remove(waiters[3]));  // middle
    EXPECT_TRUE(limiter.remove(waiters[5]));  // tail
    EXPECT_FALSE(limiter.remove(waiters[3]));
    EXPECT_EQ(limiter.acquire(waiters[3]), admission::queued);  // a waiter may be used again, at the end of the line
    EXPECT_EQ(limiter.release(), &waiters[2]);
    EXPECT_EQ(limiter.release(), &waiters[4]);
    EXPECT_EQ(limiter.release(), &waiters[3]);
    EXPECT_EQ(limiter.release(), nullptr);
}

TEST_F(LimiterTest, CancelAfterTheGrantKeepsThePermit) {
    Limiter limiter(1, 8);
    ASSERT_EQ(limiter.acquire(waiters[0]), admission::granted);
    EXPECT_FALSE(limiter.remove(waiters[0]));
    ASSERT_EQ(limiter.acquire(waiters[1]), admission::queued);
    ASSERT_EQ(limiter.release(), &waiters[1]);
    EXPECT_FALSE(limiter.remove(waiters[1]));
    EXPECT_EQ(limiter.snapshot().in_use, 1U);  // the permit of waiter 1
    EXPECT_EQ(limiter.release(), nullptr);
}

TEST_F(LimiterTest, NobodyOvertakesWhenTheLineIsLeftAndPermitsAreFree) {
    Limiter limiter(0, 8);
    ASSERT_EQ(limiter.acquire(waiters[0]), admission::queued);
    ASSERT_EQ(limiter.acquire(waiters[1]), admission::queued);
    EXPECT_THAT(ids(limiter.resize(1)), ElementsAre(0));
    EXPECT_EQ(limiter.acquire(waiters[2]), admission::queued);
    EXPECT_THAT(ids(limiter.resize(8)), ElementsAre(1, 2));
    EXPECT_EQ(limiter.acquire(waiters[3]), admission::granted);
    EXPECT_EQ(limiter.snapshot().in_use, 4U);
}

TEST_F(LimiterTest, LoweringLetsAvailableGoNegativeAndDrains) {
    Limiter limiter(4, 8);
    for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(limiter.acquire(waiters[i]), admission::granted);
    ASSERT_EQ(limiter.acquire(waiters[4]), admission::queued);
    EXPECT_THAT(ids(limiter.resize(2)), IsEmpty());
    EXPECT_EQ(limiter.snapshot().available(), -2);
    EXPECT_EQ(limiter.release(), nullptr);
    EXPECT_EQ(limiter.release(), nullptr);
    EXPECT_EQ(limiter.snapshot().available(), 0);
    EXPECT_EQ(limiter.release(), &waiters[4]);
    EXPECT_EQ(limiter.snapshot().in_use, 2U);
}

TEST_F(LimiterTest, RaisingGrantsOnlyWhatFits) {
    Limiter limiter(1, 8);
    for (auto& w : waiters) (void)limiter.acquire(w);
    EXPECT_THAT(ids(limiter.resize(4)), ElementsAre(1, 2, 3));
    EXPECT_THAT(ids(limiter.resize(4)), IsEmpty());
    EXPECT_THAT(ids(limiter.resize(100)), ElementsAre(4, 5, 6, 7));
    EXPECT_EQ(limiter.snapshot().in_use, 8U);
    EXPECT_EQ(limiter.snapshot().in_use_max, 8U);
}

TEST_F(LimiterTest, CloseDismissesWaitersWithoutPermitAndRefusesNewOnes) {
    Limiter limiter(1, 8);
    for (std::size_t i = 0; i < 4; ++i) (void)limiter.acquire(waiters[i]);
    EXPECT_THAT(ids(limiter.close()), ElementsAre(1, 2, 3));
    EXPECT_TRUE(limiter.close().empty());
    EXPECT_FALSE(limiter.remove(waiters[2]));
    EXPECT_EQ(limiter.acquire(waiters[4]), admission::closed);
    EXPECT_EQ(limiter.snapshot().in_use, 1U);
    EXPECT_EQ(limiter.release(), nullptr);
    EXPECT_EQ(limiter.acquire(waiters[4]), admission::closed);  // also with a free permit
    EXPECT_TRUE(limiter.snapshot().closed);
    EXPECT_EQ(limiter.snapshot().in_use, 0U);
    EXPECT_EQ(limiter.snapshot().rejected, 0U);
}

TEST_F(LimiterTest, HighWaterMarksStay) {
    Limiter limiter(2, 8);
    for (std::size_t i = 0; i < 5; ++i) (void)limiter.acquire(waiters[i]);
    for (int i = 0; i < 5; ++i) (void)limiter.release();
    const auto s = limiter.snapshot();
    EXPECT_EQ(s.in_use, 0U);
    EXPECT_EQ(s.waiting, 0U);
    EXPECT_EQ(s.in_use_max, 2U);
    EXPECT_EQ(s.waiting_max, 3U);
}

TEST_F(LimiterTest, LargestLimitAndQueueAreUsable) {
    Limiter limiter(Limiter::limit_largest, 0xffffffffU);
    EXPECT_EQ(limiter.snapshot().queue_max, Limiter::queue_largest);
    EXPECT_EQ(limiter.acquire(waiters[0]), admission::granted);
    EXPECT_EQ(limiter.snapshot().available(), std::int64_t{Limiter::limit_largest} - 1);
    EXPECT_EQ(limiter.release(), nullptr);
}

TEST_F(LimiterTest, SevenThousandCallersPassAHundredPermitsInOrder) {
    constexpr int callers = 7552;
    Limiter limiter(100, 16384);
    std::vector<test_waiter> all(callers);
    for (int i = 0; i < callers; ++i) {
        auto& w = all[static_cast<std::size_t>(i)];
        w.id = i;
        ASSERT_EQ(limiter.acquire(w), i < 100 ? admission::granted : admission::queued);
    }
    for (int i = 100; i < callers; ++i) ASSERT_EQ(id_of(limiter.release()), i);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(limiter.release(), nullptr);
    EXPECT_EQ(limiter.snapshot().rejected, 0U);
}

int woken = 0;
void count_wake(limiter_waiter&) noexcept { ++woken; }

TEST_F(LimiterTest, PermitReturnsItselfOnce) {
    woken = 0;
    Limiter limiter(1, 8);
    ASSERT_EQ(limiter.acquire(waiters[0]), admission::granted);
    ASSERT_EQ(limiter.acquire(waiters[1]), admission::queued);
    {
        limiter_permit first(limiter, count_wake);
        limiter_permit second(std::move(first));
        EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): the state after a move is part of the contract
        EXPECT_TRUE(second);
        EXPECT_EQ(woken, 0);
    }
    EXPECT_EQ(woken, 1);
    limiter_permit next(limiter, count_wake);
    next = limiter_permit();
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(limiter.snapshot().in_use, 0U);
}

// The same rules, written the obvious way.
struct limiter_model {
    std::uint32_t limit;
    std::uint32_t queue_max;
    std::uint32_t in_use = 0;
    std::uint64_t rejected = 0;
    std::deque<int> line;

    admission acquire(int id) {
        if (line.empty() && in_use < limit) return ++in_use, admission::granted;
        if (line.size() >= queue_max) return ++rejected, admission::full;
        return line.push_back(id), admission::queued;
    }
    std::vector<int> grant_what_fits() {
        std::vector<int> out;
        for (; !line.empty() && in_use < limit; ++in_use, line.pop_front()) out.push_back(line.front());
        return out;
    }
};

TEST(LimiterModelTest, RandomOperationsAgreeWithTheModel) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RecordProperty("seed", std::to_string(seed));
    std::mt19937 engine(seed);
    const auto below = [&engine](std::uint32_t n) { return static_cast<std::uint32_t>(engine() % n); };

    Limiter limiter(5, 12);
    limiter_model model{.limit = 5, .queue_max = 12};
    std::vector<test_waiter> waiters(40);
    for (std::size_t i = 0; i < waiters.size(); ++i) waiters[i].id = static_cast<int>(i);
    enum class place { idle, waiting };
    std::vector<place> places(waiters.size(), place::idle);
    const auto leave = [&places](int id) { places[static_cast<std::size_t>(id)] = place::idle; };
    int grants = 0;
    int removals = 0;

    for (int step = 0; step < 300'000; ++step) {
        const std::uint32_t dice = below(100);
        const std::size_t pick = below(static_cast<std::uint32_t>(waiters.size()));
        const int id = static_cast<int>(pick);
        if (dice < 48) {
            if (places[pick] == place::waiting) continue;
            const admission expected = model.acquire(id);
            ASSERT_EQ(limiter.acquire(waiters[pick]), expected) << "step " << step;
            if (expected == admission::queued) places[pick] = place::waiting;
        } else if (dice < 88) {
            if (model.in_use == 0) continue;
            --model.in_use;
            const std::vector<int> expected = model.grant_what_fits();
            ASSERT_LE(expected.size(), 1U);
            limiter_waiter* const got = limiter.release();
            ASSERT_EQ(got != nullptr, !expected.empty()) << "step " << step;
            if (got != nullptr) {
                ASSERT_EQ(id_of(got), expected.front()) << "step " << step;
                leave(expected.front());
                ++grants;
            }
        } else if (dice < 98) {
            const auto at = std::find(model.line.begin(), model.line.end(), id);
            const bool waiting = at != model.line.end();
            if (waiting) model.line.erase(at);
            ASSERT_EQ(limiter.remove(waiters[pick]), waiting) << "step " << step;
            if (waiting) ++removals;
            leave(id);
        } else {
            model.limit = below(10);
            const std::vector<int> expected = model.grant_what_fits();
            ASSERT_EQ(ids(limiter.resize(model.limit)), expected) << "step " << step;
            for (const int granted : expected) leave(granted);
        }
        const auto s = limiter.snapshot();
        ASSERT_EQ(s.in_use, model.in_use) << "step " << step;
        ASSERT_EQ(s.waiting, model.line.size()) << "step " << step;
        ASSERT_EQ(s.limit, model.limit) << "step " << step;
        ASSERT_EQ(s.rejected, model.rejected) << "step " << step;
    }
    EXPECT_GT(grants, 1000);
    EXPECT_GT(removals, 1000);
    EXPECT_GT(model.rejected, 1000U);
    EXPECT_EQ(ids(limiter.close()), std::vector<int>(model.line.begin(), model.line.end()));
}

TEST(LimiterLineTest, TakesNobodyOutOfAnothersLine) {
    Limiter first(1, 10);
    Limiter second(1, 10);
    limiter_waiter holder;
    limiter_waiter other_holder;
    limiter_waiter waiter;
    ASSERT_EQ(first.acquire(holder), admission::granted);
    ASSERT_EQ(second.acquire(other_holder), admission::granted);
    ASSERT_EQ(second.acquire(waiter), admission::queued);
    EXPECT_FALSE(first.remove(waiter)) << "it has moved on";
    EXPECT_EQ(first.snapshot().waiting, 0U);
    EXPECT_EQ(second.snapshot().waiting, 1U);
    EXPECT_EQ(second.release(), &waiter);
    EXPECT_FALSE(second.remove(waiter));
}

}  // namespace
}  // namespace redoubt::resilience
