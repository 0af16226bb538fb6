// When a greeting may be tried: before it is known to work, when it works, when it was refused.
#include "core/node/auth_gate.hpp"

#include <gtest/gtest.h>

#include "core/connection/handshake.hpp"

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;
using outcome = AuthGate::outcome;

class AuthGateTest : public ::testing::Test {
protected:
    static constexpr AuthGate::key ann = 1;
    static constexpr AuthGate::key bob = 2;

    std::int64_t now() const { return std::chrono::nanoseconds(now_).count(); }
    std::int64_t in(std::chrono::nanoseconds t) const { return now() + t.count(); }
    AuthGate::answer ask(AuthGate::key who = ann) { return gate_.ask(who, now()); }
    bool finish(AuthGate::pass under, outcome how) {
        return gate_.finished(ann, under, how, now(), how == outcome::refused ? &why_ : nullptr);
    }
    /// One dial from its question to its end.
    bool dial(outcome how) {
        const auto a = ask();
        EXPECT_TRUE(a.open);
        return finish(a.under, how);
    }

    std::chrono::nanoseconds now_ = 1000s;
    const error why_{errc::wrong_pass, fate::not_applied, phase::dial, {.text = "WRONGPASS invalid"}};
    AuthGate gate_;
};

TEST_F(AuthGateTest, OneDialAtATimeUntilItIsKnownToWork) {
    const auto first = ask();
    EXPECT_TRUE(first.open);
    const auto second = ask();
    EXPECT_FALSE(second.open);
    EXPECT_EQ(second.ask_again_ns, AuthGate::told);
    EXPECT_FALSE(second.refused);
    EXPECT_TRUE(ask(bob).open);
    EXPECT_FALSE(finish(first.under, outcome::greeted)) << "nobody was refused";
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(ask().open);
}

TEST_F(AuthGateTest, AfterARefusalOneDialInFiveToThirtySeconds) {
    for (const auto pause : {5s, 10s, 20s, 30s, 30s}) {
        dial(outcome::refused);
        const auto a = ask();
        EXPECT_FALSE(a.open);
        EXPECT_EQ(a.ask_again_ns, in(pause));
        ASSERT_TRUE(a.refused);
        EXPECT_EQ(a.refused->text(), "WRONGPASS invalid");
        EXPECT_TRUE(ask(bob).open) << "other credentials";
        gate_.finished(bob, 0, outcome::withdrawn, now());
        now_ += pause - 1ns;
        EXPECT_FALSE(ask().open);
        now_ += 1ns;
    }
    const auto one = ask();
    EXPECT_TRUE(one.open);
    const auto other = ask();
    EXPECT_FALSE(other.open) << "ten clients that wake up together dial once";
    EXPECT_EQ(other.refused, errc::wrong_pass) << "and calls still fail at once";
}

TEST_F(AuthGateTest, ARefusalSeenTwiceIsOne) {
    dial(outcome::greeted);
    const auto shared = ask();
    const auto lease = ask();
    finish(shared.under, outcome::refused);
    now_ += 1s;
    finish(lease.under, outcome::refused);
    EXPECT_EQ(ask().ask_again_ns, in(4s)) << "neither doubled nor prolonged";
    now_ += 4s;
    dial(outcome::refused);
    EXPECT_EQ(ask().ask_again_ns, in(10s));
}

TEST_F(AuthGateTest, ASuccessOpensForAllAndForgetsTheRow) {
    dial(outcome::refused);
    now_ += 5s;
    EXPECT_TRUE(dial(outcome::greeted)) << "news for those who were refused";
    EXPECT_TRUE(ask().open);
    EXPECT_FALSE(dial(outcome::greeted));
    dial(outcome::refused);
    EXPECT_EQ(ask().ask_again_ns, in(5s)) << "a new row";
}

TEST_F(AuthGateTest, ALateSuccessOpensTooSinceItProvesThem) {
    dial(outcome::greeted);
    const auto slow = ask();
    dial(outcome::refused);
    ASSERT_FALSE(ask().open);
    EXPECT_TRUE(finish(slow.under, outcome::greeted));
    EXPECT_TRUE(ask().open);
}

