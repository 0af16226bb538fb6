// Servers that answer subscribers with nonsense, hang up, or fall silent; and a child of fork().
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <redoubt/pubsub/subscriber.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;

std::string bulk(const std::string& text) { return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n"; }
std::string ack(const std::string& verb, const std::string& name) {
    return "*3\r\n" + bulk(verb) + bulk(name) + ":1\r\n";
}
std::string say(const std::string& channel, const std::string& payload) {
    return "*3\r\n" + bulk("message") + bulk(channel) + bulk(payload);
}

/// Plays a well-behaved server, except that the first acknowledgements are followed by what the test chose.
class PubSubHostile : public testing::Test {
protected:
    void serve(std::vector<std::string> after_ack, bool answer_ping = true) {
        after_ack_ = std::move(after_ack);
        server_.otherwise(Conversation().answer([this, answer_ping](const words& command) -> std::string {
            const std::lock_guard<std::mutex> hold(lock_);
            if (command[0] == "PING") return !answer_ping ? "" : "+PONG\r\n";
            if (command[0] != "SUBSCRIBE") return "+OK\r\n";
            ++subscribes_;
            const auto answer = ack("subscribe", command[1]);
            if (subscribes_ <= after_ack_.size()) return answer + after_ack_[subscribes_ - 1];
            return answer + say(command[1], "well");
        }));
    }
    Client client(reconnect_options pauses = {}) {
        auto o = options{};
        o.reconnect = pauses;
        o.endpoints = {"unix:" + server_.unix_path()};
        return connected(o);
    }
    std::size_t subscribes() {
        const std::lock_guard<std::mutex> hold(lock_);
        return subscribes_;
    }

    std::mutex lock_;
    std::vector<std::string> after_ack_;
    std::size_t subscribes_ = 0;
    FakeServer server_;  // stops first
};

TEST_F(PubSubHostile, nonsense_is_an_error_and_a_new_connection) {
    const std::vector<std::string> nonsense = {"+HELLO\r\n",
                                               ":5\r\n",
                                               "$-1\r\n",
                                               "*0\r\n",
                                               "*-1\r\n",
                                               "-ERR go away\r\n",
                                               say("other", "x"),
                                               "*3\r\n" + bulk("message") + bulk("c") + ":1\r\n",
                                               "*2\r\n*1\r\n:1\r\n$-1\r\n",
                                               ack("subscribe", "c"),
                                               ack("unsubscribe", "c"),
                                               "?what\r\n",
                                               "*2147483647\r\n$4\r\n",
                                               "$99999999999999999999\r\n",
                                               "*2\r\n" + bulk("pong") + bulk("")};
    serve(nonsense);
    const auto client = this->client({.base = 1ms, .cap = 20ms});
    auto s = client.with({.deadline = 20s}).subscribe({.channels = {"c"}}).value();
    std::size_t gaps = 0;
    for (bool well = false; !well;) {
        const auto e = s.next(20s);
        ASSERT_TRUE(e) << e.error().message();
        if (const auto* const g = std::get_if<gap>(&*e)) {
            ++gaps;
            EXPECT_TRUE(g->reason == errc::protocol_error || g->reason == errc::reply_limit ||
                        g->reason == errc::server_error)
                << g->reason.message();
        }
        well = std::holds_alternative<message>(*e);
    }
    EXPECT_GE(gaps, 1U) << "those that follow each other at once may be told as one";
    EXPECT_EQ(subscribes(), nonsense.size() + 1);
    EXPECT_EQ(s.stats().reconnections, nonsense.size());
}

TEST_F(PubSubHostile, a_server_that_accepts_and_drops_is_not_hammered) {
    serve(std::vector<std::string>(100'000, "+DROP\r\n"));
    const auto client = this->client();
    auto s = client.subscribe({.channels = {"c"}}).value();
    std::this_thread::sleep_for(700ms);
    EXPECT_LT(subscribes(), 40U) << "pauses grow from 50 ms to 1 s";
    EXPECT_GT(subscribes(), 1U);
    s.close();
}

TEST_F(PubSubHostile, a_ping_without_an_answer_ends_the_connection) {
    serve({}, false);
    const auto client = this->client();
    auto s = client.subscribe({.channels = {"c"}, .ping_after = 20ms, .pong_within = 30ms}).value();
    for (int gaps = 0; gaps < 2;) {
        const auto e = s.next(10s);
        ASSERT_TRUE(e) << e.error().message();
        if (std::holds_alternative<gap>(*e)) ++gaps;
    }
}

TEST_F(PubSubHostile, a_server_that_never_confirms_costs_the_call_its_deadline_only) {
    server_.otherwise(Conversation().answer(
        [](const words& command) -> std::string { return command[0] == "SUBSCRIBE" ? "" : "+OK\r\n"; }));
    const auto client = this->client();
    const auto late = client.with({.deadline = 100ms}).subscribe({.channels = {"c"}});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; }));
}

