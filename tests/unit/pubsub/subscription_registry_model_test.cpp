// Random callers and losses against a model of the server: in the end both agree, and nobody waits in vain.
#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <string>

#include "pubsub/subscription_calls.hpp"
#include "pubsub/subscription_registry.hpp"
#include "resilience/random.hpp"

namespace redoubt::pubsub {
namespace {

struct world {
    explicit world(std::uint64_t seed) : random(seed) {}

    resilience::random_engine random;
    SubscriptionRegistry registry;
    SubscriptionCalls calls;
    actions out;
    bool up = false;
    std::deque<std::string> to_server;  // "+a": SUBSCRIBE a; "-a"
    std::deque<reply> to_client;
    std::set<std::string> at_server;   // what the server has subscribed
    std::set<subscription> wanted;     // what callers asked for last, refusals taken off
    std::set<subscription> told_gone;  // refused subscriptions
    int asked = 0;
    int done = 0;
    bool restored = false;
    bool broken = false;

    static std::string key(const subscription& s) {
        return (s.kind == subscription_kind::pattern ? "p" : "c") + s.name;
    }
    subscription any() {
        return {random.up_to(1) == 0 ? subscription_kind::channel : subscription_kind::pattern,
                std::string(1, static_cast<char>('a' + random.up_to(3)))};
    }

    void act() {
        for (const auto& a : std::exchange(out, {})) {
            switch (a.kind) {
                case deed::send_subscribe: to_server.push_back('+' + key(a.what)); break;
                case deed::send_unsubscribe: to_server.push_back('-' + key(a.what)); break;
                case deed::confirmed: calls.settle(request::subscribe, a.what, nullptr); break;
                case deed::released: calls.settle(request::unsubscribe, a.what, nullptr); break;
                case deed::refused:
                    wanted.erase(a.what);
                    calls.settle(request::subscribe, a.what, &a.why);
                    break;
                case deed::superseded: calls.settle(a.of, a.what, &a.why); break;
                case deed::restored: restored = true; break;
                case deed::broken: broken = true; break;
                case deed::deliver:
                    EXPECT_TRUE(registry.confirmed(
                        {a.said.pattern.empty() ? subscription_kind::channel : subscription_kind::pattern,
                         a.said.pattern.empty() ? a.said.channel : a.said.pattern}));
                    break;
                case deed::pong: break;
            }
        }
        EXPECT_EQ(registry.desired_count(), wanted.size());
        for (const auto& s : wanted) EXPECT_TRUE(registry.desired(s));
    }
    void ask(request of) {
        const auto s = any();
        const auto call = std::make_shared<subscription_call>();
        call->of = of;
        call->open = {s};
        call->done = [this](const result<void>&) { ++done; };
        ++asked;
        calls.add(call);
        if (of == request::subscribe) {
            wanted.insert(s);
            registry.want(s, out);
        } else {
            wanted.erase(s);
            registry.unwant(s, out);
        }
        act();
    }
    void connect() {
        if (up) return;
        up = true;
        broken = false;
        restored = false;
        to_server.clear();
        at_server.clear();
        to_client.assign(1, reply::status("OK"));
        registry.connected(out);
        act();
    }
    void lose() {
        if (!up) return;
        up = false;
        to_server.clear();
        to_client.clear();
        registry.lost(out);
        EXPECT_EQ(registry.confirmed_count(), 0U);
        act();
    }
    /// The server handles one command.
    void serve(bool may_refuse) {
        if (!up || to_server.empty()) return;
        const auto c = to_server.front();
        to_server.pop_front();
        const bool add = c[0] == '+';
        if (add && may_refuse && random.up_to(7) == 0) {
            to_client.push_back(reply::error("NOPERM"));
            return;
        }
        const std::string verb = std::string(c[1] == 'p' ? "p" : "") + (add ? "" : "un") + "subscribe";
        add ? static_cast<void>(at_server.insert(c.substr(1))) : static_cast<void>(at_server.erase(c.substr(1)));
        to_client.push_back(reply::array({reply::string(verb), reply::string(c.substr(2)), reply::integer(1)}));
    }
    void publish() {
        if (!up) return;
        for (const auto& s : at_server) {
            if (s[0] == 'c') {
                to_client.push_back(
                    reply::array({reply::string("message"), reply::string(s.substr(1)), reply::string("x")}));
            } else {
                to_client.push_back(reply::array(
                    {reply::string("pmessage"), reply::string(s.substr(1)), reply::string("q"), reply::string("x")}));
            }
        }
    }
    void hear() {
        if (!up || to_client.empty()) return;
        const auto r = std::move(to_client.front());
        to_client.pop_front();
        registry.received(r, out);
        act();
    }
    void step() {
        switch (random.up_to(11)) {
            case 0:
            case 1: return ask(request::subscribe);
            case 2: return ask(request::unsubscribe);
            case 3: return connect();
            case 4: return random.up_to(4) == 0 ? lose() : void();
            case 5: return publish();
            case 6:
            case 7:
            case 8: return serve(true);
            default: return hear();
        }
    }
    void settle() {
        connect();
        while (!to_server.empty() || !to_client.empty()) {
            serve(false);
            hear();
        }
    }
};

TEST(RegistryModel, ClientAndServerAgreeInTheEnd) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        world w(seed);
        for (int i = 0; i < 300; ++i) {
            w.step();
            ASSERT_FALSE(w.broken) << "seed " << seed << ", step " << i;
        }
        w.settle();
        std::set<std::string> wanted;
        for (const auto& s : w.wanted) {
            wanted.insert(world::key(s));
            ASSERT_TRUE(w.registry.confirmed(s)) << "seed " << seed;
        }
        ASSERT_EQ(w.at_server, wanted) << "seed " << seed;
        ASSERT_EQ(w.registry.confirmed_count(), wanted.size()) << "seed " << seed;
        ASSERT_TRUE(w.restored && w.registry.restored()) << "seed " << seed;
        ASSERT_EQ(w.done, w.asked) << "seed " << seed;
        ASSERT_TRUE(w.calls.empty());
        ASSERT_FALSE(w.broken);
    }
}

}  // namespace
}  // namespace redoubt::pubsub
