// Subscribers on a real server: what arrives, what a loss looks like, and that nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <redoubt/pubsub/subscriber.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class PubSubOver : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base(std::uint32_t connections_max = 50) const {
        auto o = options_for(server(), GetParam());
        o.pool.connections_max = connections_max;
        return o;
    }
    static void publish(const std::string& channel, const std::string& payload) {
        watcher().integer({"PUBLISH", channel, payload});
    }
    static std::size_t subscribers_at_server() {
        const auto all = watcher().client_list();
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [](const auto& c) { return c.at("name").find(":pubsub:") != std::string::npos; }));
    }
    static void kill_subscribers() { watcher().integer({"CLIENT", "KILL", "TYPE", "pubsub"}); }
    /// The next event as a text; what is not told apart by its type has its content.
    static std::string next(Subscriber& s, call_deadline deadline = 5s) {
        const auto e = s.next(deadline);
        return e ? text(*e) : make_error_code(e.error().kind()).message();
    }
    static std::string text(const event& e) {
        return std::visit(
            match{[](const message& m) { return m.channel + '|' + m.pattern + '|' + m.payload; },
                  [](const gap&) { return std::string("gap"); },
                  [](const dropped& d) { return "dropped " + std::to_string(d.n); },
                  [](const subscribed& x) { return "subscribed " + x.name; },
                  [](const unsubscribed& x) { return "unsubscribed " + x.name; },
                  [](const closed& c) { return "closed: " + make_error_code(c.reason.kind()).message(); }},
            e);
    }
    static std::string said(errc code) { return make_error_code(code).message(); }
    /// Past its `subscribed` events.
    static Subscriber subscribed_to(const Client& client, std::vector<std::string> channels, subscribe_options o = {}) {
        o.channels = std::move(channels);
        auto s = client.subscribe(o).value();
        for (std::size_t i = 0; i < o.channels.size(); ++i) EXPECT_THAT(next(s), testing::StartsWith("subscribed "));
        return s;
    }
};

INSTANTIATE_TEST_SUITE_P(transports, PubSubOver, both_transports, transport_name);

TEST_P(PubSubOver, messages_arrive_in_order) {
    const auto client = connected(base());
    auto s = client.subscribe({.channels = {"c"}}).value();
    EXPECT_EQ(next(s), "subscribed c");
    for (int i = 0; i < 1000; ++i) publish("c", std::to_string(i));
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(next(s), "c||" + std::to_string(i));
    EXPECT_EQ(next(s, 20ms), said(errc::deadline_exceeded));
    const auto figures = s.stats();
    EXPECT_TRUE(figures.connected);
    EXPECT_EQ(figures.messages, 1000U);
    EXPECT_EQ(figures.buffered, 0U);
    EXPECT_EQ(figures.dropped, 0U);
    EXPECT_EQ(figures.wanted, 1U);
    EXPECT_EQ(figures.confirmed, 1U);
}

TEST_P(PubSubOver, patterns_and_channels_are_told_apart) {
    const auto client = connected(base());
    auto s = client.subscribe({.channels = {"news.a"}, .patterns = {"news.*"}}).value();
    EXPECT_THAT((std::vector<std::string>{next(s), next(s)}),
                testing::UnorderedElementsAre("subscribed news.a", "subscribed news.*"));
    publish("news.a", "x");
    EXPECT_THAT((std::vector<std::string>{next(s), next(s)}),
                testing::UnorderedElementsAre("news.a||x", "news.a|news.*|x"));
    publish("news.b", "y");
    EXPECT_EQ(next(s), "news.b|news.*|y");
}

TEST_P(PubSubOver, names_and_payloads_are_bytes) {
    const auto client = connected(base());
    const std::string odd("\0 \r\n\xff{}", 7);
    auto s = subscribed_to(client, {odd, ""});
    const std::string large(3'000'000, '\0');
    publish(odd, odd);
    publish("", large);
    EXPECT_EQ(next(s), odd + "||" + odd);
    EXPECT_EQ(next(s), "||" + large);
}

TEST_P(PubSubOver, subscribers_are_independent) {
    const auto client = connected(base());
    auto one = subscribed_to(client, {"a", "both"});
    auto two = subscribed_to(client, {"b", "both"});
    EXPECT_EQ(client.stats().pool.subscribers, 2U);
    EXPECT_EQ(client.stats().pool.connections, 3U);
    EXPECT_EQ(subscribers_at_server(), 2U);
    publish("b", "1");
    publish("both", "2");
    publish("a", "3");
    EXPECT_EQ(next(one), "both||2");
    EXPECT_EQ(next(one), "a||3");
    EXPECT_EQ(next(two), "b||1");
    EXPECT_EQ(next(two), "both||2");
    EXPECT_EQ(next(two, 10ms), said(errc::deadline_exceeded));
}

