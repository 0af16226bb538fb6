// Who is told when the server has answered for names.
#include "pubsub/subscription_calls.hpp"

#include <gmock/gmock.h>

namespace redoubt::pubsub {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const subscription a{subscription_kind::channel, "a"};
const subscription b{subscription_kind::channel, "b"};

struct waiting {
    std::shared_ptr<subscription_call> call = std::make_shared<subscription_call>();
    int times = 0;
    std::optional<errc> failure;

    waiting(SubscriptionCalls& in, request of, std::set<subscription> names) {
        call->of = of;
        call->open = std::move(names);
        call->done = [this](result<void> r) {
            ++times;
            if (!r) failure = r.error().kind();
        };
        in.add(call);
    }
};

TEST(SubscriptionCalls, ACallIsDoneWhenAllItsNamesAreAnswered) {
    SubscriptionCalls calls;
    waiting w(calls, request::subscribe, {a, b});
    calls.settle(request::subscribe, a, nullptr);
    EXPECT_EQ(w.times, 0);
    calls.settle(request::unsubscribe, b, nullptr);
    EXPECT_EQ(w.times, 0) << "another question";
    calls.settle(request::subscribe, b, nullptr);
    EXPECT_EQ(w.times, 1);
    EXPECT_FALSE(w.failure);
    EXPECT_TRUE(calls.empty());
}

TEST(SubscriptionCalls, TheFirstFailureIsTheAnswerAndTheOthersAreAwaited) {
    SubscriptionCalls calls;
    waiting w(calls, request::subscribe, {a, b});
    const error first(errc::no_perm);
    const error second(errc::loading);
    calls.settle(request::subscribe, b, &first);
    EXPECT_EQ(w.times, 0);
    calls.settle(request::subscribe, a, &second);
    EXPECT_EQ(w.times, 1);
    EXPECT_EQ(w.failure, errc::no_perm);
}

TEST(SubscriptionCalls, AllWhoWaitForANameAreTold) {
    SubscriptionCalls calls;
    waiting one(calls, request::subscribe, {a});
    waiting two(calls, request::subscribe, {a});
    waiting other(calls, request::subscribe, {b});
    calls.settle(request::subscribe, a, nullptr);
    EXPECT_EQ(one.times, 1);
    EXPECT_EQ(two.times, 1);
    EXPECT_EQ(other.times, 0);
}

TEST(SubscriptionCalls, WhoGivesUpTakesBackWhatHeAddedUnlessOthersWaitForIt) {
    SubscriptionCalls calls;
    waiting w(calls, request::subscribe, {a, b});
    w.call->added = {a, b};
    waiting other(calls, request::subscribe, {b});
    EXPECT_THAT(calls.end(w.call, errc::deadline_exceeded), ElementsAre(a));
    EXPECT_EQ(w.failure, errc::deadline_exceeded);
    EXPECT_EQ(w.times, 1);
    EXPECT_EQ(other.times, 0);
    EXPECT_THAT(calls.end(w.call, errc::closed), IsEmpty()) << "over already";
    EXPECT_EQ(w.times, 1);
    EXPECT_THAT(calls.end(other.call, errc::deadline_exceeded), ElementsAre(b)) << "it has inherited the duty";
}

TEST(SubscriptionCalls, WhatWasConfirmedOrWantedBeforeIsNotTakenBack) {
    SubscriptionCalls calls;
    waiting w(calls, request::subscribe, {a, b});
    w.call->added = {a};
    calls.settle(request::subscribe, a, nullptr);
    EXPECT_THAT(calls.end(w.call, errc::deadline_exceeded), IsEmpty());
}

TEST(SubscriptionCalls, AnUnsubscribeThatIsGivenUpTakesNothingBack) {
    SubscriptionCalls calls;
    waiting w(calls, request::unsubscribe, {a});
    w.call->added = {a};
    EXPECT_THAT(calls.end(w.call, errc::deadline_exceeded), IsEmpty());
    EXPECT_EQ(w.failure, errc::deadline_exceeded);
}

TEST(SubscriptionCalls, AllOfAKindCanEnd) {
    SubscriptionCalls calls;
    waiting one(calls, request::subscribe, {a});
    waiting two(calls, request::subscribe, {a});
    waiting other(calls, request::unsubscribe, {b});
    one.call->added = {a};
    EXPECT_THAT(calls.end_all(request::subscribe, errc::wrong_pass), ElementsAre(a));
    EXPECT_EQ(one.failure, errc::wrong_pass);
    EXPECT_EQ(two.failure, errc::wrong_pass);
    EXPECT_EQ(other.times, 0);
}

}  // namespace
}  // namespace redoubt::pubsub
