// Who watches over the connections: silence, hung servers, black holes, lifetimes, budgets, absent servers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <redoubt/client.hpp>
#include <redoubt/profiles.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/redis_fixture.hpp"
#include "tools/support/fault_proxy.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Calls on several threads, until it goes.
class Load {
public:
    using call = std::function<void(int thread, std::uint64_t number)>;
    Load(int threads, call c) : call_(std::move(c)) {
        for (int t = 0; t < threads; ++t) {
            threads_.emplace_back([this, t] {
                for (std::uint64_t i = 0; !over_; ++i) {
                    call_(t, i);
                    ++calls_;
                }
            });
        }
    }
    ~Load() { end(); }
    void end() {
        over_ = true;
        for (auto& t : threads_) t.join();
        threads_.clear();
    }
    std::uint64_t calls() const { return calls_; }
    bool goes_on(std::uint64_t for_so_many = 200) const {
        const auto before = calls();
        return eventually([&] { return calls() >= before + for_so_many; }, 20s);
    }

private:
    call call_;
    std::atomic<bool> over_{false};
    std::atomic<std::uint64_t> calls_{0};
    std::vector<std::thread> threads_;
};

class Watch : public RedisFixture {
protected:
    static options quick(int port) {
        options o;
        o.endpoints = {"127.0.0.1:" + std::to_string(port)};
        o.attempt_timeout = 100ms;
        o.connect.timeout = 200ms;
        o.reconnect = {.base = 10ms, .cap = 100ms};
        return o;
    }
    static options quick() { return quick(server().port()); }
    static breaker_state circuit(const Client& c) { return c.stats().breaker.state; }
};

// -- a server that hangs --

TEST_F(Watch, a_hung_server_is_suspected_its_calls_turned_away_and_its_late_replies_go_to_nobody_else) {
    auto o = quick();
    o.breaker = breaker_options{.calls_min = 1'000'000};  // not by the rate of timeouts
    o.retry.reset();
    const auto client = connected(o);
    std::atomic<std::uint64_t> good{0};
    Load load(4, [&](int t, std::uint64_t i) {
        const auto mine = payload(std::to_string(t), i);
        const auto r = client.echo(mine);
        if (r) {
            ASSERT_EQ(*r, mine) << "somebody else's reply";
            ++good;
        }
    });
    ASSERT_TRUE(load.goes_on());
    server().pause();
    EXPECT_TRUE(eventually([&] { return circuit(client) == breaker_state::open; }));
    const auto turned_away = client.get("k");
    server().resume();
    ASSERT_FALSE(turned_away);
    EXPECT_EQ(turned_away.error(), errc::breaker_open) << turned_away.error().message();
    EXPECT_THAT(std::string(turned_away.error().text()), HasSubstr("the server hangs"));
    const auto before = good.load();
    EXPECT_TRUE(eventually([&] { return good >= before + 500 && circuit(client) == breaker_state::closed; }, 20s));
    load.end();
    EXPECT_EQ(client.stats().pool.connections_lost, 0U) << "the old connection was kept";
    EXPECT_TRUE(eventually([&] { return client_count() == 1; }));
}

TEST_F(Watch, one_slow_command_is_no_silence_while_others_are_answered) {
    auto o = quick();
    o.retry.reset();
    const auto client = connected(o);
    Load load(2, [&](int, std::uint64_t) { (void)client.ping(); });
    for (int i = 0; i < 5; ++i) {
        server().pause();
        std::this_thread::sleep_for(120ms);  // one attempt times out, two do not pass
        server().resume();
        ASSERT_TRUE(load.goes_on());
    }
    load.end();
    EXPECT_EQ(client.stats().pool.dials, 1U);
}

// -- a link that passes nothing any more --

