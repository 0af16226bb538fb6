// Desired and confirmed subscriptions: every event in every state, and what a hostile server may say.
#include "pubsub/subscription_registry.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace redoubt::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using strings = std::vector<std::string>;

const subscription a{subscription_kind::channel, "a"};
const subscription b{subscription_kind::channel, "b"};
const subscription p{subscription_kind::pattern, "p*"};

std::string text(const subscription& s) {
    return (s.kind == subscription_kind::pattern ? "pattern " : "channel ") + s.name;
}

std::string text(const action& x) {
    using enum deed;
    const std::string news = x.asked ? "! " : " ";
    switch (x.kind) {
        case send_subscribe: return "SUBSCRIBE " + text(x.what);
        case send_unsubscribe: return "UNSUBSCRIBE " + text(x.what);
        case confirmed: return "confirmed" + news + text(x.what);
        case released: return "released" + news + text(x.what);
        case refused: return "refused" + news + text(x.what);
        case superseded: return (x.of == request::subscribe ? "void subscribe " : "void unsubscribe ") + text(x.what);
        case deliver: return "deliver " + x.said.channel + '|' + x.said.pattern + '|' + x.said.payload;
        case pong: return "pong";
        case restored: return "restored";
        case broken: return "broken " + x.why.code().message();
    }
    return "?";
}

reply words(std::initializer_list<std::string_view> parts) {
    std::vector<reply> all;
    for (const auto part : parts) all.push_back(reply::string(part));
    return reply::array(all.data(), all.size());
}
reply ack(std::string_view verb, std::string_view name) {
    return reply::array({reply::string(verb), reply::string(name), reply::integer(1)});
}
reply subscribed_to(const subscription& s) {
    return ack(s.kind == subscription_kind::pattern ? "psubscribe" : "subscribe", s.name);
}
reply unsubscribed_from(const subscription& s) {
    return ack(s.kind == subscription_kind::pattern ? "punsubscribe" : "unsubscribe", s.name);
}

class Registry : public testing::Test {
protected:
    strings take() {
        strings all;
        for (const auto& x : out_) all.push_back(text(x));
        out_.clear();
        return all;
    }
    strings want(const subscription& s) { return registry_.want(s, out_), take(); }
    strings unwant(const subscription& s) { return registry_.unwant(s, out_), take(); }
    strings connected() { return registry_.connected(out_), take(); }
    strings hear(const reply& r) { return registry_.received(r, out_), take(); }
    strings lost() { return missed_ = registry_.lost(out_), take(); }
    /// Up, its name accepted, and `a` confirmed.
    void with_a() {
        want(a);
        connected();
        hear(reply::status("OK"));
        ASSERT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a", "restored"));
    }
    void expect_broken(const reply& r) {
        EXPECT_THAT(hear(r), ElementsAre("broken " + make_error_code(errc::protocol_error).message())) << r.describe();
        EXPECT_THAT(hear(subscribed_to(a)), IsEmpty()) << "nothing counts after it";
    }

    SubscriptionRegistry registry_;
    actions out_;
    bool missed_ = false;
};

// -- down --

TEST_F(Registry, WhatIsWantedWhileDownIsAskedForWhenConnected) {
    EXPECT_THAT(want(a), IsEmpty());
    EXPECT_THAT(want(p), IsEmpty());
    EXPECT_TRUE(registry_.desired(a));
    EXPECT_FALSE(registry_.confirmed(a));
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a", "SUBSCRIBE pattern p*"));
    EXPECT_FALSE(registry_.restored());
}

TEST_F(Registry, WithNothingWantedItIsRestoredAtOnce) {
    EXPECT_THAT(connected(), ElementsAre("restored"));
    EXPECT_TRUE(registry_.restored());
}

TEST_F(Registry, UnwantedWhileDownIsGoneAtOnceAndWhoWaitedForItIsTold) {
    want(a);
    EXPECT_THAT(unwant(a), ElementsAre("void subscribe channel a", "released channel a"));
    EXPECT_THAT(connected(), ElementsAre("restored"));
}

