// Connections that are replaced or left because of what their server said, did, or failed to take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <redoubt/async.hpp>
#include <redoubt/client.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string polite(const words& w) { return w[0] == "GET" ? "$1\r\nv\r\n" : w[0] == "INCR" ? ":1\r\n" : "+OK\r\n"; }

// -- an answer that makes the connection useless --

struct refusal {
    const char* words;
    errc code;
    friend void PrintTo(const refusal& r, std::ostream* out) { *out << r.words; }
};

class Refusal : public testing::TestWithParam<refusal> {
protected:
    /// AUTH and CLIENT SETNAME.
    static Conversation greeted() { return Conversation().expect_any().reply("+OK\r\n").expect_any().reply("+OK\r\n"); }
    static std::string words() { return std::string("-") + GetParam().words + "\r\n"; }
    options base() const {
        auto o = options::from_url(server_.unix_url()).value();
        o.user = "ann";
        o.retry.reset();
        o.deadline = 20s;
        return o;
    }
    FakeServer server_;
};

INSTANTIATE_TEST_SUITE_P(Rows, Refusal,
                         testing::Values(refusal{"READONLY You can't write", errc::read_only},
                                         refusal{"NOAUTH Authentication required.", errc::no_auth}),
                         [](const auto& p) { return std::string(p.param.words).substr(0, 6); });

TEST_P(Refusal, ends_the_use_of_the_connection_at_once_and_calls_wait_for_the_next_one) {
    for (const auto when : {when_disconnected::wait, when_disconnected::fail}) {
        const std::string gate = when == when_disconnected::wait ? "first" : "second";
        // The first one closes when it gets one more command, and that is reported.
        server_.then(greeted().expect({"INCR", "n"}).reply(words()).expect_close())
            .then(Conversation().wait_for(gate).answer(polite));
        auto o = base();
        o.when_disconnected = when;
        const auto client = connected(o);
        const auto accepted = server_.accepted();
        EXPECT_EQ(client.incr("n").error(), GetParam().code);
        auto waits = std::async(std::launch::async, [&] { return client.get("k"); });
        EXPECT_TRUE(eventually([&] { return server_.accepted() == accepted + 1; }));
        EXPECT_EQ(waits.wait_for(50ms), std::future_status::timeout) << "it is our doing: no reason to fail";
        EXPECT_FALSE(client.stats().pool.connected);
        server_.open(gate);
        const auto r = waits.get();
        ASSERT_TRUE(r) << r.error().message();
        EXPECT_EQ(*r, "v");
        EXPECT_EQ(client.stats().pool.connections_lost, 0U);
    }
}

// -- lifetimes --

class Lifetime : public testing::Test {
protected:
    /// Answers as long as it is well, otherwise not at all.
    Conversation server_side() {
        return Conversation().answer([this](const words& w) -> std::string {
            if (!well_) return "";
            if (w[0] == "CLIENT") ++greeted_;
            if (w[0] == "INCR" && !refused_.exchange(true)) return "-READONLY You can't write\r\n";
            return polite(w);
        });
    }
    options base() const {
        auto o = options::from_url(server_.unix_url()).value();
        o.pool.lifetime_max = 1s;
        o.retry.reset();
        return o;
    }
    std::atomic<bool> well_{true};
    std::atomic<bool> refused_{false};
    std::atomic<int> greeted_{0};
    FakeServer server_;
};

TEST_F(Lifetime, begins_anew_with_a_connection_that_came_because_of_a_refusal) {
    server_.otherwise(server_side());
    const auto client = connected(base());
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(client.incr("n").error(), errc::read_only);
    ASSERT_TRUE(eventually([&] { return greeted_ == 2; }, 400ms));
    const Stopwatch watch;
    ASSERT_TRUE(eventually([&] { return greeted_ == 3; }));
    EXPECT_GE(watch.elapsed(), 800ms) << "its own lifetime, not that of the one before";
    EXPECT_TRUE(eventually([&] { return greeted_ == 4; })) << "and so on";
    EXPECT_EQ(client.stats().pool.connections_lost, 0U);
}

TEST_F(Lifetime, that_ends_during_a_stall_is_made_up_for_when_the_connection_speaks_again) {
    server_
        .then(Conversation()
                  .expect_any()
                  .reply("+OK\r\n")
                  .expect({"GET", "k"})
                  .wait_for("speak")
                  .reply("$1\r\nv\r\n")
                  .answer(polite))
        .otherwise(server_side());
    auto o = base();
    o.attempt_timeout = 100ms;
    o.connect.timeout = 100ms;
    o.health = {.interval = 1min};
    const auto client = connected(o);
    const Stopwatch watch;
    well_ = false;
    EXPECT_FALSE(client.get("k"));
    ASSERT_TRUE(eventually([&] { return client.stats().breaker.opened != 0; })) << "it hangs, and so do new ones";
    std::this_thread::sleep_for(1200ms - watch.elapsed());
    EXPECT_EQ(greeted_, 0);
    server_.open("speak");
    ASSERT_TRUE(eventually([&] { return client.stats().pool.connected; }));
    well_ = true;
    EXPECT_TRUE(eventually([&] { return greeted_ == 1 && client.get("k").has_value(); }, 8s));
    EXPECT_EQ(client.stats().pool.connections_lost, 0U) << "it was replaced, not given up";
}

