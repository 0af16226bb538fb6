// The wheel against its contract and against a std::multimap.
#include "resilience/timer_wheel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace redoubt::resilience {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t ms = 1'000'000;
constexpr std::int64_t hour = 3'600'000 * ms;
constexpr std::int64_t tick = TimerWheel::tick_ns;
constexpr std::int64_t turn = tick * static_cast<std::int64_t>(TimerWheel::slot_count);
static_assert(tick <= 5 * ms);

struct test_timer : timer_node {
    int id = 0;
};

struct TimerWheelTest : ::testing::Test {
    TimerWheelTest() {
        for (std::size_t i = 0; i < timers.size(); ++i) timers[i].id = static_cast<int>(i);
    }
    ~TimerWheelTest() override {
        for (auto& t : timers) wheel.remove(t);
        EXPECT_TRUE(wheel.empty());
    }
    std::vector<int> advance(std::int64_t now_ns) {
        std::vector<int> out;
        wheel.advance(now_ns, [&out](timer_node& n) {
            EXPECT_FALSE(n.linked());
            out.push_back(static_cast<test_timer&>(n).id);
        });
        return out;
    }
    static constexpr std::int64_t start = 1000 * hour + 1;  // clocks rarely stand on a tick
    TimerWheel wheel{start};
    std::array<test_timer, 8> timers;
};

TEST_F(TimerWheelTest, ExpiresNeverEarlyAndAtMostOneTickLate) {
    for (std::int64_t offset = 0; offset <= 2 * tick; offset += tick / 16) {
        const std::int64_t now = start + 40 * offset;
        (void)advance(now);
        const std::int64_t expires = now + 100 * ms + offset;
        wheel.add(timers[0], expires);
        EXPECT_THAT(advance(expires - 1), IsEmpty()) << offset;
        EXPECT_THAT(advance(expires + tick), ElementsAre(0)) << offset;
        EXPECT_FALSE(timers[0].linked());
    }
}

TEST_F(TimerWheelTest, NeighbouringTicksComeInOrderOfTime) {
    wheel.add(timers[0], start + 30 * ms);
    wheel.add(timers[1], start + 10 * ms);
    wheel.add(timers[2], start + 20 * ms);
    EXPECT_THAT(advance(start + 50 * ms), ElementsAre(1, 2, 0));
}

TEST_F(TimerWheelTest, RemovedTimerDoesNotExpireAndMayBeRemovedAgain) {
    wheel.add(timers[0], start + 10 * ms);
    wheel.add(timers[1], start + 10 * ms);
    wheel.remove(timers[0]);
    wheel.remove(timers[0]);
    EXPECT_EQ(wheel.size(), 1U);
    EXPECT_THAT(advance(start + 20 * ms), ElementsAre(1));
    wheel.remove(timers[1]);
    EXPECT_TRUE(wheel.empty());
}

TEST_F(TimerWheelTest, AddingALinkedTimerMovesIt) {
    wheel.add(timers[0], start + 10 * ms);
    wheel.add(timers[0], start + 50 * ms);
    EXPECT_EQ(wheel.size(), 1U);
    EXPECT_THAT(advance(start + 40 * ms), IsEmpty());
    EXPECT_THAT(advance(start + 60 * ms), ElementsAre(0));
}

TEST_F(TimerWheelTest, NeverIsNotStored) {
    wheel.add(timers[0], TimerWheel::never);
    EXPECT_FALSE(timers[0].linked());
    wheel.add(timers[0], start + 10 * ms);
    wheel.add(timers[0], TimerWheel::never);
    EXPECT_FALSE(timers[0].linked());
    EXPECT_TRUE(wheel.empty());
    EXPECT_EQ(wheel.next_due_ns(), TimerWheel::never);
}

TEST_F(TimerWheelTest, TimersOfLaterTurnsStay) {
    const std::int64_t expires = start + 3 * turn + 7 * ms;
    wheel.add(timers[0], expires);
    wheel.add(timers[1], start + 7 * ms);
    EXPECT_THAT(advance(start + 12 * ms), ElementsAre(1));
    for (std::int64_t now = start; now < expires; now += 100 * ms) EXPECT_THAT(advance(now), IsEmpty());
    EXPECT_THAT(advance(expires + tick), ElementsAre(0));
}

TEST_F(TimerWheelTest, LeapForwardVisitsEachSlotOnce) {
    wheel.add(timers[0], start + 5 * hour);
    wheel.add(timers[1], start + 10 * ms);
    wheel.add(timers[2], start + 3 * turn);
    wheel.add(timers[3], std::numeric_limits<std::int64_t>::max() - 1);
    EXPECT_THAT(advance(start + 6 * hour), UnorderedElementsAre(0, 1, 2));
    // Thirty million ticks a step: a loop over the ticks would take minutes.
    for (std::int64_t i = 1; i <= 1000; ++i) EXPECT_THAT(advance(start + 6 * hour + i * 30 * hour), IsEmpty());
    EXPECT_THAT(advance(std::numeric_limits<std::int64_t>::max() - 1), ElementsAre(3));
}