TEST_F(Registry, UnknownNamesAreReleasedAlready) {
    EXPECT_THAT(unwant(a), ElementsAre("released channel a"));
    with_a();
    EXPECT_THAT(unwant(b), ElementsAre("released channel b"));
}

TEST_F(Registry, HearsNothingWhileDown) {
    want(a);
    EXPECT_THAT(hear(subscribed_to(a)), IsEmpty());
    EXPECT_FALSE(registry_.confirmed(a));
}

TEST_F(Registry, SaysWhetherTheDesiredSetHasChanged) {
    EXPECT_TRUE(registry_.want(a, out_));
    EXPECT_FALSE(registry_.want(a, out_));
    EXPECT_EQ(registry_.desired_count(), 1U);
    EXPECT_TRUE(registry_.unwant(a, out_));
    EXPECT_FALSE(registry_.unwant(a, out_));
    EXPECT_EQ(registry_.desired_count(), 0U);
}

// -- none, up --

TEST_F(Registry, OnlyTheServersWordConfirms) {
    connected();
    EXPECT_THAT(want(a), ElementsAre("SUBSCRIBE channel a"));
    EXPECT_THAT(hear(reply::status("OK")), IsEmpty()) << "the answer to CLIENT SETNAME";
    EXPECT_FALSE(registry_.confirmed(a));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a"));
    EXPECT_TRUE(registry_.confirmed(a));
    EXPECT_EQ(registry_.confirmed_count(), 1U);
}

