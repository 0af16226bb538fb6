// Shares of the time for several addresses.
#include "core/connection/dial_addresses.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

TEST(AddressTurns, EveryAddressGetsAnEqualShareOfWhatIsLeft) {
    AddressTurns turns(3, 300);
    EXPECT_FALSE(turns.exhausted());
    EXPECT_EQ(turns.take(), 0U);
    EXPECT_EQ(turns.share_until_ns(0), 100);
    EXPECT_EQ(turns.take(), 1U);
    EXPECT_EQ(turns.share_until_ns(100), 200);
    EXPECT_EQ(turns.take(), 2U);
    EXPECT_EQ(turns.share_until_ns(200), 300);
    EXPECT_TRUE(turns.exhausted());
}

TEST(AddressTurns, WhatAnAddressDidNotUseGoesToTheOthers) {
    AddressTurns turns(3, 300);
    (void)turns.take();
    (void)turns.take();
    EXPECT_EQ(turns.share_until_ns(20), 20 + 140);
    (void)turns.take();
    EXPECT_EQ(turns.share_until_ns(30), 300);
}

TEST(AddressTurns, NothingIsLeftAfterTheDeadline) {
    AddressTurns turns(2, 300);
    (void)turns.take();
    EXPECT_EQ(turns.share_until_ns(300), 300);
    EXPECT_EQ(turns.share_until_ns(400), 400);
}

TEST(AddressTurns, NoAddressNoTurn) { EXPECT_TRUE(AddressTurns(0, 300).exhausted()); }

TEST(AddressTurns, TheReportNamesEveryAddressWithWhatHappenedThere) {
    AddressTurns turns(2, 300);
    EXPECT_EQ(turns.report(), "");
    turns.note_failure("10.0.0.1:6379", "Connection refused");
    EXPECT_EQ(turns.report(), "10.0.0.1:6379: Connection refused");
    turns.note_failure("[::1]:6379", "timed out");
    EXPECT_EQ(turns.report(), "10.0.0.1:6379: Connection refused; [::1]:6379: timed out");
}

}  // namespace
}  // namespace redoubt::core