TEST_F(PubSubHostile, a_name_that_is_not_confirmed_in_time_is_taken_back) {
    server_.otherwise(Conversation().answer([](const words& command) -> std::string {
        if (command[0] != "SUBSCRIBE") return "+OK\r\n";
        return command[1] == "a" ? ack("subscribe", "a") : "";
    }));
    const auto client = this->client();
    auto s = client.subscribe({.channels = {"a"}}).value();
    const auto late = s.subscribe({"a", "b"}, 50ms);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().phase(), phase::sent);
    EXPECT_EQ(late.error().fate(), fate::unknown);
    EXPECT_TRUE(eventually([&] { return s.stats().wanted == 1; })) << "`a` was there before";
}

TEST_F(PubSubHostile, a_message_that_comes_before_all_is_confirmed_comes_after_the_gap) {
    server_.otherwise(Conversation().answer([this](const words& command) -> std::string {
        if (command[0] != "SUBSCRIBE") return "+OK\r\n";
        const std::lock_guard<std::mutex> hold(lock_);
        switch (++subscribes_) {
            case 2: return ack("subscribe", "b") + "+DROP\r\n";
            case 3: return ack("subscribe", "a") + say("a", "early");
            default: return ack("subscribe", command[1]);
        }
    }));
    const auto client = this->client();
    auto s = client.subscribe({.channels = {"a", "b"}}).value();
    ASSERT_TRUE(std::holds_alternative<subscribed>(s.next(5s).value()));
    ASSERT_TRUE(std::holds_alternative<subscribed>(s.next(5s).value()));
    EXPECT_TRUE(std::holds_alternative<gap>(s.next(5s).value()));
    const auto last = s.next(5s).value();
    ASSERT_TRUE(std::holds_alternative<message>(last));
    EXPECT_EQ(std::get<message>(last).payload, "early");
}

TEST_F(PubSubHostile, dropping_ends_a_call_that_waits_for_the_server) {
    server_.otherwise(Conversation().answer(
        [](const words& command) -> std::string { return command[0] == "SUBSCRIBE" ? "" : "+OK\r\n"; }));
    const auto client = this->client();
    auto s = std::make_optional(client.subscribe({}).value());
    std::thread asks([&subscriber = *s] { EXPECT_EQ(subscriber.subscribe({"c"}, no_deadline).error(), errc::closed); });
    ASSERT_TRUE(eventually([&] { return s->stats().wanted == 1; }));
    s.reset();
    asks.join();
}

// -- fork() --

class PubSubFork : public RedisFixture {};

enum child_verdict : int { good, not_forked, stats_of_the_parent };

int in_the_child(std::optional<Client>& client, std::optional<Subscriber>& s) {
    if (s->next(1s).error() != errc::forked || s->subscribe({"x"}).error() != errc::forked ||
        s->unsubscribe({"c"}).error() != errc::forked || client->subscribe({}).error() != errc::forked) {
        return not_forked;
    }
    if (s->stats().confirmed != 0) return stats_of_the_parent;
    s->close();
    s.reset();
    client.reset();
    return good;
}

TEST_F(PubSubFork, the_child_is_told_and_the_parent_notices_nothing) {
    std::optional<Client> client = connected(options_for(server()));
    std::optional<Subscriber> s = client->subscribe({.channels = {"c"}}).value();
    ASSERT_TRUE(s->next(5s));
    const auto child = ::fork();
    if (child == 0) ::_exit(in_the_child(client, s));
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), good);
    watcher().integer({"PUBLISH", "c", "x"});
    const auto e = s->next(5s).value();
    ASSERT_TRUE(std::holds_alternative<message>(e));
    EXPECT_EQ(s->stats().reconnections, 0U);
}

}  // namespace
}  // namespace redoubt::test
