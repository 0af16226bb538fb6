// A resolver that fails or falls silent while the server is well: the last address goes on to serve.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <atomic>
#include <cstring>
#include <redoubt/client.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/redis_fixture.hpp"

namespace {

enum class resolver { knows, fails, silent };
std::atomic<resolver> state{resolver::knows};
constexpr const char* our_name = "redoubt.test";

}  // namespace

// In place of the C library's, for this program: one name is in the hands of the tests.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
    using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    if (node == nullptr || std::strcmp(node, our_name) != 0) return real(node, service, hints, found);
    // Whoever closes a client waits for its resolver: not for ever.
    for (int ms = 0; state == resolver::silent && ms < 3000; ++ms) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return state == resolver::knows ? real("127.0.0.1", service, hints, found) : EAI_NONAME;
}

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Resolver : public RedisFixture {
protected:
    ~Resolver() override { state = resolver::knows; }
    static options base() {
        options o;
        o.endpoints = {our_name + (":" + std::to_string(server().port()))};
        o.connect.timeout = 1s;
        o.reconnect = {.base = 1ms, .cap = 10ms};
        return o;
    }
    /// It dials anew.
    static void lose_connection(const Client& client) {
        const auto before = client.stats().pool.dials;
        watcher().integer({"CLIENT", "KILL", "TYPE", "normal"});
        ASSERT_TRUE(eventually([&] { return client.stats().pool.dials > before && client.stats().pool.connected; }));
    }
};

TEST_F(Resolver, that_fails_is_told_once_and_the_last_address_is_dialled) {
    const auto client = connected(base());
    LogCapture log;
    state = resolver::fails;
    for (int i = 0; i < 3; ++i) {
        lose_connection(client);
        EXPECT_TRUE(client.ping());
        EXPECT_TRUE(client.lease().value().ping()) << "the same for leases";
    }
    const auto name = "redis://" + base().endpoints.front();
    EXPECT_THAT(log.lines(), ElementsAre("warning: redoubt: the resolver fails for " + name +
                                         " (redoubt.test: Host not found (authoritative)); dialling its last good "
                                         "address, 127.0.0.1"));
    state = resolver::knows;
    lose_connection(client);
    ASSERT_EQ(log.lines().size(), 2U) << log.text();
    EXPECT_EQ(log.lines()[1], "info: redoubt: the resolver knows " + name + " again");
    EXPECT_EQ(client.stats().breaker.opened, 0U);
}

TEST_F(Resolver, that_does_not_answer_leaves_half_of_the_time_for_the_last_address) {
    const auto client = connected(base());
    state = resolver::silent;
    const Stopwatch watch;
    lose_connection(client);
    EXPECT_TRUE(client.ping());
    EXPECT_GE(watch.elapsed(), 500ms);
    EXPECT_EQ(client.stats().pool.dials_failed, 0U);
    state = resolver::knows;
}

TEST_F(Resolver, is_named_when_the_last_address_is_dead_too_and_the_node_is_not_blamed) {
    auto o = base();
    o.breaker = breaker_options{.dials_max = 2};
    const auto client = connected(o);
    state = resolver::fails;
    server().stop();
    ASSERT_TRUE(eventually([&] { return client.stats().pool.dials_failed >= 5; }));
    const auto r = client.with({.deadline = 50ms}).get("k");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::deadline_exceeded);
    EXPECT_THAT(std::string(r.error().text()),
                AllOf(HasSubstr("redoubt.test: Host not found"), HasSubstr("its last good address: 127.0.0.1:"),
                      HasSubstr("Connection refused")));
    EXPECT_EQ(client.stats().breaker.opened, 0U);
    server().restart();
    EXPECT_TRUE(client.ready(10s)) << "still without the resolver";
}

TEST_F(Resolver, that_never_answered_is_no_failure_of_the_node) {
    auto o = base();
    o.connect.timeout = 50ms;
    o.breaker = breaker_options{.dials_max = 2};
    state = resolver::silent;
    const auto client = Client::open(o).value();
    ASSERT_TRUE(eventually([&] { return client.stats().pool.dials_failed >= 4; }));
    const auto r = client.with({.deadline = 30ms}).get("k");
    ASSERT_FALSE(r);
    EXPECT_THAT(std::string(r.error().text()), HasSubstr("redoubt.test: the resolver does not answer"));
    EXPECT_EQ(client.stats().breaker.opened, 0U);
    state = resolver::knows;
    EXPECT_TRUE(client.ready(10s));
}

}  // namespace
}  // namespace redoubt::test