TEST_P(PubSubOver, the_set_changes_at_any_time) {
    const auto client = connected(base());
    auto s = client.subscribe({}).value();
    ASSERT_TRUE(s.subscribe({"a", "b"}));
    ASSERT_TRUE(s.psubscribe({"p*"}));
    ASSERT_TRUE(s.subscribe({"a"})) << "again: nothing to do";
    EXPECT_EQ(watcher().integer({"PUBLISH", "a", "1"}), 1) << "confirmed when the call returns";
    EXPECT_EQ(s.stats().confirmed, 3U);
    ASSERT_TRUE(s.unsubscribe({"a"}));
    EXPECT_EQ(watcher().integer({"PUBLISH", "a", "2"}), 0);
    ASSERT_TRUE(s.punsubscribe({"p*", "never was"}));
    EXPECT_EQ(watcher().integer({"PUBLISH", "pq", "2"}), 0);
    publish("b", "3");
    for (const auto* const e :
         {"subscribed a", "subscribed b", "subscribed p*", "a||1", "unsubscribed a", "unsubscribed p*", "b||3"}) {
        EXPECT_EQ(next(s), e);
    }
}

TEST_P(PubSubOver, without_any_subscription_it_lives) {
    const auto client = connected(base());
    auto s = client.subscribe({.ping_after = 10ms, .pong_within = 2s}).value();
    ASSERT_TRUE(eventually([&] { return s.stats().connected; }));
    ASSERT_TRUE(s.subscribe({"c"}));
    ASSERT_TRUE(s.unsubscribe({"c"}));
    std::this_thread::sleep_for(100ms);  // some PINGs in both forms
    ASSERT_TRUE(s.subscribe({"c"}));
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(s.stats().reconnections, 0U);
}

TEST_P(PubSubOver, thousands_of_channels_in_one_call) {
    const auto client = connected(base()).with({.deadline = 30s});
    std::vector<std::string> names;
    for (int i = 0; i < 5000; ++i) names.push_back(std::string(300, 'n') + std::to_string(i));
    auto s = client.subscribe({.channels = names, .buffer_messages = 10000, .buffer_bytes = 1 << 30}).value();
    EXPECT_EQ(s.stats().confirmed, 5000U);
    kill_subscribers();
    for (int i = 0; i < 5000; ++i) ASSERT_THAT(next(s), testing::StartsWith("subscribed "));
    EXPECT_EQ(next(s, 20s), "gap");
    EXPECT_EQ(s.stats().confirmed, 5000U);
}

// -- losses --

TEST_P(PubSubOver, a_killed_connection_is_a_gap_and_then_messages_again) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"a", "b"});
    for (int round = 0; round < 3; ++round) {
        const auto before = std::chrono::steady_clock::now();
        publish("a", "before");
        EXPECT_EQ(next(s), "a||before");
        kill_subscribers();
        const auto e = s.next(5s).value();
        ASSERT_TRUE(std::holds_alternative<gap>(e)) << text(e);
        const auto& g = std::get<gap>(e);
        EXPECT_EQ(g.reason, condition::unreachable) << g.reason.message();
        EXPECT_GE(g.since, before - 1s);
        EXPECT_LE(g.since, std::chrono::steady_clock::now());
        const auto wall = std::chrono::system_clock::now() - g.since_wall;
        EXPECT_TRUE(wall >= 0s && wall < 10s);
        EXPECT_EQ(watcher().integer({"PUBLISH", "a", "after"}), 1) << "every subscription is confirmed by now";
        EXPECT_EQ(watcher().integer({"PUBLISH", "b", "after"}), 1);
        EXPECT_EQ(next(s), "a||after");
        EXPECT_EQ(next(s), "b||after");
    }
    EXPECT_EQ(s.stats().reconnections, 3U);
    EXPECT_EQ(client.stats().pool.connections, 2U);
}

TEST_P(PubSubOver, a_restart_of_the_server_is_a_gap) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"c"});
    server().kill();
    EXPECT_EQ(next(s, 50ms), said(errc::deadline_exceeded)) << "not before it works again";
    EXPECT_FALSE(s.stats().connected);
    server().restart();
    EXPECT_EQ(next(s, 20s), "gap");
    publish("c", "x");
    EXPECT_EQ(next(s), "c||x");
}

