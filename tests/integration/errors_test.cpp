// What a caller is told when something fails: the fate of the command, and that nobody gets somebody else's reply.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <redoubt/client.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ErrorsOver : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base() const { return options_for(server(), GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(transports, ErrorsOver, both_transports, transport_name);

TEST_P(ErrorsOver, a_refusal_of_the_server_is_answered) {
    const auto client = connected(base());
    ASSERT_TRUE(client.set("k", "v").value());
    const auto wrong = client.llen("k");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error(), errc::wrong_type);
    EXPECT_EQ(wrong.error(), condition::server_refused);
    EXPECT_EQ(wrong.error().fate(), fate::answered);
    EXPECT_EQ(wrong.error().phase(), phase::reply);
    EXPECT_THAT(std::string(wrong.error().text()), HasSubstr("WRONGTYPE Operation against"));
    EXPECT_FALSE(wrong.error().node().empty());
    EXPECT_FALSE(wrong.error().partial());
    const auto unknown = client.run(command("NOSUCHCOMMAND", "a"));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error(), errc::server_error);
    const auto script = client.run(command("EVAL", "redis.call('SET','s','1') return redis.call('LLEN','s')", 0));
    ASSERT_FALSE(script);
    EXPECT_TRUE(script.error().partial()) << "the script has written before it failed";
    EXPECT_EQ(client.get("k").value(), "v");
}

TEST_P(ErrorsOver, a_server_that_stops_answering_costs_one_attempt) {
    const auto client = connected(base());
    server().pause();
    const Stopwatch watch;
    const auto late = client.incr("n");
    EXPECT_GE(watch.elapsed(), 995ms);
    EXPECT_LT(watch.elapsed(), 1500ms);
    server().resume();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::attempt_timeout);
    EXPECT_EQ(late.error(), condition::timed_out);
    EXPECT_EQ(late.error().fate(), fate::unknown);
    EXPECT_EQ(late.error().phase(), phase::sent);
    EXPECT_EQ(late.error().attempts(), 1U);
    EXPECT_FALSE(late.error().safe_to_retry());
    EXPECT_EQ(client.get<int>("n").value(), 1) << "it had been sent, and ran";
}

TEST_P(ErrorsOver, late_replies_reach_nobody_else) {
    auto o = base();
    o.attempt_timeout = 150ms;
    o.retry.reset();
    const auto client = connected(o);
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> answered{0};
    std::atomic<std::uint64_t> timed_out{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; !over; ++i) {
                const auto mine = payload(std::to_string(t), i);
                const auto r = client.echo(mine);
                if (r) {
                    ASSERT_EQ(*r, mine);
                    ++answered;
                } else {
                    ASSERT_EQ(r.error(), condition::timed_out) << r.error().message();
                    ++timed_out;
                }
            }
        });
    }
    for (int round = 0; round < 3; ++round) {
        const auto before = answered.load();
        EXPECT_TRUE(eventually([&] { return answered > before + 100; }));
        const auto failed_before = timed_out.load();
        server().pause();
        EXPECT_TRUE(eventually([&] { return timed_out >= failed_before + 8; }));
        server().resume();
    }
    const auto before = answered.load();
    EXPECT_TRUE(eventually([&] { return answered > before + 100; }));
    over = true;
    for (auto& t : threads) t.join();
    EXPECT_EQ(client.stats().pool.dials, 1U) << "one slow command does not cost the connection";
}

TEST_P(ErrorsOver, a_killed_server_leaves_what_was_sent_unknown_and_comes_back) {
    auto o = base();
    o.attempt_timeout = 20s;
    o.retry = std::nullopt;  // what had not left would be sent again
    const auto client = connected(o);
    server().pause();
    std::atomic<int> waiting{8};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            const auto r = client.with({.deadline = 20s}).incr("n");
            ASSERT_FALSE(r);
            // Who notices first, the reader or a writer, depends on the moment; what had not left was not applied.
            EXPECT_EQ(r.error(), condition::unreachable) << r.error().message();
            EXPECT_EQ(r.error().fate(), r.error().phase() == phase::queue ? fate::not_applied : fate::unknown);
            --waiting;
        });
    }
    EXPECT_TRUE(eventually([&] { return client.stats().pool.in_flight == 8; }));
    server().kill();
    for (auto& t : threads) t.join();
    EXPECT_EQ(waiting, 0);
    const auto away = client.with({.deadline = 100ms}).incr("n");
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().fate(), fate::not_applied);
    server().restart();
    EXPECT_EQ(client.with({.deadline = 10s}).incr("n").value(), 1);
    EXPECT_GE(client.stats().pool.connections_lost, 1U);
}

