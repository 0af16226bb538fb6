// Getting a connection: readiness, absent and late servers, credentials, names, addresses, servers that misbehave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <redoubt/async.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class DialOver : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base() const { return options_for(server(), GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(transports, DialOver, both_transports, transport_name);

TEST_P(DialOver, ready_succeeds_when_the_server_is_there) {
    const auto client = Client::open(base()).value();
    EXPECT_TRUE(client.ready());
    EXPECT_TRUE(client.ready(0ms)) << "it is ready already";
}

TEST_P(DialOver, without_a_server_ready_and_calls_end_by_their_deadline_with_the_cause) {
    server().stop();
    auto o = base();
    o.breaker.reset();
    const auto client = Client::open(o).value();
    const auto cause = GetParam() == transport::tcp ? "Connection refused" : "No such file or directory";
    const Stopwatch watch;
    const auto ready = client.ready(300ms);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), errc::deadline_exceeded);
    EXPECT_THAT(ready.error().message(), HasSubstr(cause));
    const auto call = client.with({.deadline = 300ms}).get("k");
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error(), errc::deadline_exceeded);
    EXPECT_EQ(call.error().fate(), fate::not_applied);
    EXPECT_EQ(call.error().phase(), phase::dial);
    EXPECT_THAT(call.error().message(), HasSubstr(cause));
    EXPECT_GE(watch.elapsed(), 595ms);
    EXPECT_LT(watch.elapsed(), 2s);
}

TEST_P(DialOver, a_server_that_comes_late_is_found) {
    server().stop();
    const auto client = Client::open(base()).value();
    std::thread call([&client] { EXPECT_TRUE(client.with({.deadline = 10s}).set("k", "v")); });
    std::this_thread::sleep_for(300ms);
    server().restart();
    EXPECT_TRUE(client.ready(10s));
    call.join();
    EXPECT_EQ(client.get("k").value(), "v");
}

TEST_P(DialOver, may_fail_at_once_instead_of_waiting) {
    server().stop();
    auto o = base();
    o.when_disconnected = when_disconnected::fail;
    o.breaker.reset();
    const auto client = Client::open(o).value();
    EXPECT_FALSE(client.ready(200ms));
    const Stopwatch watch;
    const auto call = client.get("k");
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error(), errc::not_connected);
    EXPECT_EQ(call.error(), condition::unreachable);
    EXPECT_EQ(call.error().fate(), fate::not_applied);
    EXPECT_EQ(client.lease().error(), errc::not_connected);
    EXPECT_LT(watch.elapsed(), 300ms);
    server().restart();
    EXPECT_TRUE(client.ready(10s));
    EXPECT_TRUE(client.get("k"));
}

TEST_P(DialOver, the_breaker_names_the_cause_when_it_turns_calls_away_and_the_return_of_the_server_ends_that) {
    server().stop();
    const auto cause = GetParam() == transport::tcp ? "Connection refused" : "No such file or directory";
    const auto client = Client::open(base()).value();
    ASSERT_TRUE(eventually([&] { return client.stats().breaker.state == breaker_state::open; }));
    const Stopwatch watch;
    const auto call = client.get("k");
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error(), errc::breaker_open);
    EXPECT_EQ(call.error(), condition::rejected);
    EXPECT_EQ(call.error().fate(), fate::not_applied);
    EXPECT_EQ(call.error().attempts(), 0U);
    EXPECT_GT(call.error().retry_after(), 0ms);
    EXPECT_THAT(call.error().message(), HasSubstr(cause));
    EXPECT_LT(watch.elapsed(), 100ms);
    server().restart();
    ASSERT_TRUE(client.ready(10s));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.get("k")) << "half-open at once, whatever its open time";
    EXPECT_EQ(client.stats().breaker.state, breaker_state::closed);
}

TEST_P(DialOver, a_series_of_dials_can_be_exhausted_and_the_client_still_comes_back) {
    server().stop();
    auto o = base();
    o.reconnect = {.base = 5ms, .cap = 20ms, .factor = 2, .attempts_max = 3};
    const auto client = Client::open(o).value();
    const auto call = client.with({.deadline = 5s}).get("k");
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error(), errc::reconnect_exhausted);
    EXPECT_THAT(call.error().message(), testing::HasSubstr("starts a new series")) << call.error().message();
    EXPECT_EQ(call.error().fate(), fate::not_applied);
    server().restart();
    EXPECT_TRUE(eventually([&] { return client.get("k").has_value(); }));
}