TEST_F(AuthGateTest, ADialThatDidNotComeToItLetsTheNextTryAndKeepsTheRow) {
    dial(outcome::refused);
    now_ += 5s;
    dial(outcome::nothing);
    const auto a = ask();
    EXPECT_TRUE(a.open);
    EXPECT_FALSE(ask().refused) << "what is true now is that the server is away";
    finish(a.under, outcome::refused);
    EXPECT_EQ(ask().ask_again_ns, in(10s));
}

TEST_F(AuthGateTest, ADialGivenUpChangesNothing) {
    dial(outcome::refused);
    now_ += 5s;
    dial(outcome::withdrawn);
    EXPECT_TRUE(ask().open);
    EXPECT_EQ(ask().refused, errc::wrong_pass);
}

TEST_F(AuthGateTest, AnEarlierDialDoesNotEndTheOneThatIsAllowedNow) {
    dial(outcome::greeted);
    const auto early = ask();
    dial(outcome::refused);
    now_ += 5s;
    ASSERT_TRUE(ask().open);
    finish(early.under, outcome::nothing);
    EXPECT_FALSE(ask().open);
}

TEST_F(AuthGateTest, InDoubtTheyAreTriedByOneAgain) {
    dial(outcome::greeted);
    gate_.doubt(ann);
    EXPECT_TRUE(ask().open);
    EXPECT_FALSE(ask().open);
    gate_.doubt(bob);
    EXPECT_EQ(gate_.size(), 1U) << "nobody has dialled with those";
}

TEST_F(AuthGateTest, AClockThatWasSetBackDoesNotProlongThePause) {
    dial(outcome::refused);
    now_ -= 900s;
    EXPECT_EQ(ask().ask_again_ns, in(5s));
    now_ += 5s;
    EXPECT_TRUE(ask().open);
}

TEST_F(AuthGateTest, ForgetsWhatNothingDependsOn) {
    dial(outcome::refused);
    for (AuthGate::key k = 1000; k < 2000; ++k) {
        const auto a = ask(k);
        ASSERT_TRUE(a.open);
        gate_.finished(k, a.under, outcome::greeted, now());
    }
    EXPECT_LE(gate_.size(), AuthGate::size_max);
    EXPECT_FALSE(ask().open) << "the closed one is remembered";
}

TEST_F(AuthGateTest, OfANodeThatNobodyUsesOnlyRefusalsRemainForAWhile) {
    dial(outcome::refused);
    gate_.finished(bob, ask(bob).under, outcome::greeted, now());
    now_ += 5s;
    ASSERT_TRUE(ask().open);  // and its client is gone before it could tell
    EXPECT_FALSE(gate_.retire(now()));
    EXPECT_EQ(gate_.size(), 1U);
    dial(outcome::refused);
    EXPECT_EQ(ask().ask_again_ns, in(10s)) << "the row goes on";
    now_ += 40s - 1ns;
    EXPECT_FALSE(gate_.retire(now()));
    now_ += 1ns;
    EXPECT_TRUE(gate_.retire(now()));
}

TEST(GreetingKey, IsThatOfWhatTheServerIsTold) {
    const Handshake::settings ann{.user = "ann", .password = "pw", .database = 0, .client_name = "a"};
    auto other = ann;
    other.client_name = "b";
    EXPECT_EQ(greeting_key(other), greeting_key(ann));
    other.password = "pw2";
    EXPECT_NE(greeting_key(other), greeting_key(ann));
    other = ann;
    other.user = "an";
    other.password = "npw";
    EXPECT_NE(greeting_key(other), greeting_key(ann));
    other = ann;
    other.database = 1;
    EXPECT_NE(greeting_key(other), greeting_key(ann));
    other = ann;
    std::swap(other.user, other.password);
    EXPECT_NE(greeting_key(other), greeting_key(ann));
}

}  // namespace
}  // namespace redoubt::core