TEST_P(ErrorsOver, under_load_a_restart_shows_as_nothing_but_unknown_and_unreached) {
    const auto client = connected(base());
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> answered{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; !over; ++i) {
                const auto mine = payload(std::to_string(t), i);
                const auto r = client.with({.deadline = 10s}).echo(mine);
                if (r) {
                    ASSERT_EQ(*r, mine);
                    ++answered;
                } else {
                    ASSERT_EQ(r.error(), condition::unreachable) << r.error().message();
                    ASSERT_NE(r.error().fate(), fate::answered);
                    ASSERT_TRUE(r.error().safe_to_retry()) << "ECHO changes nothing";
                }
            }
        });
    }
    for (int round = 0; round < 3; ++round) {
        const auto before = answered.load();
        EXPECT_TRUE(eventually([&] { return answered > before + 100; }));
        server().kill();
        server().restart();
    }
    const auto before = answered.load();
    EXPECT_TRUE(eventually([&] { return answered > before + 100; }));
    over = true;
    for (auto& t : threads) t.join();
}

TEST_P(ErrorsOver, a_connection_killed_while_idle_costs_no_call) {
    const auto client = connected(base());
    for (int i = 0; i < 5; ++i) {
        EXPECT_GE(watcher().integer({"CLIENT", "KILL", "TYPE", "normal"}), 1);
        ASSERT_TRUE(eventually([&] { return client.stats().pool.connections_lost > static_cast<unsigned>(i); }));
        const auto r = client.get("k");
        EXPECT_TRUE(r) << r.error().message();
    }
}

// -- servers that break the protocol --

class FakeErrors : public testing::TestWithParam<transport> {
protected:
    Client open() const {
        auto o = options::from_url(GetParam() == transport::tcp ? server_.tcp_url() : server_.unix_url()).value();
        o.retry = std::nullopt;  // what one attempt meets
        return connected(o);
    }
    static Conversation greeted() { return Conversation().expect_any().reply("+OK\r\n"); }
    /// The connection after the one that broke.
    void then_all_is_well(const Client& client) {
        const auto r = client.get("again");
        EXPECT_TRUE(r) << r.error().message();
        EXPECT_EQ(server_.accepted(), 2U);
    }
    static std::string polite(const words& w) { return w[0] == "GET" ? "$1\r\nv\r\n" : "+OK\r\n"; }
    FakeServer server_;
};

INSTANTIATE_TEST_SUITE_P(transports, FakeErrors, both_transports, transport_name);

TEST_P(FakeErrors, garbage_is_a_protocol_error) {
    server_.then(greeted().expect({"GET", "k"}).reply("hello\r\n").expect_close()).then(Conversation().answer(polite));
    const auto client = open();
    const auto r = client.get("k");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::protocol_error);
    EXPECT_EQ(r.error().fate(), fate::unknown);
    then_all_is_well(client);
}

TEST_P(FakeErrors, a_reply_that_nobody_asked_for_ends_the_connection) {
    server_.then(greeted().expect({"GET", "k"}).reply("$1\r\n1\r\n$1\r\n2\r\n").expect_close())
        .then(Conversation().answer(polite));
    const auto client = open();
    EXPECT_EQ(client.get("k").value(), "1");
    ASSERT_TRUE(eventually([&] { return server_.accepted() == 2; }));
    then_all_is_well(client);
}

TEST_P(FakeErrors, half_a_reply_is_no_reply) {
    server_.then(greeted().expect({"GET", "k"}).reply("$10\r\nabc").close()).then(Conversation().answer(polite));
    const auto client = open();
    const auto r = client.get("k");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::connection_lost);
    EXPECT_EQ(r.error().fate(), fate::unknown);
    then_all_is_well(client);
}

TEST_P(FakeErrors, a_state_of_the_server_means_that_nothing_ran) {
    server_.then(greeted()
                     .expect_any()
                     .reply("-LOADING Redis is loading\r\n")
                     .expect_any()
                     .reply("-MISCONF no disk\r\n")
                     .expect_any()
                     .reply("-BUSY script\r\n")
                     .expect_close());
    const auto client = open();
    for (const auto code : {errc::loading, errc::misconf, errc::busy}) {
        const auto r = client.incr("n");
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error(), code);
        EXPECT_EQ(r.error().fate(), fate::not_applied);
    }
}

TEST_P(FakeErrors, a_server_that_reads_nothing_holds_nobody_longer_than_the_deadline) {
    server_.then(greeted().read_nothing());
    const auto client = open();
    const std::string large(std::size_t{8} << 20, 'x');
    const auto r = client.with({.deadline = 300ms}).set("k", large);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), condition::timed_out);
    EXPECT_EQ(client.with({.deadline = 1ms}).close().error(), errc::deadline_exceeded);
}

}  // namespace
}  // namespace redoubt::test
