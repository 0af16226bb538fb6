// States of a real server that refuse commands, and how calls come through them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <numeric>
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

class States : public RedisFixture {
protected:
    /// A setting of the server for the rest of the test.
    class Setting {
    public:
        Setting(std::string name, const std::string& value) : name_(std::move(name)) {
            before_ = watcher().command({"CONFIG", "GET", name_}).elements.at(1).text;
            watcher().text({"CONFIG", "SET", name_, value});
        }
        ~Setting() { watcher().command({"CONFIG", "SET", name_, before_}); }
        Setting(const Setting&) = delete;
        Setting& operator=(const Setting&) = delete;

    private:
        std::string name_;
        std::string before_;
    };
    /// A client whose breaker opens by the first call that counts as failed.
    static Client touchy() {
        auto o = options_for(server());
        o.breaker = breaker_options{.calls_min = 1, .failure_percent = 1};
        return connected(o);
    }
    static void expect_refused(const result<std::int64_t>& r, errc code, unsigned attempts) {
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error(), code) << r.error().message();
        EXPECT_EQ(r.error().fate(), fate::not_applied);
        EXPECT_EQ(r.error().attempts(), attempts);
    }
    /// It works again, on the same connection, and nobody is blamed.
    static void expect_unharmed(const Client& client) {
        EXPECT_EQ(client.incr("n").value(), 1);
        EXPECT_EQ(client.stats().pool.dials, 1U);
        EXPECT_EQ(client.stats().breaker.opened, 0U);
    }
};

TEST_F(States, out_of_memory_refuses_writes_and_serves_reads) {
    const auto client = touchy();
    {
        const Setting full("maxmemory", "1");
        expect_refused(client.incr("n"), errc::out_of_memory, 1);
        EXPECT_EQ(client.get("n").value(), std::nullopt);
        const auto script = client.run(command("EVAL", "return redis.call('SET',KEYS[1],'v')", 1, "k"));
        ASSERT_FALSE(script);
        EXPECT_EQ(script.error(), errc::out_of_memory);
        EXPECT_EQ(script.error().fate(), fate::unknown);
    }
    expect_unharmed(client);
}

TEST_F(States, a_disk_that_takes_no_snapshot_refuses_writes) {
    const auto client = touchy();
    const auto in_the_way = server().dir() + "/dump.rdb";
    ::unlink(in_the_way.c_str());
    ASSERT_EQ(::mkdir(in_the_way.c_str(), 0700), 0);
    {
        const Setting save("save", "3600 1000000");
        watcher().text({"BGSAVE"});
        ASSERT_TRUE(eventually([] { return watcher().info("persistence").at("rdb_last_bgsave_status") == "err"; }));
        expect_refused(client.incr("n"), errc::misconf, 1);
        EXPECT_EQ(client.get("n").value(), std::nullopt);
    }
    ::rmdir(in_the_way.c_str());
    expect_unharmed(client);
}

TEST_F(States, too_few_replicas_refuse_writes_twice) {
    const auto client = touchy();
    {
        const Setting one("min-replicas-to-write", "1");
        expect_refused(client.incr("n"), errc::no_replicas, 2);
        EXPECT_EQ(client.stats().retry.retries, 1U);
    }
    expect_unharmed(client);
}

TEST_F(States, a_script_that_runs_long_makes_the_server_busy_and_is_left_alone) {
    const Setting limit("lua-time-limit", "20");
    auto o = options_for(server());
    o.health = {.interval = 100ms};
    const auto client = connected(o);
    std::thread script([] {
        lab::RawRedis own({.path = server().unix_path()});
        EXPECT_EQ(own.text({"EVAL",
                            "local function now() local t=redis.call('TIME') return t[1]*1000+t[2]/1000 end "
                            "local e=now()+1500 while now()<e do end return 'ran to its end'",
                            "0"}),
                  "ran to its end");
    });
    // Sent before the limit it would wait for the script, and merely take long.
    std::this_thread::sleep_for(200ms);
    const Stopwatch watch;
    const auto r = client.incr("n");
    expect_refused(r, errc::busy, 2);
    EXPECT_GE(watch.elapsed(), 100ms) << "it is given time";
    EXPECT_EQ(client.stats().health.state, health_state::quarantined);
    script.join();
    EXPECT_EQ(client.incr("n").value(), 1);
    EXPECT_EQ(client.stats().pool.dials, 1U);
    EXPECT_TRUE(eventually([&] { return client.stats().health.state == health_state::healthy; }));
}