TEST_F(Watch, a_black_hole_is_found_reads_are_repeated_and_writes_are_unknown) {
    lab::FaultProxy proxy(server().port());
    auto o = quick(proxy.port());
    o.retry = retry_options{.attempts_max = 10};
    const auto client = connected(o).with({.deadline = 10s});
    ASSERT_TRUE(client.set("k", "v"));
    proxy.open_links(lab::passage::black_hole);
    const Stopwatch watch;
    std::thread reader([&] {
        const auto r = client.get("k");
        ASSERT_TRUE(r) << r.error().message();
        EXPECT_EQ(*r, "v");
    });
    const auto write = client.incr("n");
    reader.join();
    EXPECT_LT(watch.elapsed(), 3s) << "two attempts and a dial, on a busy machine";
    ASSERT_FALSE(write);
    EXPECT_EQ(write.error().fate(), fate::unknown);
    EXPECT_FALSE(write.error().safe_to_retry());
    EXPECT_EQ(watcher().text({"SET", "n", "0"}), "OK");
    EXPECT_EQ(client.incr("n").value(), 1);
    EXPECT_TRUE(eventually([&] { return proxy.open() == 1; })) << "the old link is closed";
    EXPECT_EQ(client.stats().pool.connections_lost, 1U);
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

TEST_F(Watch, a_black_hole_is_left_also_where_only_one_connection_is_allowed) {
    lab::FaultProxy proxy(server().port());
    auto o = quick(proxy.port());
    o.pool.connections_max = 1;
    o.retry = retry_options{.attempts_max = 10};
    const auto client = connected(o).with({.deadline = 10s});
    proxy.open_links(lab::passage::black_hole);
    const auto r = client.get("k");
    EXPECT_TRUE(r) << r.error().message();
    EXPECT_TRUE(eventually([&] { return proxy.open() == 1; }));
    EXPECT_EQ(client.stats().pool.connections, 1U);
}

TEST_F(Watch, a_black_hole_is_found_while_nobody_calls) {
    lab::FaultProxy proxy(server().port());
    auto o = quick(proxy.port());
    o.health = {.interval = 100ms, .timeout = 100ms, .fall = 100};
    const auto client = connected(o);
    proxy.open_links(lab::passage::black_hole);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections_lost == 1; }));
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connected; }));
    EXPECT_EQ(client.get("k").value(), std::nullopt);
}

TEST_F(Watch, a_refusal_of_the_second_connection_is_an_answer_too) {
    lab::FaultProxy proxy(server().port());
    auto o = quick(proxy.port());
    o.retry.reset();
    o.breaker = breaker_options{.calls_min = 1'000'000};
    const auto client = connected(o);
    (void)watcher();
    watcher().text({"CONFIG", "SET", "maxclients", "2"});
    proxy.open_links(lab::passage::black_hole);
    (void)client.get("k");
    EXPECT_TRUE(eventually([&] { return client.stats().pool.connections_lost == 1; }, 3s))
        << "the silent one is given up, though the server has no room for another one";
    watcher().text({"CONFIG", "SET", "maxclients", "10000"});
    EXPECT_TRUE(eventually([&] { return client.get("k").has_value(); }));
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

TEST_F(Watch, a_link_that_is_reset_or_cut_within_a_reply_costs_reads_nothing) {
    lab::FaultProxy proxy(server().port());
    auto o = quick(proxy.port());
    o.attempt_timeout = 2s;
    o.deadline = 20s;
    const auto client = connected(o);
    ASSERT_TRUE(client.set("k", std::string(1000, 'x')));
    for (int i = 0; i < 3; ++i) {
        proxy.cut_after(500);
        EXPECT_EQ(client.get("k").value().value_or("").size(), 1000U);
        proxy.open_links(lab::passage::reset);
        const auto r = client.get("k");
        EXPECT_TRUE(r) << r.error().message();
    }
    EXPECT_EQ(client.stats().pool.connections_lost, 6U);
}

// -- replacement --

TEST_F(Watch, a_connection_past_its_lifetime_is_replaced_under_load_without_one_error) {
    auto o = options_for(server(), transport::tcp);
    o.pool.lifetime_max = 1s;
    const auto client = connected(o).with({.deadline = 20s});
    std::atomic<int> failures{0};
    Load load(8, [&](int t, std::uint64_t i) {
        const auto mine = payload(std::to_string(t), i);
        const auto r = client.echo(mine);
        if (!r || *r != mine) ++failures;
    });
    EXPECT_TRUE(eventually([&] { return client.stats().pool.dials >= 3; }, 20s));
    load.end();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(client.stats().pool.connections_lost, 0U);
    EXPECT_TRUE(eventually([] { return client_count() == 1; })) << watcher().text({"CLIENT", "LIST"});
}

TEST_F(Watch, a_lease_past_its_lifetime_is_closed_when_it_is_given_back) {
    auto o = options_for(server());
    o.pool.lifetime_max = 1s;
    const auto client = connected(o);
    auto lease = client.lease().value();
    const auto id = lease.client_id().value();
    std::this_thread::sleep_for(1200ms);
    EXPECT_TRUE(lease.ping()) << "not while it is in use";
    lease.give_back();
    EXPECT_NE(client.lease().value().client_id().value(), id);
}

class Budget : public Watch, public testing::WithParamInterface<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Budget, testing::Values(1U, 2U, 3U));