TEST_P(PubSubOver, what_is_asked_while_the_server_is_away_counts_when_it_is_back) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"old", "stays"});
    server().kill();
    ASSERT_TRUE(eventually([&] { return !s.stats().connected; }));
    ASSERT_TRUE(s.unsubscribe({"old"})) << "nothing to wait for";
    const auto late = s.subscribe({"too late"}, 50ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().fate(), fate::not_applied);
    std::thread asks([&] { EXPECT_TRUE(s.subscribe({"new"}, 20s)); });
    server().restart();
    asks.join();
    EXPECT_EQ(watcher().integer({"PUBLISH", "old", "x"}), 0);
    EXPECT_EQ(watcher().integer({"PUBLISH", "too late", "x"}), 0) << "a failed call leaves nothing behind";
    for (const auto* const e : {"gap", "unsubscribed old", "subscribed new"}) EXPECT_EQ(next(s), e);
}

TEST_P(PubSubOver, a_hung_server_is_found_by_its_missing_answer) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"c"}, {.ping_after = 100ms, .pong_within = 200ms});
    server().pause();
    ASSERT_TRUE(eventually([&] { return !s.stats().connected; }, 10s));
    server().resume();
    const auto e = s.next(20s).value();
    ASSERT_TRUE(std::holds_alternative<gap>(e)) << text(e);
    EXPECT_THAT(std::string(std::get<gap>(e).reason.text()), testing::HasSubstr("PING within 200ms"));
    const auto reconnections = s.stats().reconnections;
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(s.stats().reconnections, reconnections) << "a new connection owes no answer to an old PING";
}

TEST_P(PubSubOver, a_reader_too_slow_for_the_server_gets_a_gap) {
    watcher().text({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 1mb 1"});
    {
        const auto client = connected(base());
        auto s = subscribed_to(client, {"c"});
        // One command that publishes more than the limit at once: the server closes the connection in the middle.
        watcher().command({"EVAL", "for i = 1, 40 do redis.call('PUBLISH', 'c', string.rep('x', 1000000)) end", "0"});
        std::string last;
        for (int i = 0; i < 50 && last != "gap"; ++i) last = next(s).substr(0, 10);
        EXPECT_EQ(last, "gap");
        publish("c", "after");
        EXPECT_EQ(next(s), "c||after");
    }
    watcher().text({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 32mb 8mb 60"});
}

// -- the buffer --

TEST_P(PubSubOver, overflow_follows_the_policy) {
    const auto client = connected(base());
    auto oldest = subscribed_to(client, {"c"}, {.buffer_messages = 3});
    auto newest = subscribed_to(client, {"c"}, {.buffer_messages = 3, .overflow = overflow::drop_newest});
    auto closes = subscribed_to(client, {"c"}, {.buffer_messages = 3, .overflow = overflow::close});
    for (int i = 1; i <= 5; ++i) publish("c", std::to_string(i));
    ASSERT_TRUE(eventually([&] { return oldest.stats().messages == 5 && newest.stats().messages == 5; }));
    for (const auto* const e : {"dropped 2", "c||3", "c||4", "c||5"}) EXPECT_EQ(next(oldest), e);
    for (const auto* const e : {"c||1", "c||2", "c||3", "dropped 2"}) EXPECT_EQ(next(newest), e);
    EXPECT_EQ(oldest.stats().dropped, 2U);
    for (const auto* const e : {"c||1", "c||2", "c||3", "dropped 1"}) EXPECT_EQ(next(closes), e);
    EXPECT_EQ(next(closes), "closed: " + said(errc::reply_limit));
    EXPECT_EQ(next(closes), said(errc::closed));
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 3; })) << "its place is free";
    EXPECT_EQ(closes.subscribe({"d"}).error(), errc::closed);
}

// -- refusals --

TEST_P(PubSubOver, a_channel_without_permission_fails_alone) {
    watcher().text({"ACL", "SETUSER", "sub", "on", ">pw", "+@all", "resetchannels", "&ok*"});
    {
        auto o = base();
        o.user = "sub";
        o.password = "pw";
        const auto client = connected(o);
        const auto none = client.subscribe({.channels = {"ok", "secret"}});
        ASSERT_FALSE(none);
        EXPECT_EQ(none.error(), errc::no_perm);
        auto s = subscribed_to(client, {"ok"});
        const auto refused = s.subscribe({"secret", "ok2"});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), errc::no_perm);
        EXPECT_EQ(next(s), "subscribed ok2");
        publish("ok", "1");
        EXPECT_EQ(next(s), "ok||1");
        // The server closes the connections of a user who loses a channel.
        watcher().text({"ACL", "SETUSER", "sub", "resetchannels", "&ok"});
        const auto over = s.next(10s).value();
        const auto after = s.next(10s).value();
        const bool gap_first = std::holds_alternative<gap>(over);
        ASSERT_TRUE(gap_first) << text(over);
        ASSERT_TRUE(std::holds_alternative<unsubscribed>(after)) << text(after);
        EXPECT_EQ(std::get<unsubscribed>(after).name, "ok2");
        EXPECT_EQ(std::get<unsubscribed>(after).reason.value_or(error()), errc::no_perm);
        publish("ok", "2");
        EXPECT_EQ(next(s), "ok||2");
    }
    watcher().integer({"ACL", "DELUSER", "sub"});
}

