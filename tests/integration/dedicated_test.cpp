// Dedicated clients: a connection of one's own, shared by threads, honest about what is lost with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/use_future.hpp>
#include <future>
#include <redoubt/async.hpp>
#include <redoubt/client.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Dedicated : public RedisFixture {
protected:
    static options base(std::uint32_t connections_max = 50) {
        auto o = options_for(server());
        o.pool.connections_max = connections_max;
        return o;
    }
    static bool is_open(std::int64_t id) {
        const auto all = watcher().client_list();
        return std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.at("id") == std::to_string(id); });
    }
    static void kill_connection(const Client& by, std::int64_t id) {
        ASSERT_TRUE(by.run(command("CLIENT KILL", "ID", id)));
        ASSERT_TRUE(eventually([&] { return !is_open(id); }));
    }
    // The client hears of it a moment later.
    static void settle() { std::this_thread::sleep_for(20ms); }
};

TEST_F(Dedicated, the_first_command_may_be_larger_than_the_buffer) {
    auto o = base();
    o.output_bytes_max = 4096;
    const auto client = connected(o);
    for (int i = 0; i < 20; ++i) {
        const auto own = client.dedicated().value();
        const std::string large(std::size_t{2} << 20, 'x');
        const auto echoed = own.with({.deadline = 2s}).run(command("ECHO", large).as<std::string>());
        ASSERT_TRUE(echoed) << echoed.error().message();
        EXPECT_EQ(*echoed, large);
    }
}

TEST_F(Dedicated, has_a_connection_of_its_own_that_copies_share) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    EXPECT_EQ(client.stats().pool.leases_in_use, 0U) << "none before the first call";
    const auto copy = own.with({.deadline = 2s});
    const auto id = own.client_id().value();
    EXPECT_EQ(copy.client_id().value(), id);
    EXPECT_NE(client.client_id().value(), id);
    EXPECT_EQ(client.stats().pool.leases_in_use, 1U);
    const auto another = own.dedicated().value();
    EXPECT_NE(another.client_id().value(), id);
    EXPECT_THAT(own.run(command("CLIENT GETNAME").as<std::string>()).value(), HasSubstr(":dedicated:"));
    EXPECT_EQ(own.describe(), "deadline(3s) > dedicated[" + client.stats().node + "]");
    EXPECT_FALSE(own.stats().closed);
    EXPECT_EQ(own.stats().pool.leases_in_use, 2U);
}

TEST_F(Dedicated, its_state_is_not_the_parents) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    ASSERT_TRUE(own.run(command("SELECT", 3)));
    ASSERT_TRUE(own.set("k", "in 3"));
    EXPECT_EQ(client.get("k").value(), std::nullopt);
    EXPECT_EQ(own.get("k").value(), "in 3");
    EXPECT_EQ(client.run(command("SELECT", 3)).error(), errc::needs_dedicated);
    for (const auto& refused : {command("MONITOR"), command("CLIENT REPLY", "OFF"), command("SYNC")}) {
        EXPECT_EQ(own.run(refused).error(), errc::refused_command);
    }
}

TEST_F(Dedicated, waits_on_the_server_while_the_parent_works) {
    auto o = base();
    o.deadline = 800ms;
    const auto client = connected(o);
    const auto own = client.dedicated().value();
    auto popped = std::async(std::launch::async, [&] { return own.run(command("BLPOP", "q", 5)); });
    std::this_thread::sleep_for(1s);  // longer than the deadline of an ordinary call
    ASSERT_TRUE(client.rpush("q", "job"));
    EXPECT_EQ(popped.get().value().describe(), "[\"q\", \"job\"]");
    const Stopwatch watch;
    EXPECT_TRUE(own.run(command("BLPOP", "q", "0.4")).value().is_nil());
    EXPECT_GE(watch.elapsed(), 395ms);
    const auto late = own.with({.deadline = 50ms}).run(command("BLPOP", "q", 0));
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().fate(), fate::unknown);
}

TEST_F(Dedicated, asynchronous_calls_are_pipelined_in_order) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    std::vector<std::future<result<reply>>> all;
    all.push_back(own.async_run(command("MULTI"), boost::asio::use_future));
    for (int i = 0; i < 500; ++i) all.push_back(own.async_run(command("INCR", "n"), boost::asio::use_future));
    all.push_back(own.async_run(command("EXEC"), boost::asio::use_future));
    for (std::size_t i = 1; i + 1 < all.size(); ++i) ASSERT_EQ(all[i].get().value().text(), "QUEUED");
    EXPECT_EQ(all.back().get().value().size(), 500U);
    EXPECT_EQ(client.get<int>("n").value(), 500);
}

