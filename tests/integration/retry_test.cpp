// What a client repeats by itself, what it never repeats, and how the pauses in between end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <mutex>
#include <redoubt/async.hpp>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr const char* is_loading = "-LOADING Redis is loading the dataset in memory\r\n";

enum class way { blocking, asynchronous };

class Repeating : public testing::TestWithParam<way> {
protected:
    options base() const {
        auto o = options::from_url(server_.unix_url()).value();
        o.reconnect = {.base = 1ms, .cap = 10ms};
        return o;
    }
    static Conversation greeted() { return Conversation().expect_any().reply("+OK\r\n"); }
    /// Answers everything, and remembers it.
    Conversation recording() {
        return Conversation().answer([this](const words& w) -> std::string {
            const std::lock_guard<std::mutex> hold(mutex_);
            seen_.push_back(w[0]);
            return w[0] == "INCR" ? ":1\r\n" : w[0] == "GET" ? "$1\r\nv\r\n" : "+OK\r\n";
        });
    }
    std::ptrdiff_t seen(const std::string& name) {
        const std::lock_guard<std::mutex> hold(mutex_);
        return std::count(seen_.begin(), seen_.end(), name);
    }
    template <class R> result<R> run(const Client& client, Command<R> c) {
        if (GetParam() == way::blocking) return client.run(c);
        return client.async_run(std::move(c), asio::use_future).get();
    }

    std::mutex mutex_;
    std::vector<std::string> seen_;
    FakeServer server_;
};

INSTANTIATE_TEST_SUITE_P(ways, Repeating, testing::Values(way::blocking, way::asynchronous),
                         [](const auto& p) { return p.param == way::blocking ? "blocking" : "asynchronous"; });

TEST_P(Repeating, a_read_that_lost_its_connection_succeeds_on_the_next_one) {
    server_.then(greeted().expect({"GET", "k"}).close())
        .then(greeted().expect({"GET", "k"}).reply("$1\r\nv\r\n").expect_close());
    const auto client = connected(base());
    EXPECT_EQ(run(client, cmd.get("k")).value(), "v");
    const auto s = client.stats().retry;
    EXPECT_EQ(s.retries, 1U);
    EXPECT_EQ(s.free_retries, 0U);
    EXPECT_NEAR(s.tokens, 99.1, 0.09);
}

TEST_P(Repeating, a_write_that_may_have_run_is_not_sent_again) {
    server_.then(greeted().expect({"INCR", "n"}).close()).then(recording());
    const auto client = connected(base());
    const auto r = run(client, cmd.incr("n"));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::connection_lost);
    EXPECT_EQ(r.error().fate(), fate::unknown);
    EXPECT_EQ(r.error().attempts(), 1U);
    EXPECT_EQ(run(client, cmd.get("k")).value(), "v");
    EXPECT_EQ(seen("GET"), 1);
    EXPECT_EQ(seen("INCR"), 0);
    EXPECT_EQ(client.stats().retry.retries, 0U);
}

TEST_P(Repeating, unless_the_caller_says_that_it_may_run_twice) {
    server_.then(greeted().expect({"SET", "k", "v"}).close()).then(recording());
    const auto client = connected(base()).with({.idempotent = true});
    EXPECT_TRUE(run(client, cmd.set("k", "v")));
    EXPECT_EQ(seen("SET"), 1);
    EXPECT_EQ(client.stats().retry.retries, 1U);
}

TEST_P(Repeating, a_call_with_one_attempt_is_not_repeated) {
    server_.then(greeted().expect({"GET", "k"}).close()).then(recording());
    const auto client = connected(base());
    const auto r = run(client.with({.attempts_max = 1}), cmd.get("k"));
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::connection_lost);
    EXPECT_EQ(r.error().attempts(), 1U);
    EXPECT_TRUE(client.ready(5s));
}

