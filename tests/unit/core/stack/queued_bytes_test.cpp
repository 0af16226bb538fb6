// The ceiling of bytes that wait.
#include "core/stack/queued_bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <vector>

namespace redoubt::core {
namespace {

using ::testing::HasSubstr;

TEST(QueuedBytes, AdmitsUpToTheCeilingAndCountsWhatItTurnsAway) {
    QueuedBytes q(100);
    EXPECT_TRUE(q.try_add(60));
    EXPECT_TRUE(q.try_add(40)) << "exactly full";
    EXPECT_FALSE(q.try_add(1));
    EXPECT_FALSE(q.try_add(std::numeric_limits<std::size_t>::max()));
    EXPECT_EQ(q.bytes(), 100U);
    EXPECT_EQ(q.rejected(), 2U);
    q.remove(60);
    EXPECT_TRUE(q.try_add(60));
}

TEST(QueuedBytes, OneAboveTheCeilingIsAdmittedAlone) {
    QueuedBytes q(100);
    EXPECT_TRUE(q.try_add(1'000));
    EXPECT_FALSE(q.try_add(1));
    q.remove(1'000);
    EXPECT_TRUE(q.try_add(1));
    EXPECT_FALSE(q.try_add(1'000));
}

TEST(QueuedBytes, WithoutACeilingItOnlyCounts) {
    QueuedBytes q(0);
    EXPECT_TRUE(q.try_add(std::size_t{1} << 40));
    EXPECT_TRUE(q.try_add(1));
    EXPECT_EQ(q.bytes(), (std::size_t{1} << 40) + 1);
    EXPECT_EQ(q.rejected(), 0U);
}

TEST(QueuedBytes, WhatMustNotBeTurnedAwayIsCountedAllTheSame) {
    QueuedBytes q(100);
    q.add(150);
    EXPECT_FALSE(q.try_add(1));
    q.remove(150);
    EXPECT_EQ(q.bytes(), 0U);
}

TEST(QueuedBytes, TheRejectionNamesTheOptionAndTheRemedy) {
    const auto why = QueuedBytes(65'536).rejection(phase::limiter);
    EXPECT_EQ(why.kind(), errc::limiter_full);
    EXPECT_EQ(why.fate(), fate::not_applied);
    EXPECT_EQ(why.phase(), phase::limiter);
    EXPECT_TRUE(why.safe_to_retry());
    EXPECT_THAT(why.message(), HasSubstr("as many bytes as queue_bytes_max allows (65536)"));
    EXPECT_THAT(why.message(), HasSubstr("raise limiter.queue_max (queue_bytes_max where its bytes are named)"));
}

TEST(QueuedBytes, NeverPassesTheCeilingWhateverThreadsDo) {
    QueuedBytes q(1'000);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&q] {
            for (int i = 0; i < 20'000; ++i) {
                if (!q.try_add(300)) continue;
                EXPECT_LE(q.bytes(), 1'000U);
                q.remove(300);
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(q.bytes(), 0U);
}

}  // namespace
}  // namespace redoubt::core