TEST_F(States, a_demoted_server_is_left_for_a_new_connection_and_serves_again_when_promoted) {
    const auto client = touchy();
    watcher().text({"REPLICAOF", "127.0.0.1", "1"});
    expect_refused(client.incr("n"), errc::read_only, 3);
    const auto script = client.run(command("EVAL", "return redis.call('INCR',KEYS[1])", 1, "n"));
    ASSERT_FALSE(script);
    EXPECT_EQ(script.error(), errc::read_only);
    EXPECT_EQ(script.error().fate(), fate::not_applied) << "the server itself signs it";
    EXPECT_TRUE(eventually([&] { return client.stats().pool.dials == 2 && client_count() == 1; }));
    EXPECT_EQ(client.get("n").value(), std::nullopt);
    watcher().text({"REPLICAOF", "NO", "ONE"});
    EXPECT_EQ(client.incr("n").value(), 1);
    EXPECT_EQ(client.stats().breaker.opened, 0U);
    EXPECT_EQ(client.stats().pool.dials, 2U) << "replaced once, not for each refusal";
}

TEST_F(States, a_replica_that_lost_its_primary_is_waited_for) {
    auto o = options_for(server());
    o.health = {.interval = 100ms};
    const auto client = connected(o).with({.deadline = 10s});
    const Setting stale("replica-serve-stale-data", "no");
    watcher().text({"REPLICAOF", "127.0.0.1", "1"});
    std::thread reader([&] { EXPECT_TRUE(client.get("k")); });
    EXPECT_TRUE(eventually([&] { return client.stats().health.state == health_state::quarantined; }));
    watcher().text({"REPLICAOF", "NO", "ONE"});
    reader.join();
    EXPECT_EQ(client.stats().retry.retries, 0U);
}

TEST_F(States, a_full_server_keeps_its_clients_and_takes_leases_again_when_others_leave) {
    auto o = options_for(server());
    o.breaker = breaker_options{.calls_min = 1, .failure_percent = 1, .dials_max = 2};
    const auto client = connected(o);
    {
        const Setting full("maxclients", std::to_string(client_count() + 1));
        const auto refused = client.with({.deadline = 1s}).lease();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), errc::deadline_exceeded);
        EXPECT_EQ(refused.error().fate(), fate::not_applied);
        EXPECT_THAT(refused.error().message(), HasSubstr("max number of clients"));
        EXPECT_GE(client.stats().pool.dials_failed, 3U);
        EXPECT_LE(client.stats().pool.dials_failed, 13U);
        EXPECT_TRUE(client.incr("n")) << "the shared connection is none of those that were refused";
        EXPECT_EQ(client.stats().breaker.opened, 0U);
        EXPECT_EQ(client.stats().pool.connections, 1U) << "none of them was kept";
    }
    auto lease = client.with({.deadline = 5s}).lease();
    ASSERT_TRUE(lease) << lease.error().message();
    EXPECT_TRUE(lease->ping());
}