TEST_P(Repeating, a_call_may_have_more_attempts_than_the_client_gives) {
    server_.then(greeted().expect({"GET", "k"}).close()).then(recording());
    auto o = base();
    o.retry = retry_options{.attempts_max = 1};
    const auto client = connected(o);
    EXPECT_EQ(run(client.with({.attempts_max = 257}), cmd.get("k")).value(), "v") << "as good as 100";
}

TEST_P(Repeating, a_client_without_repetition_repeats_and_waits_for_nothing) {
    server_.then(greeted().expect({"GET", "k"}).reply(is_loading).expect({"GET", "k"}).close()).then(recording());
    auto o = base();
    o.retry = std::nullopt;
    const auto client = connected(o).with({.attempts_max = 5, .idempotent = true});
    EXPECT_EQ(run(client, cmd.get("k")).error(), errc::loading);
    EXPECT_EQ(run(client, cmd.get("k")).error(), errc::connection_lost);
    EXPECT_TRUE(client.ready(5s));
}

// Behind a command that fills the socket, the second one is not sent at all.
TEST_P(Repeating, a_write_that_never_left_is_sent_again_and_runs_once) {
    server_.then(greeted().wait_for("enough").close()).then(recording());
    auto o = base();
    o.output_bytes_max = std::size_t{64} << 20;
    o.attempt_timeout = 10s;
    o.deadline = 20s;
    const auto client = connected(o);
    auto large = client.async_run(cmd.set("k", std::string(std::size_t{8} << 20, 'x')), asio::use_future);
    ASSERT_TRUE(eventually([&] { return client.stats().pool.in_flight == 1; }));
    auto counted = std::async(std::launch::async, [&] { return run(client, cmd.incr("n")); });
    ASSERT_TRUE(eventually([&] { return client.stats().pool.in_flight == 2; }));
    server_.open("enough");
    EXPECT_EQ(counted.get().value(), 1);
    EXPECT_TRUE(large.get());
    EXPECT_EQ(seen("INCR"), 1);
    EXPECT_EQ(seen("SET"), 1);
    const auto s = client.stats().retry;
    EXPECT_EQ(s.free_retries, 2U);
    EXPECT_EQ(s.retries, 0U);
    EXPECT_EQ(s.tokens, 100);
}

TEST_P(Repeating, a_server_that_loads_is_waited_for_without_spending_attempts) {
    server_.then(greeted()
                     .expect({"INCR", "n"})
                     .reply(is_loading)
                     .expect({"INCR", "n"})
                     .reply(is_loading)
                     .expect({"INCR", "n"})
                     .reply(":1\r\n")
                     .expect_close());
    auto o = base();
    o.retry = retry_options{.attempts_max = 1};
    const auto client = connected(o);
    const Stopwatch watch;
    EXPECT_EQ(run(client, cmd.incr("n")).value(), 1);
    EXPECT_GE(watch.elapsed(), 299ms);
    const auto s = client.stats();
    EXPECT_EQ(s.retry.retries, 0U);
    EXPECT_EQ(s.retry.tokens, 100);
    EXPECT_EQ(s.pool.commands, 3U);
}

TEST_P(Repeating, waiting_ends_by_the_deadline_with_the_words_of_the_server) {
    server_.then(greeted().answer([](const words&) { return is_loading; }));
    const auto client = connected(base());
    const Stopwatch watch;
    const auto r = run(client.with({.deadline = 500ms}), cmd.incr("n"));
    EXPECT_LT(watch.elapsed(), 520ms);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::loading);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
    EXPECT_EQ(r.error().attempts(), 1U);
}

TEST_P(Repeating, close_waits_for_calls_that_pause) {
    server_.then(
        greeted().expect({"GET", "k"}).reply(is_loading).expect({"GET", "k"}).reply("$1\r\nv\r\n").expect_close());
    auto o = base();
    o.limiter = std::nullopt;
    const auto client = connected(o);
    auto outcome = std::async(std::launch::async, [&] { return run(client, cmd.get("k")); });
    ASSERT_TRUE(eventually([&] { return client.stats().pool.commands == 1 && client.stats().pool.in_flight == 0; }));
    EXPECT_TRUE(client.close(5s));
    EXPECT_EQ(outcome.get().value(), "v");
}

