// When a PING is due, and when its silence is death.
#include "pubsub/liveness.hpp"

#include <gtest/gtest.h>

namespace redoubt::pubsub {
namespace {

using verdict = Liveness::verdict;

TEST(Liveness, AsksAfterASilence) {
    Liveness l(15, 5);
    l.connected(100);
    EXPECT_EQ(l.next_check_ns(), 115);
    EXPECT_EQ(l.check(114), verdict::fine);
    l.heard(110);
    EXPECT_EQ(l.next_check_ns(), 125);
    EXPECT_EQ(l.check(124), verdict::fine);
    EXPECT_EQ(l.check(125), verdict::ping);
    EXPECT_EQ(l.heard_ns(), 110);
}

TEST(Liveness, WithoutAnAnswerInTimeItIsDead) {
    Liveness l(15, 5);
    l.connected(0);
    ASSERT_EQ(l.check(20), verdict::ping);
    EXPECT_EQ(l.next_check_ns(), 25);
    EXPECT_EQ(l.check(24), verdict::fine);
    EXPECT_EQ(l.check(25), verdict::dead);
}

TEST(Liveness, OnlyThePongIsAnAnswer) {
    Liveness l(15, 5);
    l.connected(0);
    ASSERT_EQ(l.check(15), verdict::ping);
    l.heard(19);
    EXPECT_EQ(l.check(20), verdict::dead) << "messages come, our words do not arrive";
}

TEST(Liveness, AnsweredItWaitsForTheNextSilence) {
    Liveness l(15, 5);
    l.connected(0);
    ASSERT_EQ(l.check(15), verdict::ping);
    l.heard(17);
    l.pong();
    EXPECT_EQ(l.next_check_ns(), 32);
    EXPECT_EQ(l.check(31), verdict::fine);
    EXPECT_EQ(l.check(32), verdict::ping);
}

TEST(Liveness, ANewConnectionOwesNothing) {
    Liveness l(15, 5);
    l.connected(0);
    ASSERT_EQ(l.check(15), verdict::ping);
    l.connected(100);
    EXPECT_EQ(l.check(114), verdict::fine);
    EXPECT_EQ(l.check(115), verdict::ping);
}

TEST(Liveness, MayBeLeftOut) {
    Liveness l(0, 5);
    l.connected(0);
    EXPECT_EQ(l.next_check_ns(), core::never_ns);
    EXPECT_EQ(l.check(core::never_ns - 1), verdict::fine);
}

}  // namespace
}  // namespace redoubt::pubsub
