// What happens to connections and calls without an answer of the server: what is repeated, and who is blamed.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <redoubt/async.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"

namespace redoubt::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// Opens by the first call that counts as failed.
constexpr breaker_options touchy{.calls_min = 1, .failure_percent = 1};

std::string polite(const words& w) { return w[0] == "GET" ? "$1\r\nv\r\n" : w[0] == "INCR" ? ":1\r\n" : "+OK\r\n"; }
Conversation greeted() { return Conversation().expect_any().reply("+OK\r\n"); }

// -- a connection that ends while a reply is owed --

struct end {
    const char* name;
    void (*say)(Conversation&);
    errc code;
};

class EndOfALink : public testing::TestWithParam<end> {
protected:
    options base() const {
        auto o = in_this_run(options::from_url(server_.tcp_url()).value());
        o.reconnect = {.base = 1ms, .cap = 10ms};
        o.breaker = touchy;
        return o;
    }
    /// The first connection receives the command and ends; all others are well.
    void script(const words& command) {
        auto first = greeted().expect(command);
        GetParam().say(first);
        server_.then(first).otherwise(Conversation().answer([this](const words& w) {
            if (w[0] == "INCR" || w[0] == "GET") ++repeated_;
            return polite(w);
        }));
    }
    FakeServer server_;
    std::atomic<int> repeated_{0};
};

INSTANTIATE_TEST_SUITE_P(
    Rows, EndOfALink,
    testing::Values(
        end{"closed", [](Conversation& c) { c.close(); }, errc::connection_lost},
        end{"reset", [](Conversation& c) { c.reset(); }, errc::connection_lost},
        end{"cut_within_a_reply", [](Conversation& c) { c.reply("$10\r\nabc").close(); }, errc::connection_lost},
        end{"no_protocol", [](Conversation& c) { c.reply("HTTP/1.1 400\r\n").expect_close(); }, errc::protocol_error}),
    [](const auto& p) { return std::string(p.param.name); });

TEST_P(EndOfALink, leaves_a_write_unknown_and_unrepeated_and_is_a_failure_of_the_node) {
    script({"INCR", "n"});
    const auto client = connected(base());
    const auto r = client.incr("n");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), GetParam().code) << r.error().message();
    EXPECT_EQ(r.error().fate(), fate::unknown);
    EXPECT_EQ(r.error().attempts(), 1U);
    EXPECT_FALSE(r.error().safe_to_retry());
    EXPECT_TRUE(eventually([&] { return server_.accepted() == 2; }));
    EXPECT_EQ(repeated_, 0);
    EXPECT_TRUE(eventually([&] { return client.stats().breaker.opened == 1; })) << "one event, one failure";
    EXPECT_TRUE(eventually([&] { return client.get("k").has_value(); })) << "the new connection ended the open time";
    EXPECT_EQ(client.stats().pool.connections_lost, 1U);
}

TEST_P(EndOfALink, repeats_a_read_on_the_next_one) {
    script({"GET", "k"});
    auto o = base();
    o.breaker.reset();
    const auto client = connected(o);
    EXPECT_EQ(client.get("k").value(), "v");
    EXPECT_EQ(repeated_, 1);
    EXPECT_EQ(server_.accepted(), 2U);
    EXPECT_EQ(client.stats().retry.retries, 1U);
}

// -- a reply that does not come --

TEST(AttemptTimeout, keeps_the_link_drops_the_late_reply_and_counts_once_for_all) {
    FakeServer server;
    server.then(greeted()
                    .expect({"INCR", "n"})
                    .expect({"INCR", "n"})
                    .expect({"INCR", "n"})
                    .wait_for("late")
                    .reply(":1\r\n:2\r\n:3\r\n")
                    .answer(polite));
    auto o = options::from_url(server.unix_url()).value();
    o.attempt_timeout = 300ms;
    o.breaker = breaker_options{.calls_min = 2, .failure_percent = 1};
    const auto client = connected(o);
    std::vector<std::thread> callers;
    for (int i = 0; i < 3; ++i) {
        callers.emplace_back([&] {
            const auto r = client.incr("n");
            ASSERT_FALSE(r);
            EXPECT_EQ(r.error(), errc::attempt_timeout);
            EXPECT_EQ(r.error().fate(), fate::unknown);
            EXPECT_EQ(r.error().attempts(), 1U);
        });
    }
    for (auto& c : callers) c.join();
    server.open("late");
    EXPECT_EQ(client.stats().breaker.opened, 0U) << "of a stall only the first";
    EXPECT_EQ(client.get("k").value(), "v") << "none of the three replies is taken for its own";
    EXPECT_EQ(client.stats().breaker.opened, 0U);
    EXPECT_EQ(server.accepted(), 1U);
}

// -- ends of our own making --

class OwnEnds : public testing::Test {
protected:
    OwnEnds() { server_.then(greeted().expect({"GET", "held"}).wait_for("go on").reply("$1\r\nv\r\n").answer(polite)); }
    Client client(options o) {
        o.breaker = touchy;
        o.attempt_timeout = 20s;
        o.deadline = 20s;
        auto c = connected(o);
        held_ = c.async_run(cmd.get("held"), asio::use_future);
        EXPECT_TRUE(eventually([&] { return c.stats().pool.in_flight == 1; }));
        return c;
    }
    options base() const { return in_this_run(options::from_url(server_.unix_url()).value()); }
    void expect_nobody_blamed(const Client& c) {
        server_.open("go on");
        EXPECT_TRUE(held_.get());
        EXPECT_EQ(c.stats().breaker.opened, 0U);
        EXPECT_EQ(server_.accepted(), 1U);
    }
    FakeServer server_;
    std::future<result<std::optional<std::string>>> held_;
};