TEST_P(DialOver, a_call_that_is_made_again_by_its_handler_does_not_keep_a_series_from_beginning) {
    server().stop();
    auto o = base();
    o.reconnect = {.base = 5ms, .cap = 20ms, .factor = 2, .attempts_max = 3};
    o.breaker.reset();
    o.retry.reset();
    const auto client = Client::open(o).value();
    std::atomic<bool> over{false};
    std::atomic<int> chains{2};
    std::function<void(result<std::optional<std::string>>)> again = [&](const auto&) {
        over ? void(--chains) : client.async_run(cmd.get("k"), again);
    };
    for (int i = 0; i < 2; ++i) client.async_run(cmd.get("k"), again);
    EXPECT_TRUE(eventually([&] { return client.stats().pool.dials > 12; })) << client.stats().pool.dials;
    over = true;
    EXPECT_TRUE(eventually([&] { return chains == 0; }));
}

// -- credentials --

class Credentials : public RedisFixture {
protected:
    void SetUp() override {
        RedisFixture::SetUp();
        watcher().text({"ACL", "SETUSER", "ann", "reset", "on", ">secret", "~*", "+@all"});
        watcher().text({"ACL", "SETUSER", "open", "reset", "on", "nopass", "~*", "+@all"});
        watcher().text({"ACL", "SETUSER", "nameless", "reset", "on", ">secret", "~*", "+@all", "-client"});
    }
    static options as(std::string user, std::string password) {
        auto o = options_for(server());
        o.user = std::move(user);
        o.password = std::move(password);
        return o;
    }
    static std::string whoami(const Client& c) { return c.run(command("ACL WHOAMI").as<std::string>()).value(); }
};

TEST_F(Credentials, user_and_password_are_used_on_every_connection) {
    const auto client = connected(as("ann", "secret"));
    EXPECT_EQ(whoami(client), "ann");
    auto lease = client.lease().value();
    EXPECT_EQ(lease.run(command("ACL WHOAMI").as<std::string>()).value(), "ann");
}

TEST_F(Credentials, a_user_without_password_is_used) { EXPECT_EQ(whoami(connected(as("open", ""))), "open"); }

TEST_F(Credentials, a_wrong_password_is_told_at_once_and_never_shown) {
    const auto client = Client::open(as("ann", "wr0ng-one")).value();
    const Stopwatch watch;
    const auto ready = client.ready(10s);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), errc::wrong_pass);
    EXPECT_THAT(ready.error().message(), Not(HasSubstr("wr0ng-one")));
    const auto call = client.get("k");
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error(), errc::wrong_pass);
    EXPECT_EQ(call.error().fate(), fate::not_applied);
    EXPECT_EQ(client.lease().error(), errc::wrong_pass);
    EXPECT_LT(watch.elapsed(), 1s);
    EXPECT_LE(client.stats().pool.dials, 2U) << "refused credentials are not tried again at once";
}

TEST_F(Credentials, a_name_that_the_acl_refuses_is_harmless) {
    const auto client = connected(as("nameless", "secret"));
    EXPECT_EQ(whoami(client), "nameless");
    EXPECT_TRUE(client.set("k", "v").value());
}

TEST_F(Credentials, a_missing_password_is_told_at_once) {
    watcher().text({"CONFIG", "SET", "requirepass", "p4ss"});
    const auto client = Client::open(as("", "")).value();
    const auto ready = client.ready(10s);
    const auto with_it = Client::open(as("", "p4ss")).value().ready(10s);
    watcher().text({"CONFIG", "SET", "requirepass", ""});
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), errc::no_auth);
    EXPECT_TRUE(with_it);
}

TEST_F(Credentials, a_database_that_does_not_exist_is_told_at_once) {
    auto o = as("", "");
    o.database = 1000;
    const auto ready = Client::open(o).value().ready(10s);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), errc::handshake_failed);
    EXPECT_THAT(ready.error().message(), HasSubstr("SELECT"));
}

// -- addresses --

TEST(Dial, an_unknown_host_is_named) {
    options o;
    o.endpoints = {"no-such-host.invalid:6379"};
    const auto client = Client::open(o).value();
    const Stopwatch watch;
    const auto call = client.with({.deadline = 1s}).get("k");
    ASSERT_FALSE(call);
    EXPECT_EQ(call.error().fate(), fate::not_applied);
    EXPECT_THAT(call.error().message(), HasSubstr("no-such-host.invalid"));
    EXPECT_LT(watch.elapsed(), 3s);
}