TEST_F(Registry, ARefusedNameChangesNothing) {
    want(a);
    connected();
    hear(reply::error("NOPERM no permission for client|setname"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a", "restored"));
}

TEST_F(Registry, ChannelAndPatternOfTheSameTextAreTwo) {
    const subscription same{subscription_kind::pattern, "a"};
    with_a();
    EXPECT_THAT(want(same), ElementsAre("SUBSCRIBE pattern a"));
    EXPECT_THAT(hear(subscribed_to(same)), ElementsAre("confirmed! pattern a"));
    EXPECT_EQ(registry_.confirmed_count(), 2U);
    EXPECT_THAT(unwant(a), ElementsAre("UNSUBSCRIBE channel a"));
    EXPECT_TRUE(registry_.desired(same));
}

// -- subscribing --

TEST_F(Registry, WantedTwiceIsAskedForOnce) {
    connected();
    want(a);
    EXPECT_THAT(want(a), IsEmpty());
}

TEST_F(Registry, UnwantedBeforeItsAnswerIsConfirmedAndThenReleased) {
    connected();
    hear(reply::status("OK"));
    want(a);
    EXPECT_THAT(unwant(a), IsEmpty());
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed channel a", "UNSUBSCRIBE channel a"));
    EXPECT_THAT(hear(unsubscribed_from(a)), ElementsAre("released! channel a"));
    EXPECT_EQ(registry_.confirmed_count(), 0U);
}

TEST_F(Registry, UnwantedAndWantedBeforeItsAnswerStays) {
    connected();
    hear(reply::status("OK"));
    want(a);
    unwant(a);
    EXPECT_THAT(want(a), ElementsAre("void unsubscribe channel a"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a"));
}

TEST_F(Registry, ARefusalConcernsOneNameOnly) {
    want(a);
    want(b);
    connected();
    hear(reply::status("OK"));
    EXPECT_THAT(hear(reply::error("NOPERM this user has no permissions to access one of the channels")),
                ElementsAre("refused! channel a"));
    EXPECT_FALSE(registry_.desired(a));
    EXPECT_THAT(hear(subscribed_to(b)), ElementsAre("confirmed! channel b", "restored"));
}

TEST_F(Registry, TheRefusalSaysWhatTheServerSaid) {
    connected();
    hear(reply::status("OK"));
    want(a);
    registry_.received(reply::error("NOPERM not yours"), out_);
    ASSERT_EQ(out_.size(), 1U);
    EXPECT_EQ(out_[0].why.kind(), errc::no_perm);
    EXPECT_EQ(out_[0].why.text(), "NOPERM not yours");
    EXPECT_EQ(out_[0].why.fate(), fate::not_applied);
}

TEST_F(Registry, RefusedWhenNobodyWantsItAnyMore) {
    connected();
    hear(reply::status("OK"));
    want(a);
    unwant(a);
    EXPECT_THAT(hear(reply::error("NOPERM")), ElementsAre("refused! channel a", "released channel a"));
}

TEST_F(Registry, LostBeforeItsAnswerItIsAskedForAgain) {
    connected();
    want(a);
    EXPECT_THAT(lost(), IsEmpty());
    EXPECT_FALSE(missed_) << "nothing was confirmed, so nothing is missing";
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a"));
    hear(reply::status("OK"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a", "restored")) << "news: nobody knew it yet";
}

TEST_F(Registry, LostWhenNobodyWantsItAnyMoreBothSidesAreTold) {
    connected();
    want(a);
    unwant(a);
    EXPECT_THAT(lost(), ElementsAre("void subscribe channel a", "released channel a"));
    EXPECT_THAT(connected(), ElementsAre("restored"));
}

// -- confirmed --

TEST_F(Registry, WantedWhenConfirmedIsConfirmedAtOnceWithoutNews) {
    with_a();
    EXPECT_THAT(want(a), ElementsAre("confirmed channel a"));
}

TEST_F(Registry, MessagesOfConfirmedChannelsAreDelivered) {
    with_a();
    want(p);
    hear(subscribed_to(p));
    EXPECT_THAT(hear(words({"message", "a", "x"})), ElementsAre("deliver a||x"));
    EXPECT_THAT(hear(words({"pmessage", "p*", "pq", "y"})), ElementsAre("deliver pq|p*|y"));
}

TEST_F(Registry, NamesAndPayloadsMayHoldAnyBytes) {
    const std::string odd("\0\r\n\xff", 4);
    const subscription s{subscription_kind::channel, odd};
    connected();
    hear(reply::status("OK"));
    EXPECT_THAT(want(s), ElementsAre("SUBSCRIBE channel " + odd));
    EXPECT_THAT(hear(subscribed_to(s)), ElementsAre("confirmed! channel " + odd));
    EXPECT_THAT(hear(words({"message", odd, odd})), ElementsAre("deliver " + odd + "||" + odd));
}

TEST_F(Registry, AfterALossItIsConfirmedAgainWithoutNews) {
    with_a();
    EXPECT_THAT(lost(), IsEmpty());
    EXPECT_TRUE(missed_);
    EXPECT_FALSE(registry_.confirmed(a));
    EXPECT_TRUE(registry_.desired(a));
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a"));
    hear(reply::status("OK"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed channel a", "restored"));
}

TEST_F(Registry, RestoredOnlyWhenEveryNameIsAnswered) {
    with_a();
    want(b);
    hear(subscribed_to(b));
    want(p);
    hear(subscribed_to(p));
    lost();
    connected();
    hear(reply::status("OK"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed channel a"));
    EXPECT_THAT(hear(words({"message", "a", "early"})), ElementsAre("deliver a||early"));
    EXPECT_THAT(hear(subscribed_to(b)), ElementsAre("confirmed channel b"));
    EXPECT_FALSE(registry_.restored());
    EXPECT_THAT(hear(subscribed_to(p)), ElementsAre("confirmed pattern p*", "restored"));
}

TEST_F(Registry, WhatIsWantedDuringTheRestorationIsNoPartOfIt) {
    with_a();
    lost();
    connected();
    hear(reply::status("OK"));
    EXPECT_THAT(want(b), ElementsAre("SUBSCRIBE channel b"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed channel a", "restored"));
    EXPECT_THAT(hear(subscribed_to(b)), ElementsAre("confirmed! channel b"));
}

TEST_F(Registry, ALostRestorationBeginsAnew) {
    with_a();
    lost();
    connected();
    EXPECT_THAT(lost(), IsEmpty());
    EXPECT_FALSE(missed_) << "the earlier loss has said it";
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a"));
    hear(reply::status("OK"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed channel a", "restored"));
}

TEST_F(Registry, RightsTakenWhileItWasAwayEndOneSubscription) {
    with_a();
    want(b);
    hear(subscribed_to(b));
    lost();
    connected();
    hear(reply::status("OK"));
    EXPECT_THAT(hear(reply::error("NOPERM")), ElementsAre("refused channel a"));
    EXPECT_THAT(hear(subscribed_to(b)), ElementsAre("confirmed channel b", "restored"));
}

TEST_F(Registry, AnyOtherRefusalOfAKnownSubscriptionMeansAnotherConnection) {
    with_a();
    lost();
    connected();
    hear(reply::status("OK"));
    EXPECT_THAT(hear(reply::error("LOADING")), ElementsAre("broken " + make_error_code(errc::loading).message()));
    EXPECT_TRUE(registry_.desired(a));
    lost();
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a"));
}

// -- unsubscribing --

TEST_F(Registry, UntilItsAnswerMessagesMayCome) {
    with_a();
    EXPECT_THAT(unwant(a), ElementsAre("UNSUBSCRIBE channel a"));
    EXPECT_THAT(unwant(a), IsEmpty());
    EXPECT_THAT(hear(words({"message", "a", "late"})), ElementsAre("deliver a||late"));
    EXPECT_THAT(hear(unsubscribed_from(a)), ElementsAre("released! channel a"));
    expect_broken(words({"message", "a", "too late"}));
}

TEST_F(Registry, WantedAgainBeforeItsAnswerIsAskedForAfterIt) {
    with_a();
    unwant(a);
    EXPECT_THAT(want(a), IsEmpty());
    EXPECT_THAT(hear(unsubscribed_from(a)), ElementsAre("released! channel a", "SUBSCRIBE channel a"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a"));
}

TEST_F(Registry, WantedAndUnwantedBeforeItsAnswerGoes) {
    with_a();
    unwant(a);
    want(a);
    EXPECT_THAT(unwant(a), ElementsAre("void subscribe channel a"));
    EXPECT_THAT(hear(unsubscribed_from(a)), ElementsAre("released! channel a"));
    EXPECT_EQ(registry_.desired_count(), 0U);
}

TEST_F(Registry, TheLossOfTheConnectionUnsubscribesToo) {
    with_a();
    unwant(a);
    EXPECT_THAT(lost(), ElementsAre("released! channel a"));
    EXPECT_THAT(connected(), ElementsAre("restored"));
}

TEST_F(Registry, WantedAgainAndLostItIsReleasedAndAskedForAgain) {
    with_a();
    unwant(a);
    want(a);
    EXPECT_THAT(lost(), ElementsAre("released! channel a"));
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a"));
    hear(reply::status("OK"));
    EXPECT_THAT(hear(subscribed_to(a)), ElementsAre("confirmed! channel a", "restored"));
}

TEST_F(Registry, ARefusedUnsubscribeMeansAnotherConnection) {
    with_a();
    unwant(a);
    EXPECT_THAT(hear(reply::error("NOPERM")), ElementsAre("broken " + make_error_code(errc::no_perm).message()));
    EXPECT_THAT(lost(), ElementsAre("released! channel a"));
}

// -- PING --

TEST_F(Registry, TheAnswerToAPingHasTwoForms) {
    connected();
    hear(reply::status("OK"));
    registry_.pinged();
    EXPECT_THAT(hear(reply::status("PONG")), ElementsAre("pong"));
    want(a);
    hear(subscribed_to(a));
    registry_.pinged();
    EXPECT_THAT(hear(words({"pong", ""})), ElementsAre("pong"));
}

TEST_F(Registry, ARefusedPingIsAnAnswer) {
    with_a();
    registry_.pinged();
    EXPECT_THAT(hear(reply::error("NOPERM")), ElementsAre("pong"));
}

TEST_F(Registry, APongNobodyAskedForIsNone) {
    with_a();
    expect_broken(words({"pong", ""}));
}

TEST_F(Registry, TheOrderOfAnswersMatters) {
    with_a();
    registry_.pinged();
    want(b);
    expect_broken(subscribed_to(b));
}

TEST_F(Registry, TheAnswerToANameMustComeBeforeOthers) {
    want(a);
    connected();
    expect_broken(subscribed_to(a));
}

// -- hostile servers --

TEST_F(Registry, WhatNoServerShouldSay) {
    using r = reply;
    const std::vector<reply> nonsense = {
        r::nil(),
        r::integer(7),
        r::real(0.5),
        r::string("hello"),
        r::status("OK"),
        r::status("PONG"),
        r::array({}),
        r::array({r::string("message")}),
        r::array({r::string("message"), r::string("a")}),
        r::array({r::string("message"), r::string("a"), r::integer(1)}),
        r::array({r::string("message"), r::nil(), r::string("x")}),
        r::array({r::string("message"), r::string("a"), r::array({})}),
        r::array({r::string("message"), r::string("a"), r::string("x"), r::string("y")}),
        r::array({r::string("message"), r::string("a"), r::error("ERR")}),
        r::array({r::string("message"), r::string("other"), r::string("x")}),
        r::array({r::string("pmessage"), r::string("a"), r::string("a"), r::string("x")}),
        r::array({r::string("pmessage"), r::string("a"), r::string("x")}),
        r::array({r::string("smessage"), r::string("a"), r::string("x")}),
        r::array({r::integer(1), r::string("a"), r::string("x")}),
        r::array({r::nil(), r::nil(), r::nil()}),
        r::array({r::array({r::string("message")}), r::string("a"), r::string("x")}),
        r::array({r::string("subscribe"), r::string("a"), r::string("1")}),
        r::array({r::string("subscribe"), r::nil(), r::integer(1)}),
        r::array({r::string("unsubscribe"), r::nil(), r::integer(0)}),
        subscribed_to(a),
        subscribed_to(b),
        unsubscribed_from(a),
        r::array({r::string("SUBSCRIBE"), r::string("a"), r::integer(1)}),
        r::array({r::string(""), r::string(""), r::string("")}),
    };
    for (const auto& say : nonsense) {
        registry_ = SubscriptionRegistry();
        with_a();
        expect_broken(say);
    }
}

TEST_F(Registry, AnErrorNobodyAskedForBreaksToo) {
    with_a();
    EXPECT_THAT(hear(reply::error("ERR max number of clients reached")),
                ElementsAre("broken " + make_error_code(errc::max_clients).message()));
}

TEST_F(Registry, TheAnswerForAnotherNameIsNone) {
    with_a();
    want(b);
    expect_broken(subscribed_to(p));
}

TEST_F(Registry, WhileBrokenNothingIsSentAndTheNextConnectionSeesToIt) {
    with_a();
    expect_broken(reply::nil());
    EXPECT_THAT(want(b), IsEmpty());
    EXPECT_THAT(unwant(a), IsEmpty());
    EXPECT_THAT(want(a), ElementsAre("void unsubscribe channel a", "confirmed channel a"));
    EXPECT_THAT(lost(), IsEmpty());
    EXPECT_TRUE(missed_);
    EXPECT_THAT(connected(), ElementsAre("SUBSCRIBE channel a", "SUBSCRIBE channel b"));
}

}  // namespace
}  // namespace redoubt::pubsub
