// Exclusive connections: who gets one, in which order, within which budget, and which ones are used again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <redoubt/client.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;

class LeaseOver : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base(std::uint32_t connections_max = 50) const {
        auto o = options_for(server(), GetParam());
        o.pool.connections_max = connections_max;
        return o;
    }
    static bool is_open(std::int64_t id) {
        const auto all = watcher().client_list();
        return std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.at("id") == std::to_string(id); });
    }
};

INSTANTIATE_TEST_SUITE_P(transports, LeaseOver, both_transports, transport_name);

TEST_P(LeaseOver, is_exclusive_for_a_transaction) {
    const auto client = connected(base());
    auto lease = client.lease().value();
    EXPECT_NE(lease.client_id().value(), client.client_id().value());
    ASSERT_TRUE(lease.run(command("MULTI")));
    EXPECT_EQ(lease.run(command("INCR", "n")).value().text(), "QUEUED");
    EXPECT_EQ(client.get("n").value(), std::nullopt);
    EXPECT_EQ(lease.run(command("EXEC")).value().describe(), "[1]");
    EXPECT_EQ(client.get("n").value(), "1");
}

TEST_P(LeaseOver, watch_notices_a_change_by_others) {
    const auto client = connected(base());
    auto lease = client.lease().value();
    for (const bool changed : {true, false}) {
        ASSERT_TRUE(lease.run(command("WATCH", "k").as<void>()));
        if (changed) {
            ASSERT_TRUE(client.set("k", "others"));
        }
        ASSERT_TRUE(lease.run(command("MULTI").as<void>()));
        ASSERT_TRUE(lease.run(command("SET", "k", "mine")));
        EXPECT_EQ(lease.run(command("EXEC")).value().is_nil(), changed);
    }
    EXPECT_EQ(client.get("k").value(), "mine");
}

TEST_P(LeaseOver, one_that_is_killed_while_it_is_given_back_is_removed_once) {
    const auto client = connected(base(6));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&client] {
            for (int i = 0; i < 100; ++i) {
                auto lease = client.with({.deadline = 10s}).lease().value();
                const auto id = lease.client_id().value();
                ASSERT_TRUE(lease.run(command("MULTI")));  // so it is closed rather than used again
                ASSERT_TRUE(client.run(command("CLIENT KILL", "ID", id)));
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; }));
    EXPECT_EQ(client.stats().pool.leases_in_use, 0U);
    EXPECT_EQ(client.stats().pool.leases_idle, 0U);
}

TEST_P(LeaseOver, a_clean_connection_serves_the_next) {
    const auto client = connected(base());
    std::int64_t id = 0;
    {
        auto lease = client.lease().value();
        id = lease.client_id().value();
        ASSERT_TRUE(lease.set("k", "v"));
    }
    EXPECT_EQ(client.stats().pool.leases_idle, 1U);
    EXPECT_EQ(client.lease().value().client_id().value(), id);
}

TEST_P(LeaseOver, a_connection_whose_state_was_changed_is_closed) {
    const auto client = connected(base());
    for (const auto& c : {command("SELECT", 3), command("WATCH", "k"), command("MULTI"), command("CLIENT SETNAME", "x"),
                          command("CLIENT NO-EVICT", "ON"), command("HELLO", 2), command("RESET")}) {
        std::int64_t id = 0;
        {
            auto lease = client.lease().value();
            id = lease.client_id().value();
            ASSERT_TRUE(lease.run(c)) << c.name();
        }
        EXPECT_TRUE(eventually([&] { return !is_open(id); })) << c.name();
        auto next = client.lease().value();
        EXPECT_NE(next.client_id().value(), id) << c.name();
        ASSERT_TRUE(next.set("k", "v").value());
        EXPECT_EQ(client.get("k").value(), "v") << "in the same database";
    }
}

TEST_P(LeaseOver, waits_in_order_of_arrival) {
    const auto client = connected(base(2)).with({.deadline = 20s});
    auto held = client.lease().value();
    std::vector<int> order;  // whoever holds the only lease writes
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            auto mine = client.lease().value();
            order.push_back(t);
        });
        EXPECT_TRUE(
            eventually([&] { return client.stats().pool.waiting_leases == static_cast<std::uint32_t>(t + 1); }));
    }
    held.give_back();
    EXPECT_EQ(held.ping().error(), errc::closed);
    for (auto& t : threads) t.join();
    EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    EXPECT_LE(client.stats().pool.dials, 2U);
}

TEST_P(LeaseOver, a_wait_ends_by_its_deadline_and_leaves_the_line) {
    const auto client = connected(base(2));
    auto held = client.lease().value();
    const Stopwatch watch;
    const auto late = client.with({.deadline = 150ms}).lease();
    EXPECT_GE(watch.elapsed(), 149ms);
    EXPECT_LT(watch.elapsed(), 1s);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().fate(), fate::not_applied);
    EXPECT_EQ(late.error().phase(), phase::lease);
    EXPECT_EQ(client.stats().pool.waiting_leases, 0U);
    held.give_back();
    EXPECT_TRUE(client.lease());
}

TEST_P(LeaseOver, one_connection_in_all_leaves_none_for_a_lease) {
    const auto client = connected(base(1));
    const auto none = client.lease();
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), errc::invalid_option);
    EXPECT_TRUE(client.ping());
}

