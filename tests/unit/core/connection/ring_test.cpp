// The queue on a circular array, against std::deque.
#include "core/connection/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace redoubt::core {
namespace {

TEST(Ring, KeepsTheOrderWhileItGrowsWithItsHeadAnywhere) {
    for (int offset = 0; offset < 16; ++offset) {
        Ring<int> ring;
        for (int i = 0; i < offset; ++i) ring.push_back(-1);
        for (int i = 0; i < offset; ++i) EXPECT_EQ(ring.pop_front(), -1);
        ring.push_back(0);
        for (int i = 1; i < 100; ++i) ring.push_back(i);
        for (int i = 0; i < 100; ++i) ASSERT_EQ(ring.pop_front(), i);
        EXPECT_TRUE(ring.empty());
    }
}

TEST(Ring, ErasesAnyItemAndKeepsTheOthersInOrder) {
    for (std::size_t which = 0; which < 9; ++which) {
        Ring<int> ring;
        for (int i = 0; i < 12; ++i) ring.push_back(-1);  // so that the items wrap around the end
        for (int i = 0; i < 12; ++i) (void)ring.pop_front();
        std::deque<int> expected;
        ring.push_back(-1);
        for (int i = 0; i < 9; ++i) {
            ring.push_back(i);
            expected.push_back(i);
        }
        (void)ring.pop_front();
        ring.erase(which);
        expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(which));
        ASSERT_EQ(ring.size(), expected.size());
        for (const int i : expected) ASSERT_EQ(ring.pop_front(), i);
    }
}

TEST(Ring, WorksOnAfterItGaveBackTheMemoryOfAPeak) {
    Ring<int> ring;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10'000; ++i) ring.push_back(i);
        for (int i = 0; i < 10'000; ++i) ASSERT_EQ(ring.pop_front(), i);
    }
    for (int i = 0; i < 5'000; ++i) ring.push_back(i);
    while (ring.size() > 1) ring.erase(ring.size() - 1);
    ring.erase(0);
    ring.push_back(7);
    EXPECT_EQ(ring.front(), 7);
}

TEST(Ring, TrimGivesBackOnlyWhatIsEmpty) {
    Ring<int> ring;
    ring.push_back(1);
    ring.push_back(2);
    ring.trim();
    EXPECT_EQ(ring.pop_front(), 1);
    EXPECT_EQ(ring.pop_front(), 2);
    EXPECT_NE(ring.capacity(), 0U);
    ring.trim();
    EXPECT_EQ(ring.capacity(), 0U);
    ring.push_back(3);
    EXPECT_EQ(ring.pop_front(), 3);
}

TEST(Ring, ReservedRoomIsThere) {
    Ring<int> ring;
    for (int i = 0; i < 6; ++i) ring.push_back(i);
    for (int i = 0; i < 5; ++i) (void)ring.pop_front();
    for (int i = 6; i < 10; ++i) ring.push_back(i);  // around the end
    ring.reserve(100);
    const auto room = ring.capacity();
    EXPECT_GE(room, 100U);
    ring.reserve(50);
    for (int i = 10; i < 105; ++i) ring.push_back(i);
    EXPECT_EQ(ring.capacity(), room);
    for (int i = 5; i < 105; ++i) ASSERT_EQ(ring.pop_front(), i);
}

TEST(Ring, AgreesWithADeque) {
    std::mt19937 random(7);
    Ring<unsigned> ring;
    std::deque<unsigned> model;
    for (int step = 0; step < 50'000; ++step) {
        const auto r = static_cast<unsigned>(random());
        switch (r % 5) {
            case 0:
            case 1:
                ring.push_back(r);
                model.push_back(r);
                break;
            case 2:
            case 3:
                if (model.empty()) break;
                ASSERT_EQ(ring.pop_front(), model.front());
                model.pop_front();
                break;
            case 4:
                if (model.empty()) break;
                const auto at = (r / 5) % model.size();
                ring.erase(at);
                model.erase(model.begin() + static_cast<std::ptrdiff_t>(at));
                break;
        }
        ASSERT_EQ(ring.size(), model.size());
        for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(ring[i], model[i]);
    }
}

}  // namespace
}  // namespace redoubt::core