// -- a send that fails --

TEST(WriteError, closes_the_idle_leases_of_the_same_age) {
    FakeServer server;
    const auto greeted = [] { return Conversation().expect_any().reply("+OK\r\n"); };
    server.then(greeted().wait_for("reset").reset())
        .then(greeted().expect({"PING"}).reply("+PONG\r\n").expect_close())
        .then(greeted().expect_close())
        .then(greeted().expect_close())
        .otherwise(Conversation().answer(polite));
    auto o = options::from_url(server.tcp_url()).value();
    o.deadline = 20s;
    const auto client = connected(o);
    auto in_use = client.lease().value();
    EXPECT_TRUE(in_use.ping());
    {
        auto one = client.lease();
        auto other = client.lease();
        EXPECT_TRUE(one && other);
    }
    ASSERT_EQ(client.stats().pool.leases_idle, 2U);
    // The I/O thread reads, since it has asked for something; while it is busy elsewhere, the next to find out is
    // whoever sends.
    auto asked = client.async_run(cmd.get("k"), boost::asio::use_future);
    std::promise<void> busy;
    std::promise<void> go_on;
    boost::asio::post(io_context_of(client), [&] {
        busy.set_value();
        go_on.get_future().wait();
    });
    busy.get_future().wait();
    server.open("reset");
    std::this_thread::sleep_for(50ms);
    auto call = std::async(std::launch::async, [&] { return client.incr("n"); });
    std::this_thread::sleep_for(50ms);
    go_on.set_value();
    const auto r = call.get();
    EXPECT_TRUE(r) << r.error().message();
    EXPECT_EQ(client.stats().retry.free_retries, 1U) << "it never left";
    EXPECT_TRUE(asked.get());
    EXPECT_TRUE(eventually([&] { return client.stats().pool.leases_idle == 0; }));
    in_use.give_back();
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; }));
    EXPECT_TRUE(client.lease().value().ping());
}

TEST(ConnectionLost, keeps_the_idle_leases) {
    FakeServer server;
    server.then(Conversation().expect_any().reply("+OK\r\n").wait_for("close").close())
        .otherwise(Conversation().answer(polite));
    const auto client = connected(options::from_url(server.tcp_url()).value());
    EXPECT_TRUE(client.lease());
    server.open("close");
    EXPECT_TRUE(eventually([&] { return client.stats().pool.dials == 3 && client.stats().pool.connected; }));
    EXPECT_EQ(client.stats().pool.leases_idle, 1U);
}

// -- answers on a lease --

struct last_words {
    const char* name;
    const char* words;
    bool closes;
    friend void PrintTo(const last_words& l, std::ostream* out) { *out << l.words; }
};

class LastWords : public testing::TestWithParam<last_words> {};

INSTANTIATE_TEST_SUITE_P(
    Rows, LastWords,
    testing::Values(last_words{"role", "UNBLOCKED force unblock from blocking operation, instance state changed", true},
                    last_words{"denied", "DENIED Redis is running in protected mode", true},
                    last_words{"operator_acted", "UNBLOCKED client unblocked via CLIENT UNBLOCK", false}),
    [](const auto& p) { return std::string(p.param.name); });

TEST_P(LastWords, close_the_lease_that_will_be_closed_anyway) {
    FakeServer server;
    auto leased = Conversation().expect_any().reply("+OK\r\n").expect({"BLPOP", "k", "5"});
    leased.reply(std::string("-") + GetParam().words + "\r\n");
    GetParam().closes ? leased.expect_close() : leased.answer(polite);
    server.then(Conversation().answer(polite)).then(leased);
    const auto client = connected(options::from_url(server.unix_url()).value());
    auto lease = client.lease().value();
    const auto r = lease.run(command("BLPOP", "k", 5));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
    EXPECT_EQ(r.error().text(), GetParam().words);
    const auto next = lease.ping();
    EXPECT_EQ(next.has_value(), !GetParam().closes);
    if (next) return;
    EXPECT_EQ(next.error(), errc::connection_lost);
    EXPECT_EQ(next.error().fate(), fate::not_applied);
    EXPECT_THAT(std::string(next.error().text()), HasSubstr(GetParam().words));
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

}  // namespace
}  // namespace redoubt::test
