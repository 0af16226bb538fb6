// A client and a real server: opening, greeting, readiness, values of all sizes and kinds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <redoubt/client.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {

struct Point {
    int x = 0;
    int y = 0;
    bool operator==(const Point&) const = default;
};

}  // namespace redoubt::test

template <> struct redoubt::codec<redoubt::test::Point> {
    static void encode(const test::Point& p, writer& w) { w.append(p.x).append(',').append(p.y); }
    static result<test::Point> decode(reply_view v) {
        const auto comma = v.text().find(',');
        if (comma == std::string_view::npos) return reply_mismatch(v, "a point");
        return test::Point{std::stoi(std::string(v.text())), std::stoi(std::string(v.text().substr(comma + 1)))};
    }
};

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

// -- on both transports --

class ClientOver : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base() const { return options_for(server(), GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(transports, ClientOver, both_transports, transport_name);

TEST_P(ClientOver, sets_gets_and_tells_a_missing_key) {
    const auto client = connected(base());
    EXPECT_TRUE(client.set("k", "v").value());
    EXPECT_EQ(client.get("k").value(), "v");
    EXPECT_EQ(client.get("nothing").value(), std::nullopt);
    EXPECT_FALSE(client.set("k", "w", {.nx = true}).value());
    EXPECT_EQ(client.get("k").value(), "v");
}

TEST_P(ClientOver, opens_without_waiting_and_the_first_call_waits) {
    const auto client = Client::open(base()).value();
    EXPECT_EQ(client.ping().value(), "PONG");
}

TEST_P(ClientOver, keys_and_values_are_any_bytes) {
    const auto client = connected(base());
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    all += "\r\n$5\r\nhello\r\n";
    ASSERT_TRUE(client.set(all, all).value());
    EXPECT_EQ(client.get(all).value(), all);
    EXPECT_EQ(client.strlen(all).value(), static_cast<std::int64_t>(all.size()));
    ASSERT_TRUE(client.set("", "").value());
    EXPECT_EQ(client.get("").value(), "");
}

TEST_P(ClientOver, carries_values_of_many_megabytes) {
    const auto client = connected(base()).with({.deadline = 30s});
    for (const std::size_t size : {std::size_t{1} << 20, std::size_t{20} << 20}) {
        std::string value(size, '\0');
        for (std::size_t i = 0; i < size; ++i) value[i] = static_cast<char>(i * 131 + i / 4099);
        ASSERT_TRUE(client.set("big", value).value());
        EXPECT_TRUE(client.get("big").value() == value) << size;
    }
}

TEST_P(ClientOver, large_values_of_several_threads_arrive_whole) {
    auto o = base();
    o.attempt_timeout = 20s;  // a reply may stand behind all the others, and instrumented builds are slow
    const auto client = connected(o).with({.deadline = 30s});
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&client, t] {
            const std::string value(std::size_t{3} << 20, static_cast<char>('a' + t));
            const auto key = payload("thread", static_cast<std::uint64_t>(t));
            for (int i = 0; i < 3; ++i) {
                EXPECT_TRUE(client.set(key, value).value());
                EXPECT_TRUE(client.get(key).value() == value);
            }
        });
    }
    for (auto& t : threads) t.join();
}

TEST_P(ClientOver, one_connection_serves_many_threads) {
    const auto client = connected(base());
    std::vector<std::thread> threads;
    for (int t = 0; t < 16; ++t) {
        threads.emplace_back([&client, t] {
            for (std::uint64_t i = 0; i < 200; ++i) {
                const auto mine = payload(std::to_string(t), i);
                ASSERT_EQ(client.echo(mine).value(), mine);
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(client_count(), 1U);
}

// -- the client itself --

class ClientTest : public RedisFixture {
protected:
    options base() const { return options_for(server()); }
};

TEST_F(ClientTest, opens_from_a_url) {
    const auto client = Client::open(server().unix_url() + "?db=3&deadline=2s").value();
    ASSERT_TRUE(client.set("k", "v").value());
    EXPECT_EQ(watcher().text({"INFO", "keyspace"}).find("db0:"), std::string::npos);
    EXPECT_NE(watcher().text({"INFO", "keyspace"}).find("db3:keys=1"), std::string::npos);
    EXPECT_THAT(client.describe(), HasSubstr("deadline(2s)"));
}

TEST_F(ClientTest, a_wrong_url_or_option_fails_at_open_with_its_name) {
    const auto nonsense = Client::open("http://a");
    ASSERT_FALSE(nonsense);
    EXPECT_EQ(nonsense.error(), errc::invalid_option);
    const auto parameter = Client::open("redis://127.0.0.1:1?dedline=1s");
    ASSERT_FALSE(parameter);
    EXPECT_THAT(parameter.error().message(), HasSubstr("dedline"));
    auto o = base();
    o.limiter = limiter_options{.limit = 0};
    const auto option = Client::open(o);
    ASSERT_FALSE(option);
    EXPECT_THAT(option.error().message(), HasSubstr("limiter.limit"));
}

TEST_F(ClientTest, runs_any_command_untyped_and_typed) {
    const auto client = connected(base());
    const auto id = client.run(command("XADD", "s", "*", "n", 1).as<std::string>());
    EXPECT_THAT(id.value(), MatchesRegex("[0-9]+-[0-9]+"));
    const auto all = client.run(command("XRANGE", "s", "-", "+")).value();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0][0].text(), *id);
    EXPECT_EQ(all[0][1][1].text(), "1");
    EXPECT_EQ(client.run(command("CLIENT GETNAME")).value().text().substr(0, 8), "redoubt:");
    EXPECT_EQ(client.run(command("EVAL", "return {1,'two',{3}}", 0)).value().describe(), "[1, \"two\", [3]]");
}

TEST_F(ClientTest, stores_and_reads_types_of_the_user) {
    const auto client = connected(base());
    ASSERT_TRUE(client.set("p", Point{3, -4}).value());
    EXPECT_EQ(client.get("p").value(), "3,-4");
    EXPECT_EQ(client.get<Point>("p").value(), (Point{3, -4}));
    EXPECT_EQ(client.get<Point>("q").value(), std::nullopt);
    ASSERT_TRUE(client.set("p", "none").value());
    const auto wrong = client.get<Point>("p");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error(), errc::reply_type);
    EXPECT_EQ(wrong.error().fate(), fate::answered);
}

TEST_F(ClientTest, with_changes_calls_of_that_handle_only) {
    const auto client = connected(base());
    const auto late = client.with({.deadline = std::chrono::steady_clock::now() - 1ms}).get("k");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().fate(), fate::not_applied);
    EXPECT_TRUE(client.get("k"));
    EXPECT_TRUE(client.with({.deadline = no_deadline}).get("k"));
    EXPECT_TRUE(client.with({.deadline = 2s}).get("k"));
}