TEST_P(PubSubOver, wrong_credentials_are_told_before_the_deadline) {
    auto o = base();
    o.user = "nobody";
    o.password = "wrong";
    const auto client = Client::open(o).value();
    const Stopwatch watch;
    const auto none = client.with({.deadline = 20s}).subscribe({.channels = {"c"}});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), errc::wrong_pass) << none.error().message();
    EXPECT_LT(watch.elapsed(), 3s);
}

TEST_P(PubSubOver, wrong_options_are_named) {
    const auto client = connected(base());
    const auto wrong = client.subscribe({.buffer_messages = 0});
    EXPECT_EQ(wrong.error(), errc::invalid_option);
    EXPECT_THAT(std::string(wrong.error().text()), testing::HasSubstr("subscribe.buffer_messages"));
    const auto alone = connected(base(1));
    EXPECT_EQ(alone.subscribe({}).error(), errc::invalid_option);
    EXPECT_EQ(Client().subscribe({}).error(), errc::closed);
}

TEST_P(PubSubOver, without_a_free_connection_it_fails_by_the_deadline) {
    const auto client = connected(base(2));
    auto held = client.lease().value();
    const Stopwatch watch;
    const auto late = client.with({.deadline = 150ms}).subscribe({.channels = {"c"}});
    ASSERT_FALSE(late);
    EXPECT_GE(watch.elapsed(), 149ms);
    EXPECT_LT(watch.elapsed(), 2s);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().phase(), phase::lease);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.waiting_leases == 0; }));
    EXPECT_EQ(client.stats().pool.subscribers, 0U);
    held.give_back();
    EXPECT_TRUE(client.subscribe({.channels = {"c"}}));
}

// -- the end --

TEST_P(PubSubOver, nothing_is_left_of_a_dropped_one) {
    const auto client = connected(base());
    {
        auto s = subscribed_to(client, {"c"});
        auto moved = std::move(s);
        publish("c", "x");
        EXPECT_EQ(next(moved), "c||x");
        EXPECT_EQ(s.next().error(), errc::closed);  // NOLINT: the moved-from state is documented
    }
    EXPECT_TRUE(eventually([] { return subscribers_at_server() == 0; }));
    EXPECT_TRUE(eventually([&] {
        const auto p = client.stats().pool;
        return p.connections == 1 && p.leases_in_use == 0 && p.subscribers == 0;
    }));
}

TEST_P(PubSubOver, a_hundred_come_and_go) {
    const auto client = connected(base(12)).with({.deadline = 30s});
    std::atomic<int> heard{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 10; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 10; ++i) {
                auto s = client.subscribe({.channels = {payload("c", static_cast<std::uint64_t>(t))}});
                ASSERT_TRUE(s) << s.error().message();
                ASSERT_TRUE(client.run(command("PUBLISH", payload("c", static_cast<std::uint64_t>(t)), i)));
                while (auto e = s->next(10s)) {
                    if (!std::holds_alternative<message>(*e)) continue;
                    EXPECT_EQ(std::get<message>(*e).payload, std::to_string(i));
                    ++heard;
                    break;
                }
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(heard, 100);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; }));
    EXPECT_TRUE(eventually([] { return client_count() == 1; }));
    EXPECT_EQ(client.stats().pool.subscribers, 0U);
}

TEST_P(PubSubOver, closing_lets_what_had_arrived_be_read) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"c"});
    publish("c", "1");
    ASSERT_TRUE(eventually([&] { return s.stats().buffered == 1; }));
    s.close();
    s.close();
    EXPECT_EQ(next(s), "c||1");
    EXPECT_EQ(next(s), "closed: " + said(errc::closed));
    EXPECT_EQ(next(s), said(errc::closed));
    EXPECT_EQ(s.subscribe({"d"}).error(), errc::closed);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; }));
}