std::size_t addresses_of(const char* host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host, nullptr, &hints, &found) != 0) return 0;
    std::size_t n = 0;
    for (auto* a = found; a != nullptr; a = a->ai_next) ++n;
    ::freeaddrinfo(found);
    return n;
}

TEST_P(DialOver, the_address_that_listens_is_found_behind_a_name) {
    if (GetParam() != transport::tcp || addresses_of("localhost") < 2) GTEST_SKIP() << "localhost has one address";
    auto o = base();
    o.endpoints = {"localhost:" + std::to_string(server().port())};
    EXPECT_TRUE(Client::open(o).value().ready(5s));
}

// -- servers that misbehave in the greeting --

class FakeDial : public testing::TestWithParam<transport> {
protected:
    options fake() const {
        auto o = options::from_url(GetParam() == transport::tcp ? server_.tcp_url() : server_.unix_url()).value();
        o.connect.timeout = 200ms;
        return o;
    }
    static std::string polite(const words&) { return "+OK\r\n"; }
    FakeServer server_;
};

INSTANTIATE_TEST_SUITE_P(transports, FakeDial, both_transports, transport_name);

TEST_P(FakeDial, a_server_that_accepts_and_falls_silent_is_told_from_one_that_is_absent) {
    server_.otherwise(Conversation().ignore());
    const auto client = Client::open(fake()).value();
    const auto ready = client.ready(600ms);
    ASSERT_FALSE(ready);
    EXPECT_THAT(ready.error().message(), HasSubstr("connected, but the server does not answer"));
    EXPECT_GE(client.stats().pool.dials_failed, 1U);
}

TEST_P(FakeDial, a_server_full_of_clients_is_waited_for) {
    server_.then(Conversation().reply("-ERR max number of clients reached\r\n").close())
        .then(Conversation().reply("-ERR max number of clients reached\r\n").close())
        .otherwise(Conversation().answer(polite));
    const auto client = Client::open(fake()).value();
    EXPECT_TRUE(client.ready(5s)) << client.ready(0ms).error().message();
    EXPECT_EQ(client.stats().pool.dials_failed, 2U);
}

TEST_P(FakeDial, a_server_full_of_clients_is_named) {
    server_.otherwise(Conversation().expect_any().reply("-ERR max number of clients reached\r\n").close());
    const auto ready = Client::open(fake()).value().ready(300ms);
    ASSERT_FALSE(ready);
    EXPECT_THAT(ready.error().message(), HasSubstr("max number of clients"));
}

TEST_P(FakeDial, a_greeting_that_asks_for_a_password_ends_the_waiting) {
    server_.otherwise(Conversation().expect_any().reply("-NOAUTH Authentication required.\r\n").expect_close());
    const auto ready = Client::open(fake()).value().ready(10s);
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error(), errc::no_auth);
}

TEST_P(FakeDial, a_server_that_loads_is_waited_for) {
    server_
        .then(Conversation().expect_any().reply("-LOADING Redis is loading the dataset in memory\r\n").expect_close())
        .otherwise(Conversation().answer(polite));
    EXPECT_TRUE(Client::open(fake()).value().ready(5s));
}

TEST_P(FakeDial, a_greeting_cut_off_or_garbled_is_tried_again) {
    server_.then(Conversation().close())
        .then(Conversation().expect_any().reply("+O").close())
        .then(Conversation().expect_any().reply("HTTP/1.1 400 Bad Request\r\n\r\n").close())
        .then(Conversation().expect_any().reset())
        .otherwise(Conversation().answer(polite));
    auto o = fake();
    o.reconnect = {.base = 1ms, .cap = 10ms};
    const auto client = Client::open(o).value();
    EXPECT_TRUE(client.ready(5s));
    EXPECT_EQ(client.stats().pool.dials_failed, 4U);
}

TEST_P(FakeDial, an_answer_in_single_bytes_is_understood) {
    server_.then(Conversation()
                     .expect_any()
                     .reply_in_pieces("+OK\r\n", 1)
                     .expect({"PING"})
                     .reply_in_pieces("+PONG\r\n", 1)
                     .expect_close());
    EXPECT_EQ(Client::open(fake()).value().ping().value(), "PONG");
}

}  // namespace
}  // namespace redoubt::test