TEST_P(Budget, holds_while_connections_are_replaced_and_leased) {
    auto o = options_for(server());
    o.pool = {.connections_max = GetParam(), .lifetime_max = 1s};
    const auto client = connected(o).with({.deadline = 20s});
    std::atomic<int> failures{0};
    std::atomic<std::size_t> most{0};
    const auto calls = [&](int t, std::uint64_t i) {
        if (t != 0 && GetParam() > 1) {
            auto lease = client.lease();
            if (!lease || !lease->ping()) ++failures;
            return;
        }
        const auto mine = payload(std::to_string(t), i);
        const auto r = client.echo(mine);
        if (!r || *r != mine) ++failures;
    };
    Load load(3, calls);
    EXPECT_TRUE(eventually(
        [&] {
            most = std::max<std::size_t>(most, client_count());
            return client.stats().pool.dials >= 4;
        },
        20s));
    load.end();
    EXPECT_EQ(failures, 0);
    EXPECT_LE(most, GetParam());
    EXPECT_LE(client.stats().pool.connections, GetParam());
}

// -- absence --

TEST_F(Watch, after_an_absence_the_first_success_comes_soon_and_dials_were_few) {
    auto o = options_for(server(), transport::tcp);
    const auto client = connected(o);
    const auto dials = client.stats().pool.dials;
    const Stopwatch away;
    server().stop();
    std::this_thread::sleep_for(2s);
    server().restart();
    const Stopwatch back;
    EXPECT_TRUE(client.ready(10s));
    EXPECT_TRUE(client.get("k"));
    EXPECT_LT(back.elapsed(), 1500ms) << "a pause is at most 1 s";
    EXPECT_LE(client.stats().pool.dials - dials, 8 + 5 * static_cast<std::uint64_t>(away.elapsed() / 1s + 1));
}

TEST_F(Watch, of_two_clients_only_one_dials_a_dead_server_and_both_come_back) {
    auto o = options_for(server(), transport::tcp);
    const auto a = connected(o);
    const auto b = connected(o);
    const auto dials = [&] { return a.stats().pool.dials + b.stats().pool.dials; };
    const auto before = dials();
    server().stop();
    std::this_thread::sleep_for(2s);
    const auto while_away = dials() - before;
    server().restart();
    EXPECT_LE(while_away, 8U + 5U * 2U) << "as many as of one";
    EXPECT_TRUE(a.ready(10s));
    EXPECT_TRUE(b.ready(1s)) << "the first connection ends the waiting of both";
    EXPECT_TRUE(a.get("k"));
    EXPECT_TRUE(b.get("k"));
}

TEST_F(Watch, a_series_that_is_over_fails_all_who_wait_and_any_call_starts_the_next) {
    auto o = options_for(server(), transport::tcp);
    o.reconnect = {.base = 5ms, .cap = 20ms, .factor = 2, .attempts_max = 3};
    o.breaker.reset();
    server().stop();
    const auto a = Client::open(o).value();
    const auto b = Client::open(o).value();
    const Stopwatch watch;
    const auto ready = a.ready(20s);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), errc::reconnect_exhausted);
    std::thread other([&] { EXPECT_EQ(b.with({.deadline = 20s}).get("k").error(), errc::reconnect_exhausted); });
    EXPECT_EQ(a.with({.deadline = 20s}).get("k").error(), errc::reconnect_exhausted);
    EXPECT_EQ(a.with({.deadline = 20s}).lease().error(), errc::reconnect_exhausted);
    other.join();
    EXPECT_LT(watch.elapsed(), 10s);
    std::this_thread::sleep_for(100ms);
    const auto dials = a.stats().pool.dials + b.stats().pool.dials;
    std::this_thread::sleep_for(200ms);
    EXPECT_EQ(a.stats().pool.dials + b.stats().pool.dials, dials) << "nobody asks, nobody dials";
    server().restart();
    EXPECT_TRUE(a.with({.deadline = 5s}).lease()) << "a lease starts a series, too";
    EXPECT_TRUE(b.ready(5s));
}