TEST_F(TimerWheelTest, StepBackNeitherExpiresNorLosesTimers) {
    wheel.add(timers[0], start + 100 * ms);
    wheel.add(timers[1], start + 60 * ms);
    EXPECT_THAT(advance(start + 80 * ms), ElementsAre(1));
    wheel.add(timers[2], start + 70 * ms);  // past, unless the clock steps back
    EXPECT_THAT(advance(start), IsEmpty());
    EXPECT_THAT(advance(start + 60 * ms), IsEmpty());
    EXPECT_THAT(advance(start + 75 * ms), ElementsAre(2));
    EXPECT_THAT(advance(start + 105 * ms), ElementsAre(0));
}

TEST_F(TimerWheelTest, PastTimeExpiresWithTheNextCallWithinTheSameTick) {
    wheel.add(timers[0], start - hour);
    wheel.add(timers[1], std::numeric_limits<std::int64_t>::min());
    EXPECT_LE(wheel.next_due_ns(), start);
    EXPECT_THAT(advance(start), ElementsAre(0, 1));
}

TEST_F(TimerWheelTest, TimesBeforeZeroWork) {
    TimerWheel early(-10 * ms);
    early.add(timers[0], -2 * ms - 1);
    int expired = 0;
    const auto count = [&expired](timer_node&) { ++expired; };
    early.advance(-2 * ms - 2, count);
    EXPECT_EQ(expired, 0);
    early.advance(2 * ms, count);
    EXPECT_EQ(expired, 1);
}

TEST_F(TimerWheelTest, CallbackMayRemoveWhatIsDueInTheSameCall) {
    for (std::size_t i = 0; i < 6; ++i) wheel.add(timers[i], start + 10 * ms + (i >= 4 ? tick : 0));
    std::vector<int> seen;
    wheel.advance(start + 50 * ms, [&](timer_node& n) {
        seen.push_back(static_cast<test_timer&>(n).id);
        wheel.remove(timers[1]);  // next in the list
        wheel.remove(timers[3]);
        wheel.remove(timers[5]);  // another slot
    });
    EXPECT_THAT(seen, ElementsAre(0, 2, 4));
    EXPECT_TRUE(wheel.empty());
}

TEST_F(TimerWheelTest, CallbackMayAddAndMoveTimers) {
    for (std::size_t i = 0; i < 3; ++i) wheel.add(timers[i], start + 10 * ms);
    std::vector<int> seen;
    wheel.advance(start + 50 * ms, [&](timer_node& n) {
        seen.push_back(static_cast<test_timer&>(n).id);
        wheel.add(timers[0], start + 20 * ms);  // itself, and past already: waits for the next call
        wheel.add(timers[1], start + 90 * ms);  // due in this call, put off
        wheel.add(timers[7], start + 80 * ms);
    });
    EXPECT_THAT(seen, ElementsAre(0, 2));
    EXPECT_THAT(advance(start + 50 * ms), ElementsAre(0));
    EXPECT_THAT(advance(start + 95 * ms), ElementsAre(7, 1));
}

TEST_F(TimerWheelTest, CallbackMayDestroyItsTimer) {
    auto* const owned = new test_timer;
    wheel.add(*owned, start + 10 * ms);
    wheel.add(timers[0], start + 10 * ms);
    int calls = 0;
    wheel.advance(start + 50 * ms, [&](timer_node& n) {
        if (&n == owned) delete owned;
        ++calls;
    });
    EXPECT_EQ(calls, 2);
}

TEST_F(TimerWheelTest, CallbackThatThrowsLeavesTheRestForTheNextCall) {
    for (std::size_t i = 0; i < 3; ++i) wheel.add(timers[i], start + 10 * ms);
    EXPECT_THROW(wheel.advance(start + 50 * ms, [](timer_node&) { throw 1; }), int);
    EXPECT_EQ(wheel.size(), 2U);
    EXPECT_THAT(advance(start + 50 * ms), ElementsAre(1, 2));
}

TEST_F(TimerWheelTest, HintIsNeverLaterThanTheEndOfTheTick) {
    wheel.add(timers[0], start + 50 * ms);
    wheel.add(timers[1], start + 30 * ms);
    EXPECT_GE(wheel.next_due_ns(), start + 30 * ms);
    EXPECT_LT(wheel.next_due_ns(), start + 30 * ms + tick);
    wheel.remove(timers[1]);
    EXPECT_GE(wheel.next_due_ns(), start + 50 * ms);
    EXPECT_LT(wheel.next_due_ns(), start + 50 * ms + tick);
    wheel.remove(timers[0]);
    EXPECT_EQ(wheel.next_due_ns(), TimerWheel::never);
}