TEST_P(LeaseOver, churn_of_64_threads_stays_within_the_budget) {
    constexpr std::uint32_t connections_max = 8;
    const auto client = connected(base(connections_max)).with({.deadline = 60s});
    std::atomic<int> running{64};
    std::atomic<int> inside{0};
    std::atomic<int> inside_max{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 64; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                auto lease = client.lease();
                ASSERT_TRUE(lease) << lease.error().message();
                const int now = ++inside;
                for (int seen = inside_max; now > seen && !inside_max.compare_exchange_weak(seen, now);) {
                }
                const auto mine = payload(std::to_string(t), static_cast<std::uint64_t>(i));
                EXPECT_EQ(lease->echo(mine).value(), mine);
                if (i % 5 == 0) {
                    EXPECT_TRUE(lease->run(command("SELECT", 1)));
                }
                EXPECT_TRUE(lease->incr("n"));
                --inside;
            }
            --running;
        });
    }
    std::size_t connections_seen = 0;
    while (running != 0) {
        // A connection that we have closed may be in the server's list for a moment longer.
        if (eventually([] { return client_count() <= connections_max; }, 1s)) continue;
        connections_seen = client_count();
        break;
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(connections_seen, 0U) << "more than " << connections_max;
    EXPECT_LT(inside_max, static_cast<int>(connections_max));
    EXPECT_LE(client.stats().pool.connections, connections_max);
    EXPECT_EQ(client.stats().pool.leases_in_use, 0U);
    const auto zero = client.get<int>("n").value().value_or(0);
    auto other = client.lease().value();
    ASSERT_TRUE(other.run(command("SELECT", 1)));
    EXPECT_EQ(zero + other.get<int>("n").value().value_or(0), 64 * 25);
}

// -- commands that wait on the server --

TEST_P(LeaseOver, a_blocking_command_has_its_own_time) {
    auto o = base();
    o.deadline = 200ms;
    o.attempt_timeout = 100ms;
    const auto client = connected(o);
    auto lease = client.lease().value();
    const Stopwatch watch;
    const auto nothing = lease.run(command("BLPOP", "q", "0.5"));
    ASSERT_TRUE(nothing) << nothing.error().message();
    EXPECT_TRUE(nothing->is_nil());
    EXPECT_GE(watch.elapsed(), 495ms);
    std::thread pusher([&] {
        std::this_thread::sleep_for(400ms);
        EXPECT_TRUE(client.rpush("q", "job"));
    });
    EXPECT_EQ(lease.run(command("BLPOP", "q", 0)).value().describe(), "[\"q\", \"job\"]");
    pusher.join();
    const auto id = lease.client_id().value();
    lease.give_back();
    EXPECT_EQ(client.lease().value().client_id().value(), id) << "it owes nothing, and serves again";
}

TEST_P(LeaseOver, a_blocking_command_ended_by_the_deadline_costs_its_connection) {
    const auto client = connected(base());
    auto lease = client.lease().value();
    const auto id = lease.client_id().value();
    lease.with({.deadline = 150ms});
    const Stopwatch watch;
    const auto late = lease.run(command("BLPOP", "q", 0));
    EXPECT_LT(watch.elapsed(), 1s);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().fate(), fate::unknown);
    lease.give_back();
    EXPECT_TRUE(eventually([&] { return !is_open(id); }));
    ASSERT_TRUE(client.rpush("q", "kept"));
    EXPECT_EQ(client.lrange("q", 0, -1).value(), std::vector<std::string>{"kept"});
}

TEST_P(LeaseOver, a_reply_that_comes_too_late_reaches_neither_this_holder_nor_the_next) {
    const auto client = connected(base(2));
    auto lease = client.lease().value();
    lease.with({.deadline = 50ms});
    ASSERT_FALSE(lease.run(command("BLPOP", "q", "0.2")));
    lease.with({});
    EXPECT_EQ(lease.echo("mine").value(), "mine");
    lease.give_back();
    EXPECT_EQ(client.lease().value().echo("next").value(), "next");
}

// -- servers that go away --

TEST_P(LeaseOver, works_again_after_a_restart_of_the_server) {
    const auto client = connected(base()).with({.deadline = 10s});
    auto used = client.lease().value();
    client.lease().value().give_back();  // an idle one
    ASSERT_EQ(client.stats().pool.leases_idle, 1U);
    server().kill();
    const auto lost = used.incr("n");
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error(), condition::unreachable);
    server().restart();
    auto fresh = client.lease();
    ASSERT_TRUE(fresh) << fresh.error().message();
    EXPECT_TRUE(fresh->ping());
    EXPECT_FALSE(used.ping()) << "a lease is one connection, and that one is lost";
    used.give_back();
    EXPECT_TRUE(client.lease().value().ping());
}

TEST_P(LeaseOver, outlives_the_other_handles_of_its_client) {
    auto client = connected(base());
    auto lease = client.lease().value();
    client = Client();
    ASSERT_TRUE(lease.set("k", "v"));
    auto moved = std::move(lease);
    EXPECT_EQ(moved.get("k").value(), "v");
    EXPECT_EQ(lease.get("k").error(), errc::closed);  // NOLINT: the moved-from state is documented
}

TEST_P(LeaseOver, ends_with_its_client_when_that_is_closed) {
    const auto client = connected(base());
    auto lease = client.lease().value();
    std::thread blocked([&] {
        const auto r = lease.run(command("BLPOP", "q", 0));
        EXPECT_EQ(r.error(), errc::closed);
    });
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(client.close(100ms));
    blocked.join();
    EXPECT_EQ(lease.ping().error(), errc::closed);
    EXPECT_EQ(client.lease().error(), errc::closed);
}

}  // namespace
}  // namespace redoubt::test