TEST_F(Watch, the_series_of_one_client_is_that_of_the_other) {
    auto o = options_for(server(), transport::tcp);
    o.reconnect = {.base = 50ms, .cap = 100ms, .factor = 2, .attempts_max = 3};
    const auto a = connected(o);
    const auto b = connected(o);
    server().stop();
    ASSERT_TRUE(eventually([&] { return a.stats().pool.dials + b.stats().pool.dials > 4; }));
    std::this_thread::sleep_for(1s);
    EXPECT_LE(a.stats().pool.dials + b.stats().pool.dials, 2U + 6U) << "one each before, and one series";
    server().restart();
    EXPECT_TRUE(a.ready(5s));
    EXPECT_TRUE(b.ready(5s));
}

TEST_F(Watch, deadlines_hold_while_the_server_hangs) {
    auto o = quick();
    o.attempt_timeout = 10s;
    const auto client = connected(o);
    server().pause();
    // Being late once is the machine's doing, being late always is ours.
    const auto in_time = [&](std::chrono::milliseconds d) {
        for (int i = 0; i < 20; ++i) {
            const Stopwatch watch;
            EXPECT_FALSE(client.with({.deadline = d}).incr("n"));
            EXPECT_GE(watch.elapsed(), d - 1ms);
            if (watch.elapsed() < d + 50ms) return true;
        }
        return false;
    };
    for (const auto d : {30ms, 150ms, 400ms}) EXPECT_TRUE(in_time(d)) << d.count();
    server().resume();
}

TEST_F(Watch, an_outage_under_load_is_a_few_lines_in_the_log) {
    LogCapture log;
    {
        const auto client = connected(options_for(server(), transport::tcp));
        Load load(8, [&](int, std::uint64_t) {
            if (!client.with({.deadline = 100ms}).get("k")) std::this_thread::sleep_for(1ms);
        });
        ASSERT_TRUE(load.goes_on());
        server().kill();
        std::this_thread::sleep_for(3s);
        server().restart();
        ASSERT_TRUE(client.ready(10s));
        ASSERT_TRUE(load.goes_on());
        EXPECT_TRUE(eventually([&] { return circuit(client) == breaker_state::closed; }));
    }
    EXPECT_LT(log.lines().size(), 20U) << log.text();
    EXPECT_GE(log.lines().size(), 2U) << log.text();
}

TEST_F(Watch, an_idle_connection_that_is_closed_is_redialled_without_a_word) {
    auto o = options_for(server());
    o.breaker = breaker_options{.calls_min = 1, .failure_percent = 1};
    const auto client = connected(o);
    LogCapture log;
    watcher().integer({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(eventually([&] { return client.stats().pool.dials == 2 && client.stats().pool.connected; }));
    EXPECT_TRUE(client.get("k"));
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

TEST_F(Watch, whoever_waits_for_a_lease_gets_the_place_that_a_replaced_connection_leaves) {
    auto o = options_for(server());
    o.pool.connections_max = 2;
    o.pool.lifetime_max = 1s;
    const auto client = connected(o);
    const Stopwatch watch;
    while (watch.elapsed() < 4s) {
        auto lease = client.with({.deadline = 2s}).lease();
        ASSERT_TRUE(lease) << lease.error().message();
        EXPECT_TRUE(lease->ping());
    }
    EXPECT_GE(client.stats().pool.dials, 4U) << "replaced, again and again";
}

}  // namespace
}  // namespace redoubt::test