TEST_P(PubSubOver, the_end_of_the_client_is_the_end_at_once) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"c"});
    std::thread reads([&] { EXPECT_EQ(next(s, no_deadline), "closed: " + said(errc::closed)); });
    std::this_thread::sleep_for(20ms);
    const Stopwatch watch;
    EXPECT_TRUE(client.close(5s)) << "a subscriber is no operation under way";
    EXPECT_LT(watch.elapsed(), 3s);
    reads.join();
    EXPECT_EQ(next(s), said(errc::closed));
    EXPECT_EQ(s.subscribe({"d"}).error(), errc::closed);
    EXPECT_EQ(s.unsubscribe({"c"}, no_deadline).error(), errc::closed);
    EXPECT_EQ(client.subscribe({}).error(), errc::closed);
}

TEST_P(PubSubOver, a_living_one_keeps_its_client) {
    auto client = connected(base());
    auto s = subscribed_to(client, {"c"});
    client = Client();
    publish("c", "x");
    EXPECT_EQ(next(s), "c||x");
    kill_subscribers();
    EXPECT_EQ(next(s), "gap");
    s = Subscriber();
    EXPECT_TRUE(eventually([] { return client_count() == 0; }));
}

// -- readers --

TEST_P(PubSubOver, a_loop_ends_after_closed) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"c"});
    std::thread writes([&] {
        for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.run(command("PUBLISH", "c", i)));
        EXPECT_TRUE(eventually([&] { return s.stats().messages == 3; }));
        s.close();
    });
    std::vector<std::string> seen;
    for (const event& e : s) seen.push_back(text(e));
    writes.join();
    EXPECT_THAT(seen, ElementsAre("c||0", "c||1", "c||2", "closed: " + said(errc::closed)));
    for (const event& e : s) ADD_FAILURE() << text(e);
}

TEST_P(PubSubOver, a_stop_token_ends_the_wait) {
    const auto client = connected(base());
    auto s = subscribed_to(client, {"c"});
    std::stop_source stop;
    std::thread stops([&] {
        std::this_thread::sleep_for(50ms);
        stop.request_stop();
    });
    EXPECT_EQ(s.next({}, stop.get_token()).error(), errc::cancelled);
    stops.join();
    publish("c", "x");
    EXPECT_EQ(next(s), "c||x");
}

TEST_P(PubSubOver, dropping_ends_those_who_wait) {
    const auto client = connected(base());
    for (int i = 0; i < 20; ++i) {
        auto s = std::make_optional(subscribed_to(client, {"c"}));
        auto& subscriber = *s;
        std::atomic<int> waiting{0};
        std::vector<std::thread> readers;
        for (int t = 0; t < 3; ++t) {
            readers.emplace_back([&waiting, &subscriber] {
                ++waiting;
                const auto e = subscriber.next();
                EXPECT_TRUE(!e || std::holds_alternative<closed>(*e));
            });
        }
        while (waiting != 3) std::this_thread::yield();
        std::this_thread::sleep_for(5ms);
        s.reset();
        for (auto& r : readers) r.join();
    }
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; }));
}

TEST_P(PubSubOver, reads_and_changes_and_drops_at_the_same_time) {
    const auto client = connected(base()).with({.deadline = 20s});
    std::atomic<bool> stop{false};
    auto s = client.subscribe({.channels = {"always"}}).value();
    std::atomic<int> seen{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&] {
            while (!stop) {
                if (const auto e = s.next(50ms); e && std::holds_alternative<message>(*e)) ++seen;
            }
        });
    }
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&, t] {
            const auto mine = payload("c", static_cast<std::uint64_t>(t));
            while (!stop) {
                EXPECT_TRUE(s.subscribe({mine}, 20s));
                EXPECT_TRUE(s.unsubscribe({mine}, 20s));
            }
        });
    }
    threads.emplace_back([&] {
        while (!stop) {
            auto other = client.subscribe({.channels = {"always"}});
            EXPECT_TRUE(other) << other.error().message();
        }
    });
    for (int i = 0; i < 200; ++i) {
        publish("always", "x");
        if (i % 40 == 39) kill_subscribers();
        std::this_thread::sleep_for(2ms);
    }
    EXPECT_TRUE(eventually([&] { return s.stats().connected; }));
    publish("always", "last");
    EXPECT_TRUE(eventually([&] { return seen > 0; }));
    stop = true;
    for (auto& t : threads) t.join();
    ASSERT_TRUE(s.unsubscribe({"c#0", "c#1"}, 20s));
    EXPECT_EQ(s.stats().wanted, 1U);
    EXPECT_EQ(s.stats().confirmed, 1U);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 2; }));
}

}  // namespace
}  // namespace redoubt::test
