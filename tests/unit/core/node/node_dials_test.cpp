// Dials and losses of a node: who may greet it with what, and which losses are forgiven.
#include "core/node/node.hpp"

#include "tests/unit/core/node/node_harness.hpp"

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;

// -- who may greet it --

class Greetings : public NodeTest {
protected:
    static constexpr Node::greeting ann = 1;
    static constexpr Node::greeting bob = 2;
    Node::answer ask(Node::greeting who) { return node_.ask_to_dial(now(), who); }
    void refuse(const Node::answer& a) { node_.dial_finished(a, outcome::refused, now(), &wrong_); }
    const error wrong_{errc::wrong_pass, fate::not_applied, phase::dial, {.text = "WRONGPASS invalid"}};
};

TEST_F(Greetings, AreTriedOnceForAllWhoHaveTheSame) {
    NodeWatcher w;
    node_.join(w);
    const auto first = ask(ann);
    ASSERT_TRUE(first.granted);
    for (int i = 0; i < 9; ++i) {
        const auto a = ask(ann);
        EXPECT_FALSE(a.granted);
        EXPECT_EQ(a.ask_again_ns, Node::told);
        EXPECT_FALSE(a.refused) << "nothing is known yet";
    }
    EXPECT_TRUE(ask(bob).granted) << "others are none of its business";
    refuse(first);
    EXPECT_EQ(w.told.size(), 1U);
    const auto a = ask(ann);
    EXPECT_FALSE(a.granted);
    EXPECT_EQ(a.refused, errc::wrong_pass);
    EXPECT_EQ(a.ask_again_ns, now() + std::chrono::nanoseconds(5s).count());
}

TEST_F(Greetings, ThatWorkAfterAllAreNewsForAll) {
    refuse(ask(ann));
    NodeWatcher w;
    node_.join(w);
    pass(5s);
    const auto again = ask(ann);
    ASSERT_TRUE(again.granted);
    node_.dial_finished(again, outcome::connected, now());
    EXPECT_EQ(w.told.size(), 1U);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(ask(ann).granted) << "and now only the governor counts";
    EXPECT_FALSE(ask(ann).granted);
}

TEST_F(Greetings, ThatTheGovernorPutsOffDoNotStandInTheWayOfTheNext) {
    dial(outcome::failed);
    EXPECT_FALSE(ask(ann).granted) << "its pause is not over";
    pass(1s);
    EXPECT_TRUE(ask(ann).granted);
}

TEST_F(Greetings, AreTriedByOneAgainWhenAConnectionWasLost) {
    node_.dial_finished(ask(ann), outcome::connected, now());
    node_.connection_lost(owed::nothing, now(), ago(1min), ann);
    EXPECT_TRUE(ask(ann).granted);
    EXPECT_FALSE(ask(ann).granted) << "the server may be another one by now";
}

TEST_F(Greetings, OfAClientThatGoesAwayAreTriedByTheNext) {
    NodeWatcher w;
    node_.join(w);
    const auto a = ask(ann);
    ASSERT_FALSE(ask(ann).granted);
    node_.dial_finished(a, outcome::abandoned, now());
    EXPECT_EQ(w.told.size(), 1U);
    EXPECT_TRUE(ask(ann).granted);
}

// -- losses --

class Losses : public NodeTest {
protected:
    Losses() : node_(name(), with_rate()) { connect(); }
    static std::string name() { return "redis://a:6379"; }
    static node_policy with_rate() {
        auto p = quick_policy();
        p.breaker.calls_min = 2;
        p.breaker.failure_percent = 50;
        return p;
    }
    void connect() { finish(outcome::connected); }
    void finish(outcome how) {
        const auto a = node_.ask_to_dial(now());
        ASSERT_TRUE(a.granted);
        node_.dial_finished(a, how, now(), is_failure(how) ? &why_ : nullptr);
    }
    void lose(owed what, std::chrono::nanoseconds age = 1min) { node_.connection_lost(what, now(), ago(age)); }
    /// A loss counts as one call that failed: a second one would open.
    bool counted() {
        pass(2s);
        node_.breaker().connection_failed(now());
        const bool opened = node_.breaker().state() == breaker_state::open;
        node_.breaker().reset(now());
        return opened;
    }
    Node node_;
};

TEST_F(Losses, WithRepliesOwedOneIsAFailure) {
    lose(owed::replies);
    EXPECT_TRUE(counted());
}

TEST_F(Losses, WithNothingOwedItIsNone) {
    lose(owed::nothing);
    EXPECT_FALSE(counted());
}

TEST_F(Losses, IsWithdrawnWhenTheRedialSucceedsAtOnce) {
    lose(owed::replies);
    connect();
    EXPECT_FALSE(counted());
}

TEST_F(Losses, IsNotWithdrawnByARedialThatTookLong) {
    lose(owed::replies);
    const auto a = node_.ask_to_dial(now());
    pass(1s);
    node_.dial_finished(a, outcome::connected, now());
    EXPECT_FALSE(counted()) << "a second is at once";
    lose(owed::replies);
    const auto slow = node_.ask_to_dial(now());
    pass(1001ms);
    node_.dial_finished(slow, outcome::connected, now());
    EXPECT_TRUE(counted());
}

TEST_F(Losses, AlsoWhenAnotherClientsIdleConnectionWentWithIt) {
    lose(owed::replies);
    lose(owed::nothing);
    connect();
    EXPECT_FALSE(counted());
}

TEST_F(Losses, IsNotWithdrawnByALaterRedial) {
    lose(owed::replies);
    finish(outcome::failed);
    pass(1s);
    connect();
    EXPECT_TRUE(counted());
}

TEST_F(Losses, AnAbandonedDialDecidesNothing) {
    lose(owed::replies);
    finish(outcome::abandoned);
    connect();
    EXPECT_FALSE(counted());
}

TEST_F(Losses, OfAServerThatAcceptsAndDropsAreNotMadeUpForByItsAcceptingAgain) {
    lose(owed::replies, 1s);
    EXPECT_FALSE(node_.ask_to_dial(now()).granted) << "there is a pause first";
    pass(50ms);
    connect();
    EXPECT_TRUE(counted());
}

}  // namespace
}  // namespace redoubt::core