// Following the hints alone reaches a far timer on time, with about one call a turn.
TEST_F(TimerWheelTest, HintsLeadToAFarTimer) {
    const std::int64_t expires = start + hour;
    wheel.add(timers[0], expires);
    std::int64_t now = start;
    int calls = 0;
    while (!wheel.empty()) {
        const std::int64_t next = wheel.next_due_ns();
        ASSERT_GT(next, now);
        now = next;
        (void)advance(now);
        ++calls;
    }
    EXPECT_GE(now, expires);
    EXPECT_LT(now, expires + tick);
    EXPECT_LE(calls, hour / turn + 2);
}

TEST(TimerWheelModelTest, RandomOperationsAgreeWithAMultimap) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RecordProperty("seed", std::to_string(seed));
    std::mt19937_64 engine(seed);
    const auto below = [&engine](std::int64_t n) {
        return static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(n));
    };

    std::int64_t now = 12345;
    TimerWheel wheel(now);
    std::vector<test_timer> timers(400);
    for (std::size_t i = 0; i < timers.size(); ++i) timers[i].id = static_cast<int>(i);
    std::multimap<std::int64_t, int> model;
    std::vector<std::multimap<std::int64_t, int>::iterator> where(timers.size(), model.end());
    const auto model_remove = [&](std::size_t i) {
        if (where[i] != model.end()) model.erase(std::exchange(where[i], model.end()));
    };
    const auto model_add = [&](std::size_t i, std::int64_t expires) {
        model_remove(i);
        if (expires != TimerWheel::never) where[i] = model.emplace(expires, static_cast<int>(i));
    };
    const auto random_time = [&]() -> std::int64_t {
        switch (below(12)) {
            case 0: return TimerWheel::never;
            case 1: return now - below(100 * ms);
            case 2: return now + below(10 * hour);
            case 3: return now + below(10 * turn);
            default: return now + below(3000 * ms);
        }
    };
    const auto random_change = [&] {
        const auto i = static_cast<std::size_t>(below(static_cast<std::int64_t>(timers.size())));
        if (below(3) == 0) {
            ASSERT_EQ(timers[i].linked(), where[i] != model.end());
            wheel.remove(timers[i]);
            model_remove(i);
        } else {
            const std::int64_t expires = random_time();
            wheel.add(timers[i], expires);
            model_add(i, expires);
        }
    };
    std::int64_t expired = 0;
    std::int64_t added_late = 0;

    for (int step = 0; step < 300'000; ++step) {
        if (below(3) != 0) {
            random_change();
            continue;
        }
        const std::int64_t hint = wheel.next_due_ns();
        const std::int64_t before = now;
        const std::int64_t kind = below(1000);
        if (kind == 0) {
            now += below(20 * hour);
        } else if (kind < 10) {
            now -= below(200 * ms);  // as a clock may that is not monotonic
        } else if (kind < 20) {
            now += below(2 * turn);
        } else {
            now += below(12 * ms);
        }
        std::set<int> fresh;  // added or moved during this call: they wait for the next one
        wheel.advance(now, [&](timer_node& n) {
            const int id = static_cast<test_timer&>(n).id;
            const auto i = static_cast<std::size_t>(id);
            ASSERT_NE(where[i], model.end()) << "expired without being set, step " << step;
            ASSERT_LE(where[i]->first, now) << "early, step " << step;
            ASSERT_EQ(fresh.count(id), 0U) << "step " << step;
            if (now >= before) {
                ASSERT_GT(now, hint - tick) << "expired before the hint, step " << step;
            }
            model_remove(i);
            ++expired;
            if (below(4) == 0) {
                const auto other = static_cast<std::size_t>(below(static_cast<std::int64_t>(timers.size())));
                if (below(2) == 0) {
                    wheel.remove(timers[other]);
                    model_remove(other);
                } else {
                    const std::int64_t expires = random_time();
                    wheel.add(timers[other], expires);
                    model_add(other, expires);
                    fresh.insert(static_cast<int>(other));
                    if (expires <= now) ++added_late;
                }
            }
        });
        ASSERT_EQ(wheel.size(), model.size()) << "step " << step;
        for (auto it = model.begin(); it != model.end() && it->first <= now - tick; ++it) {
            ASSERT_EQ(fresh.count(it->second), 1U) << "more than a tick late, step " << step;
        }
    }
    EXPECT_GT(expired, 10'000);
    EXPECT_GT(added_late, 100);
    for (auto& t : timers) wheel.remove(t);
    EXPECT_TRUE(wheel.empty());
}

}  // namespace
}  // namespace redoubt::resilience