TEST_F(Dedicated, more_than_its_buffer_holds_waits_and_keeps_its_order) {
    auto o = base();
    o.output_bytes_max = 4096;
    const auto client = connected(o);
    const auto own = client.dedicated().value();
    std::vector<std::future<result<std::int64_t>>> all;
    const std::string kilobyte(1000, 'x');
    for (int i = 0; i < 300; ++i) {
        all.push_back(own.async_run(cmd.rpush("list", std::to_string(i) + kilobyte), boost::asio::use_future));
    }
    for (int i = 0; i < 300; ++i) ASSERT_EQ(all[static_cast<std::size_t>(i)].get().value(), i + 1);
}

// -- loss --

TEST_F(Dedicated, goes_on_with_a_new_connection_when_nothing_was_lost_with_the_old_one) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    for (int i = 0; i < 3; ++i) {
        const auto id = own.client_id().value();
        kill_connection(client, id);
        settle();
        ASSERT_TRUE(own.set("k", i)) << i;
        EXPECT_NE(own.client_id().value(), id);
        kill_connection(client, own.client_id().value());
        settle();
        EXPECT_TRUE(own.async_run(cmd.ping(), boost::asio::use_future).get());
    }
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 2; }));
}

TEST_F(Dedicated, says_so_when_its_state_was_lost) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    ASSERT_TRUE(own.run(command("SELECT", 3)));
    kill_connection(client, own.client_id().value());
    settle();
    for (int i = 0; i < 2; ++i) {
        const auto lost = own.set("k", "elsewhere");
        ASSERT_FALSE(lost);
        EXPECT_EQ(lost.error(), errc::connection_lost);
        EXPECT_EQ(lost.error().fate(), fate::not_applied);
        EXPECT_THAT(lost.error().message(), HasSubstr("make a new dedicated client"));
        EXPECT_EQ(own.async_run(cmd.ping(), boost::asio::use_future).get().error(), errc::connection_lost);
    }
    EXPECT_EQ(client.exists("k").value(), 0);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections == 1; })) << "its place is free";
    EXPECT_TRUE(own.dedicated().value().ping());
}

TEST_F(Dedicated, what_was_sent_when_the_connection_is_lost_may_have_run) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    const auto id = own.client_id().value();
    auto waiting = own.async_run(command("BLPOP", "q", 0), boost::asio::use_future);
    auto behind = own.async_run(cmd.incr("n"), boost::asio::use_future);
    settle();
    kill_connection(client, id);
    for (const auto& e : {waiting.get().error(), behind.get().error()}) {
        EXPECT_EQ(e, errc::connection_lost);
        EXPECT_EQ(e.fate(), fate::unknown);
    }
    EXPECT_TRUE(own.ping());
}

TEST_F(Dedicated, waits_for_a_server_that_restarts) {
    const auto client = connected(base()).with({.deadline = 10s});
    const auto own = client.dedicated().value();
    ASSERT_TRUE(own.ping());
    server().kill();
    settle();
    auto later = own.async_run(cmd.ping(), boost::asio::use_future);
    server().restart();
    EXPECT_TRUE(later.get());
    EXPECT_TRUE(own.ping());
}

// -- the budget --

TEST_F(Dedicated, waits_in_line_within_the_budget_and_gives_its_place_back) {
    const auto client = connected(base(2));
    auto first = client.dedicated().value();
    const auto id = first.client_id().value();
    const auto second = client.dedicated().value();
    const auto late = second.with({.deadline = 100ms}).ping();
    EXPECT_EQ(late.error(), errc::deadline_exceeded);
    EXPECT_EQ(late.error().fate(), fate::not_applied);
    EXPECT_EQ(late.error().phase(), phase::lease);
    EXPECT_THAT(late.error().message(), HasSubstr("pool.connections_max"));
    EXPECT_TRUE(eventually([&] { return client.stats().pool.waiting_leases == 0; })) << "nobody waits any more";
    auto waiting = second.async_run(cmd.ping(), boost::asio::use_future);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.waiting_leases == 1; }));
    first = {};
    EXPECT_TRUE(waiting.get());
    EXPECT_EQ(second.client_id().value(), id) << "the same connection, as its state was not changed";
    EXPECT_EQ(client.stats().pool.dials, 2U);
}