TEST_F(ClientTest, describes_its_layers) {
    auto o = base();
    o.deadline = 3s;
    o.limiter = limiter_options{.limit = 77};
    o.retry = retry_options{.attempts_max = 5};
    const auto node = server().unix_url();
    EXPECT_EQ(connected(o).describe(), "deadline(3s) > limiter(77) > retry(5) > breaker[" + node +
                                           "] > node(8192) > attempt(1s) > connection[" + node + "]");
    o.limiter.reset();
    EXPECT_THAT(connected(o).describe(), HasSubstr("deadline(3s) > retry(5) > breaker["));
    o.retry.reset();
    EXPECT_THAT(connected(o).describe(), HasSubstr("deadline(3s) > breaker["));
    o.breaker.reset();
    EXPECT_THAT(connected(o).describe(), HasSubstr("deadline(3s) > node(8192) > attempt(1s)"));
    EXPECT_EQ(Client().describe(), "closed");
}

TEST_F(ClientTest, counts_what_it_does) {
    const auto client = connected(base());
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.set("k", i).value());
    const auto s = client.stats();
    EXPECT_FALSE(s.closed);
    EXPECT_EQ(s.node, server().unix_url());
    EXPECT_EQ(s.pool.commands, 10U);
    EXPECT_EQ(s.pool.connections, 1U);
    EXPECT_TRUE(s.pool.connected);
    EXPECT_EQ(s.pool.in_flight, 0U);
    EXPECT_EQ(s.pool.dials, 1U);
    EXPECT_EQ(s.pool.dials_failed, 0U);
    EXPECT_GE(s.pool.bytes_in, 50U);
    EXPECT_GE(s.pool.bytes_out, 10U * 27U);
    EXPECT_EQ(s.limiter.limit, 1024U);
    EXPECT_EQ(s.limiter.in_use, 0U);
    EXPECT_EQ(s.retry.retries, 0U);
    EXPECT_EQ(s.retry.tokens, 100);
    EXPECT_TRUE(Client().stats().closed);
}

TEST_F(ClientTest, selects_its_database_also_after_a_reconnect) {
    auto o = base();
    o.database = 5;
    const auto client = connected(o);
    ASSERT_TRUE(client.set("k", "v").value());
    watcher().text({"SELECT", "5"});
    EXPECT_EQ(watcher().text({"GET", "k"}), "v");
    watcher().text({"SELECT", "0"});
    watcher().integer({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(eventually([&] { return client.stats().pool.connections_lost == 1; }));
    EXPECT_EQ(client.get("k").value(), "v");
}

TEST_F(ClientTest, an_empty_handle_answers_closed) {
    const Client none;
    EXPECT_EQ(none.get("k").error(), errc::closed);
    EXPECT_EQ(none.lease().error(), errc::closed);
    EXPECT_EQ(none.ready().error(), errc::closed);
    EXPECT_TRUE(none.close());
}

TEST_F(ClientTest, names_its_connections) {
    auto o = base();
    o.app = "my-app";
    const auto client = connected(o);
    char host[256] = {};
    ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
    const auto start = "redoubt:my-app:" + std::string(host) + ":" + std::to_string(::getpid()) + ":";
    EXPECT_THAT(client.client_getname().value().value_or(""), MatchesRegex(start + "shared:[0-9]+"));
    auto lease = client.lease().value();
    EXPECT_THAT(lease.client_getname().value().value_or(""), MatchesRegex(start + "lease:[0-9]+"));
    o.app.clear();
    EXPECT_THAT(connected(o).client_getname().value().value_or(""), HasSubstr("redoubt:redoubt_integration_tests:"));
}

}  // namespace
}  // namespace redoubt::test