TEST_F(OwnEnds, no_place_in_the_line_of_the_limiter) {
    auto o = base();
    o.limiter = limiter_options{.limit = 1, .queue_max = 0};
    const auto c = client(o);
    const auto r = c.incr("n");
    EXPECT_EQ(r.error(), errc::limiter_full);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
    EXPECT_EQ(r.error().attempts(), 0U);
    expect_nobody_blamed(c);
}

TEST_F(OwnEnds, a_deadline_in_the_line_of_the_limiter) {
    auto o = base();
    o.limiter = limiter_options{.limit = 1};
    const auto c = client(o);
    const auto r = c.with({.deadline = 30ms}).incr("n");
    EXPECT_EQ(r.error(), errc::deadline_exceeded);
    EXPECT_EQ(r.error().phase(), phase::limiter);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
    expect_nobody_blamed(c);
}

TEST_F(OwnEnds, a_deadline_in_the_line_of_the_node) {
    auto o = base();
    o.node_limit = 1;
    const auto c = client(o);
    const auto r = c.with({.deadline = 30ms}).incr("n");
    EXPECT_EQ(r.error(), errc::deadline_exceeded);
    EXPECT_EQ(r.error().phase(), phase::queue);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
    expect_nobody_blamed(c);
}

TEST_F(OwnEnds, a_call_that_is_cancelled_after_it_left) {
    const auto c = client(base());
    asio::cancellation_signal signal;
    std::promise<result<std::int64_t>> outcome;
    c.async_run(cmd.incr("n"), asio::bind_cancellation_slot(
                                   signal.slot(), [&](result<std::int64_t> r) { outcome.set_value(std::move(r)); }));
    EXPECT_TRUE(eventually([&] { return c.stats().pool.in_flight == 2; }));
    std::this_thread::sleep_for(20ms);  // until its bytes have left, too
    asio::post(io_context_of(c), [&] { signal.emit(asio::cancellation_type::terminal); });
    const auto r = outcome.get_future().get();
    EXPECT_EQ(r.error(), errc::cancelled);
    EXPECT_EQ(r.error().fate(), fate::unknown);
    expect_nobody_blamed(c);
    EXPECT_EQ(c.get("k").value(), "v") << "the reply of the cancelled one is dropped";
}

// -- no connection --

/// Listens, and has no room for one more connection: the SYNs of others stay without an answer.
class DeafListener {
public:
    DeafListener() {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        auto* const generic = reinterpret_cast<sockaddr*>(&address_);
        fds_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::bind(fds_[0], generic, size), 0);
        EXPECT_EQ(::listen(fds_[0], 0), 0);
        ::getsockname(fds_[0], generic, &size);
        for (int i = 0; i < 4; ++i) {
            fds_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            (void)::connect(fds_.back(), generic, size);
        }
    }
    ~DeafListener() {
        for (const int fd : fds_) ::close(fd);
    }
    DeafListener(const DeafListener&) = delete;
    DeafListener& operator=(const DeafListener&) = delete;
    std::string address() const { return "127.0.0.1:" + std::to_string(ntohs(address_.sin_port)); }

private:
    sockaddr_in address_{};
    std::vector<int> fds_;
};

TEST(NoConnection, one_that_is_not_answered_in_time_is_a_failed_dial) {
    const DeafListener deaf;
    options o;
    o.endpoints = {deaf.address()};
    o.connect.timeout = 100ms;
    o.breaker = breaker_options{.dials_max = 2};
    const auto client = Client::open(o).value();
    const auto waited = client.with({.deadline = 50ms}).incr("n");
    EXPECT_EQ(waited.error(), errc::deadline_exceeded);
    EXPECT_EQ(waited.error().phase(), phase::dial);
    EXPECT_EQ(waited.error().fate(), fate::not_applied);
    EXPECT_TRUE(eventually([&] { return client.stats().breaker.opened == 1; }));
    const auto r = client.incr("n");
    EXPECT_EQ(r.error(), errc::breaker_open);
    EXPECT_THAT(std::string(r.error().text()), HasSubstr("timed out"));
}

TEST(NoConnection, a_second_client_of_a_dead_node_is_turned_away_by_what_the_first_one_learnt) {
    options o;
    {
        const FakeServer gone;
        o.endpoints = {"127.0.0.1:" + std::to_string(gone.port())};
    }
    const auto first = Client::open(o).value();
    ASSERT_TRUE(eventually([&] { return first.stats().breaker.state == breaker_state::open; }));
    const auto second = Client::open(o).value();
    const auto r = second.incr("n");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::breaker_open);
    EXPECT_THAT(std::string(r.error().text()), HasSubstr("Connection refused"));
    EXPECT_LE(second.stats().pool.dials, 1U) << "one prober for both";
    EXPECT_EQ(second.stats().health.state, health_state::unhealthy);
}

TEST(NoConnection, a_name_that_is_not_found_says_nothing_about_the_node) {
    options o;
    o.endpoints = {"no-such-host.invalid:6379"};
    o.reconnect = {.base = 1ms, .cap = 10ms};
    const auto client = Client::open(o).value();
    if (!eventually([&] { return client.stats().pool.dials_failed >= 8; })) GTEST_SKIP() << "the resolver is slow";
    EXPECT_EQ(client.stats().breaker.opened, 0U);
    EXPECT_EQ(client.stats().health.state, health_state::unknown);
}

}  // namespace
}  // namespace redoubt::test