TEST_F(Dedicated, one_whose_state_was_changed_is_closed) {
    const auto client = connected(base());
    auto own = client.dedicated().value();
    ASSERT_TRUE(own.run(command("WATCH", "k")));
    const auto id = own.client_id().value();
    own = {};
    EXPECT_TRUE(eventually([&] { return !is_open(id); }));
    EXPECT_EQ(client.stats().pool.leases_idle, 0U);
}

TEST_F(Dedicated, needs_a_second_place) {
    EXPECT_EQ(connected(base(1)).dedicated().error(), errc::invalid_option);
    EXPECT_EQ(Client().dedicated().error(), errc::closed);
}

TEST_F(Dedicated, fails_at_once_while_nobody_may_wait) {
    auto o = base();
    o.when_disconnected = when_disconnected::fail;
    const auto client = connected(o);
    const auto own = client.dedicated().value();
    server().kill();
    EXPECT_TRUE(eventually([&] { return !client.stats().pool.connected; }));
    const Stopwatch watch;
    EXPECT_EQ(own.ping().error(), errc::not_connected);
    EXPECT_LT(watch.elapsed(), 1s);
}

// -- the end --

TEST_F(Dedicated, close_ends_it_alone) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    const auto copy = own;
    ASSERT_TRUE(own.ping());
    EXPECT_TRUE(own.close());
    EXPECT_EQ(copy.ping().error(), errc::closed);
    EXPECT_EQ(copy.async_run(cmd.ping(), boost::asio::use_future).get().error(), errc::closed);
    EXPECT_TRUE(copy.stats().closed);
    EXPECT_FALSE(client.stats().closed);
    EXPECT_TRUE(client.ping());
    EXPECT_TRUE(copy.dedicated().value().ping());
    EXPECT_TRUE(own.close()) << "again";
}

TEST_F(Dedicated, close_waits_for_what_is_under_way_and_then_ends_it) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    auto slow = own.async_run(command("BLPOP", "q", "0.2"), boost::asio::use_future);
    settle();
    EXPECT_TRUE(own.close(5s));
    EXPECT_TRUE(slow.get());
    const auto endless = client.dedicated().value();
    auto blocked = std::async(std::launch::async, [&] { return endless.run(command("BLPOP", "q", 0)); });
    EXPECT_TRUE(eventually([&] { return watcher().client_list().size() >= 3; }));
    settle();
    EXPECT_EQ(endless.close(50ms).error(), errc::deadline_exceeded);
    const auto ended = blocked.get();
    EXPECT_EQ(ended.error(), errc::closed);
    EXPECT_EQ(ended.error().fate(), fate::unknown);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.leases_in_use == 0; }));
}

TEST_F(Dedicated, the_end_of_the_parent_is_its_end) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    const auto blocked = client.dedicated().value();
    ASSERT_TRUE(own.ping());
    auto endless = std::async(std::launch::async, [&] { return blocked.run(command("BLPOP", "q", 0)); });
    auto brief = own.async_run(command("BLPOP", "q", "0.1"), boost::asio::use_future);
    settle();
    EXPECT_EQ(client.close(400ms).error(), errc::deadline_exceeded) << "one waits for ever";
    EXPECT_TRUE(brief.get());
    EXPECT_EQ(endless.get().error(), errc::closed);
    EXPECT_EQ(own.ping().error(), errc::closed);
    EXPECT_TRUE(own.stats().closed);
    EXPECT_EQ(client.dedicated().error(), errc::closed);
}

TEST_F(Dedicated, an_idle_one_does_not_hold_up_the_end_of_the_parent) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    ASSERT_TRUE(own.ping());
    const Stopwatch watch;
    EXPECT_TRUE(client.close(5s));
    EXPECT_LT(watch.elapsed(), 2s);
}

TEST_F(Dedicated, keeps_its_parent_alive) {
    auto client = connected(base());
    auto own = client.dedicated().value();
    client = {};
    EXPECT_TRUE(own.ping());
    auto lease = own.lease().value();
    own = {};
    EXPECT_TRUE(lease.ping());
}