TEST_F(States, what_a_user_may_not_do_is_refused_once) {
    watcher().text({"ACL", "SETUSER", "reader", "reset", "on", ">pw", "~*", "+@read", "+client", "+ping"});
    auto o = options_for(server());
    o.user = "reader";
    o.password = "pw";
    const auto client = connected(o);
    expect_refused(client.incr("n"), errc::no_perm, 1);
    EXPECT_TRUE(client.get("n"));
    EXPECT_EQ(client.stats().pool.dials, 1U);
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

TEST_F(States, refused_credentials_close_a_gate_for_leases_too) {
    watcher().text({"ACL", "SETUSER", "ann", "reset", "on", ">old", "~*", "+@all"});
    auto o = options_for(server());
    o.user = "ann";
    o.password = "old";
    const auto client = connected(o);
    watcher().text({"ACL", "SETUSER", "ann", "resetpass", ">new"});
    for (int i = 0; i < 50; ++i) EXPECT_EQ(client.lease().error(), errc::wrong_pass);
    EXPECT_EQ(client.stats().pool.dials, 2U) << "one dial in 5 s";
    EXPECT_TRUE(client.ping()) << "who is in stays in";
    EXPECT_EQ(client.stats().breaker.opened, 0U);
    watcher().integer({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(eventually([&] { return !client.stats().pool.connected; }));
    const Stopwatch watch;
    EXPECT_EQ(client.incr("n").error(), errc::wrong_pass);
    EXPECT_LT(watch.elapsed(), 2s) << "what is known is told at once";
    EXPECT_EQ(client.stats().pool.dials, 2U);
}

TEST_F(States, refused_credentials_are_tried_again_after_five_seconds) {
    watcher().text({"ACL", "SETUSER", "bob", "reset", "on", ">new", "~*", "+@all"});
    auto o = options_for(server());
    o.user = "bob";
    o.password = "old";
    const auto client = Client::open(o).value();
    EXPECT_EQ(client.ready(10s).error(), errc::wrong_pass);
    watcher().text({"ACL", "SETUSER", "bob", "resetpass", ">old"});
    const Stopwatch watch;
    while (!client.get("k") && watch.elapsed() < 20s) std::this_thread::sleep_for(5ms);
    EXPECT_GE(watch.elapsed(), 4s);
    EXPECT_LT(watch.elapsed(), 8s);
    EXPECT_EQ(client.stats().pool.dials, 2U);
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

TEST_F(States, ten_clients_with_the_same_wrong_credentials_dial_once_and_others_are_let_in) {
    watcher().text({"ACL", "SETUSER", "cal", "reset", "on", ">new", "~*", "+@all"});
    auto o = options_for(server());
    o.user = "cal";
    o.password = "old";
    std::vector<Client> clients;
    for (int i = 0; i < 10; ++i) clients.push_back(Client::open(o).value());
    const auto dials = [&] {
        return std::accumulate(clients.begin(), clients.end(), std::uint64_t{0},
                               [](auto sum, const Client& c) { return sum + c.stats().pool.dials; });
    };
    const Stopwatch watch;
    for (const auto& c : clients) EXPECT_EQ(c.ready(10s).error(), errc::wrong_pass);
    for (const auto& c : clients) EXPECT_EQ(c.get("k").error(), errc::wrong_pass);
    for (const auto& c : clients) EXPECT_EQ(c.lease().error(), errc::wrong_pass);
    EXPECT_LT(watch.elapsed(), 2s) << "all are told at once";
    EXPECT_EQ(dials(), 1U);
    auto right = o;
    right.password = "new";
    EXPECT_TRUE(Client::open(right).value().ready(2s)) << "other credentials are not in doubt";
    watcher().text({"ACL", "SETUSER", "cal", "resetpass", ">old"});
    for (const auto& c : clients) EXPECT_TRUE(eventually([&] { return c.get("k").has_value(); }, 10s));
    EXPECT_GE(watch.elapsed(), 4s);
    EXPECT_LT(watch.elapsed(), 8s);
    EXPECT_EQ(dials(), 11U) << "the first that is greeted lets in the others";
}

// -- on a lease --

TEST_F(States, a_wait_that_an_operator_ends_leaves_the_lease_as_it_was) {
    const auto client = connected(options_for(server()));
    auto lease = client.lease().value();
    const auto id = std::to_string(lease.client_id().value());
    std::thread waiter([&] {
        const auto r = lease.run(command("BLPOP", "list", 20));
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error(), errc::unblocked);
        EXPECT_EQ(r.error().fate(), fate::not_applied);
    });
    EXPECT_TRUE(eventually([&] { return watcher().integer({"CLIENT", "UNBLOCK", id, "ERROR"}) == 1; }));
    waiter.join();
    EXPECT_TRUE(lease.ping());
}

TEST_F(States, a_lease_that_was_blocked_when_the_server_changed_its_role_ends) {
    const auto client = connected(options_for(server()));
    auto lease = client.lease().value();
    std::thread waiter([&] {
        const auto r = lease.run(command("BLPOP", "none", 20));
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error(), errc::unblocked);
        EXPECT_EQ(r.error().fate(), fate::not_applied);
    });
    EXPECT_TRUE(eventually([&] { return watcher().info("clients").at("blocked_clients") == "1"; }));
    watcher().text({"REPLICAOF", "127.0.0.1", "1"});
    waiter.join();
    watcher().text({"REPLICAOF", "NO", "ONE"});
    lease.give_back();
    EXPECT_TRUE(eventually([&] { return client.stats().pool.leases_in_use == 0; }));
    EXPECT_EQ(client.stats().pool.leases_idle, 0U) << "a connection to a server in another role serves nobody";
}

TEST_F(States, a_transaction_with_a_refused_command_is_not_applied) {
    const auto client = connected(options_for(server()));
    auto lease = client.lease().value();
    ASSERT_TRUE(lease.run(command("MULTI")));
    ASSERT_TRUE(lease.run(command("SET", "k", "v")));
    ASSERT_FALSE(lease.run(command("NOSUCHCOMMAND")));
    const auto r = lease.run(command("EXEC"));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::exec_abort);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
    EXPECT_TRUE(lease.ping());
    EXPECT_EQ(client.get("k").value(), std::nullopt);
}

// -- loading --

TEST(Loading, is_polled_until_it_is_over) {
    FakeServer server;
    std::atomic<bool> loaded{false};
    std::atomic<int> pings{0};
    server.then(Conversation().answer([&](const words& w) -> std::string {
        if (w[0] == "CLIENT") return "+OK\r\n";
        if (w[0] == "PING") ++pings;
        return loaded ? "$1\r\nv\r\n" : "-LOADING Redis is loading the dataset in memory\r\n";
    }));
    const auto client = connected(options::from_url(server.unix_url()).value());
    EXPECT_EQ(client.with({.deadline = 50ms}).get("k").error(), errc::loading);
    EXPECT_TRUE(eventually([&] { return pings >= 2; })) << "once in a second, though nobody calls";
    EXPECT_EQ(client.stats().health.state, health_state::quarantined);
    loaded = true;
    EXPECT_TRUE(eventually([&] { return client.stats().health.state == health_state::healthy; }));
    EXPECT_EQ(client.get("k").value(), "v");
    EXPECT_EQ(server.accepted(), 1U);
}

}  // namespace
}  // namespace redoubt::test