TEST_P(Repeating, close_ends_pauses_by_its_deadline) {
    server_.then(greeted().answer([](const words&) { return is_loading; }));
    const auto client = connected(base());
    auto outcome =
        std::async(std::launch::async, [&] { return run(client.with({.deadline = no_deadline}), cmd.get("k")); });
    // From the fifth on the pauses last half a second and more.
    ASSERT_TRUE(eventually([&] { return client.stats().pool.commands == 5 && client.stats().pool.in_flight == 0; }));
    const Stopwatch watch;
    const auto closed = client.close(20ms);
    EXPECT_LT(watch.elapsed(), 400ms);
    ASSERT_FALSE(closed);
    const auto r = outcome.get();
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::closed);
    EXPECT_EQ(r.error().phase(), phase::backoff);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
}

TEST(RepeatingCancelled, a_pause_ends_at_once) {
    FakeServer server;
    server.then(Conversation().expect_any().reply("+OK\r\n").answer([](const words&) { return is_loading; }));
    const auto client = connected(options::from_url(server.unix_url()).value());
    asio::cancellation_signal signal;
    std::promise<result<std::int64_t>> outcome;
    client.with({.deadline = no_deadline})
        .async_run(cmd.incr("n"), asio::bind_cancellation_slot(
                                      signal.slot(), [&](result<std::int64_t> r) { outcome.set_value(std::move(r)); }));
    ASSERT_TRUE(eventually([&] { return client.stats().pool.commands == 5 && client.stats().pool.in_flight == 0; }));
    const Stopwatch watch;
    asio::post(io_context_of(client), [&] { signal.emit(asio::cancellation_type::terminal); });
    const auto r = outcome.get_future().get();
    EXPECT_LT(watch.elapsed(), 400ms);
    EXPECT_EQ(r.error(), errc::cancelled);
    EXPECT_EQ(r.error().phase(), phase::backoff);
    EXPECT_EQ(r.error().fate(), fate::not_applied);
}

// -- a real server --

class RepeatingOnServer : public RedisFixture {};

TEST_F(RepeatingOnServer, a_write_whose_reply_did_not_come_runs_once) {
    auto o = options_for(server());
    o.attempt_timeout = 100ms;
    const auto client = connected(o);
    server().pause();
    const auto r = client.incr("n");
    server().resume();
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::attempt_timeout);
    EXPECT_EQ(r.error().fate(), fate::unknown);
    EXPECT_TRUE(eventually([] { return watcher().text({"GET", "n"}) == "1"; }));
    EXPECT_TRUE(client.ping());
    EXPECT_EQ(watcher().text({"GET", "n"}), "1");
}

TEST_F(RepeatingOnServer, reads_do_not_notice_lost_connections) {
    auto o = options_for(server());
    o.reconnect = {.base = 1ms, .cap = 10ms};
    const auto client = connected(o);
    ASSERT_TRUE(client.set("k", "v"));
    std::atomic<bool> over{false};
    std::atomic<int> failures{0};
    std::atomic<int> reads{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            while (!over) {
                const auto r = client.get("k");
                if (!r || *r != "v") ++failures;
                ++reads;
            }
        });
    }
    // Whether a read is on the way when its connection ends is chance.
    for (int i = 0; i < 10 || (i < 500 && client.stats().retry.retries == 0); ++i) {
        const auto before = reads.load();
        EXPECT_TRUE(eventually([&] { return reads > before + 50; }));
        watcher().integer({"CLIENT", "KILL", "TYPE", "normal"});
    }
    const auto before = reads.load();
    EXPECT_TRUE(eventually([&] { return reads > before + 50; }));
    over = true;
    for (auto& t : threads) t.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(client.stats().pool.connections_lost, 10U);
    EXPECT_GT(client.stats().retry.retries, 0U);
}

}  // namespace
}  // namespace redoubt::test