TEST_F(Dedicated, may_be_dropped_inside_a_handler) {
    for (const bool parent_too : {false, true}) {
        auto client = std::make_shared<Client>(connected(base()));
        const auto own = std::make_shared<Client>(client->dedicated().value());
        ASSERT_TRUE(own->ping());
        std::promise<void> dropped;
        auto behind = own->async_run(command("BLPOP", "q", 0), boost::asio::use_future);
        client->async_run(cmd.ping(), [&, own](const result<std::string>& r) {
            EXPECT_TRUE(r);
            if (parent_too) *client = {};
            *own = {};
            dropped.set_value();
        });
        dropped.get_future().get();
        EXPECT_EQ(behind.get().error(), errc::closed);
        if (!parent_too) {
            EXPECT_TRUE(eventually([&] { return client->stats().pool.leases_in_use == 0; }));
        }
    }
}

TEST_F(Dedicated, may_be_dropped_before_its_calls_have_begun) {
    const auto client = connected(base());
    for (int i = 0; i < 300; ++i) {
        std::vector<std::future<result<std::string>>> all;
        {
            const auto own = client.dedicated().value();
            for (int n = 0; n < 3; ++n) all.push_back(own.async_run(cmd.ping(), boost::asio::use_future));
        }
        for (auto& f : all) {
            const auto r = f.get();
            ASSERT_TRUE(r || r.error() == errc::closed) << r.error().message();
        }
    }
    EXPECT_TRUE(eventually([&] { return client.stats().pool.leases_in_use == 0; }));
}

TEST_F(Dedicated, dropped_in_the_handler_of_its_last_call_its_connection_serves_again) {
    const auto client = connected(base());
    const auto own = std::make_shared<Client>(client.dedicated().value());
    const auto id = own->client_id().value();
    std::promise<void> dropped;
    own->async_run(cmd.ping(), [&, own](const result<std::string>&) {
        *own = {};
        dropped.set_value();
    });
    dropped.get_future().get();
    EXPECT_EQ(client.lease().value().client_id().value(), id);
}

TEST_F(Dedicated, a_blocking_call_in_a_handler_is_refused) {
    const auto client = connected(base());
    const auto own = client.dedicated().value();
    std::promise<std::pair<errc, errc>> seen;
    own.async_run(cmd.ping(), [&](const result<std::string>&) {
        seen.set_value({own.ping().error().kind(), own.close().error().kind()});
    });
    EXPECT_EQ(seen.get_future().get(), std::make_pair(errc::would_deadlock, errc::would_deadlock));
    EXPECT_TRUE(own.ping());
}

TEST_F(Dedicated, a_child_of_fork_must_not_use_it) {
    const auto client = connected(base());
    auto own = client.dedicated().value();
    ASSERT_TRUE(own.ping());
    const auto child = ::fork();
    if (child == 0) {
        const bool refused = own.ping().error() == errc::forked && own.dedicated().error() == errc::forked &&
                             own.close().error() == errc::forked;
        own = {};
        ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(own.ping());
}

// -- all at once --

TEST_F(Dedicated, serves_many_threads_while_its_connections_are_killed) {
    const auto client = connected(base(6)).with({.deadline = 20s});
    const auto own = client.dedicated().value();
    std::atomic<bool> stop{false};
    std::atomic<int> lost{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < 2000; ++i) {
                const auto mine = payload(std::to_string(t), i);
                const auto r =
                    t % 2 == 0 ? own.echo(mine) : own.async_run(cmd.echo(mine), boost::asio::use_future).get();
                if (r) {
                    ASSERT_EQ(*r, mine);
                } else {
                    ASSERT_EQ(r.error(), condition::unreachable) << r.error().message();
                    ++lost;
                }
            }
        });
    }
    std::thread killer([&] {
        while (!stop) {
            for (const auto& c : watcher().client_list()) {
                if (c.at("name").find(":dedicated:") != std::string::npos) {
                    (void)client.run(command("CLIENT KILL", "ID", c.at("id")));
                }
            }
            std::this_thread::sleep_for(2ms);
        }
    });
    for (auto& t : threads) t.join();
    stop = true;
    killer.join();
    EXPECT_GT(lost, 0);
    EXPECT_TRUE(own.ping() || own.ping());
    EXPECT_TRUE(eventually([&] { return client.stats().pool.leases_in_use <= 1; }));
    EXPECT_LE(client.stats().pool.connections, 3U);
}

}  // namespace
}  // namespace redoubt::test
