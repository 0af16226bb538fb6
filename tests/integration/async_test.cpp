// Asynchronous calls: every kind of token, deadlines, and exactly one completion for each call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <redoubt/async.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class AsyncOver : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base() const { return options_for(server(), GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(transports, AsyncOver, both_transports, transport_name);

TEST_P(AsyncOver, callbacks_get_the_result_on_the_io_thread) {
    const auto client = connected(base());
    std::promise<std::pair<result<bool>, std::thread::id>> done;
    client.async_run(cmd.set("k", "v"), [&](result<bool> r) {
        done.set_value({std::move(r), std::this_thread::get_id()});
    });
    auto [r, where] = done.get_future().get();
    EXPECT_TRUE(r.value());
    EXPECT_NE(where, std::this_thread::get_id());
    std::promise<result<std::int64_t>> failed;
    client.async_run(cmd.llen("k"), [&](result<std::int64_t> n) { failed.set_value(std::move(n)); });
    EXPECT_EQ(failed.get_future().get().error(), errc::wrong_type);
}

TEST_P(AsyncOver, futures) {
    const auto client = connected(base());
    ASSERT_TRUE(client.async_run(cmd.set("k", "v"), asio::use_future).get().value());
    EXPECT_EQ(client.async_run(cmd.get("k"), asio::use_future).get().value(), "v");
}

asio::awaitable<std::string> set_and_get(Client client, std::string key) {
    const auto set = co_await client.async_run(cmd.set(key, "v" + key), asio::use_awaitable);
    EXPECT_TRUE(set);
    const auto got = co_await client.async_run(cmd.get(key), asio::use_awaitable);
    co_return got ? got->value_or("nil") : got.error().message();
}

TEST_P(AsyncOver, coroutines_on_a_context_of_the_user) {
    asio::io_context context;
    const auto client = connected(base());
    auto done = asio::co_spawn(context, set_and_get(client, "k"), asio::use_future);
    context.run();  // ends only when the coroutine has ended: calls under way count as its work
    EXPECT_EQ(done.get(), "vk");
}

TEST_P(AsyncOver, coroutines_on_the_context_of_the_client) {
    const auto client = connected(base());
    EXPECT_EQ(asio::co_spawn(io_context_of(client), set_and_get(client, "k"), asio::use_future).get(), "vk");
}

TEST_P(AsyncOver, handlers_run_where_they_are_bound_to) {
    asio::io_context context;
    const auto client = connected(base());
    std::thread::id where;
    client.async_run(cmd.ping(),
                     asio::bind_executor(context, [&](result<std::string>) { where = std::this_thread::get_id(); }));
    context.run();
    EXPECT_EQ(where, std::this_thread::get_id());
}

TEST_P(AsyncOver, deferred_operations_start_when_they_are_told) {
    const auto client = connected(base());
    auto op = client.async_run(cmd.incr("n"), asio::deferred);
    EXPECT_EQ(client.get<int>("n").value(), std::nullopt);
    EXPECT_EQ(std::move(op)(asio::use_future).get().value(), 1);
}

TEST_P(AsyncOver, a_parallel_group_completes_when_all_have) {
    asio::io_context context;
    const auto client = connected(base());
    ASSERT_TRUE(client.set("a", "1").value());
    bool over = false;
    asio::experimental::make_parallel_group(client.async_run(cmd.get("a"), asio::deferred),
                                            client.async_run(cmd.incr("b"), asio::deferred))
        .async_wait(
            asio::experimental::wait_for_all(),
            asio::bind_executor(context, [&](auto, result<std::optional<std::string>> a, result<std::int64_t> b) {
                EXPECT_EQ(a.value(), "1");
                EXPECT_EQ(b.value(), 1);
                over = true;
            }));
    context.run();
    EXPECT_TRUE(over);
}

TEST_P(AsyncOver, the_loser_of_a_race_against_a_timer_is_cancelled) {
    const auto client = connected(base());
    asio::io_context context;
    asio::steady_timer timer(context, 50ms);
    server().pause();
    bool over = false;
    const Stopwatch watch;
    asio::experimental::make_parallel_group(
        asio::bind_executor(context, client.async_run(cmd.get("k"), asio::deferred)), timer.async_wait(asio::deferred))
        .async_wait(asio::experimental::wait_for_one(),
                    asio::bind_executor(context, [&](std::array<std::size_t, 2> order,
                                                     result<std::optional<std::string>> r, boost::system::error_code) {
                        EXPECT_EQ(order[0], 1U);
                        EXPECT_EQ(r.error(), errc::cancelled);
                        EXPECT_EQ(r.error().fate(), fate::unknown);
                        over = true;
                    }));
    context.run();
    EXPECT_TRUE(over);
    EXPECT_LT(watch.elapsed(), 900ms) << "it waits for neither attempt nor deadline";
    server().resume();
    EXPECT_EQ(client.echo("mine").value(), "mine");
}

TEST_P(AsyncOver, ten_thousand_in_flight_each_get_their_own_reply_once) {
    constexpr std::size_t threads_max = 4;
    constexpr std::size_t each = 2500;
    auto o = base();
    o.limiter.reset();
    const auto client = connected(o).with({.deadline = 30s});
    std::vector<std::atomic<int>> completions(threads_max * each);
    std::atomic<std::size_t> completed{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < threads_max; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = 0; i < each; ++i) {
                const auto id = t * each + i;
                client.async_run(cmd.echo(payload("call", id)), [&, id](result<std::string> r) {
                    EXPECT_TRUE(r && *r == payload("call", id)) << (r ? *r : r.error().message());
                    ++completions[id];
                    ++completed;
                });
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_TRUE(eventually([&] { return completed == threads_max * each; }, 30s));
    client.close().value();
    EXPECT_TRUE(std::all_of(completions.begin(), completions.end(), [](const auto& n) { return n == 1; }));
}

// -- the contract of handlers --

class Async : public RedisFixture {
protected:
    Client open() { return connected(options_for(server())); }
};

TEST_F(Async, handlers_never_run_inside_the_initiating_call) {
    auto o = options_for(server());
    o.limiter = limiter_options{.limit = 1, .queue_max = 0};
    const auto client = connected(o);
    std::promise<void> all;
    asio::post(io_context_of(client), [&] {
        // On the thread that completes calls, and with outcomes that are known at once.
        static thread_local bool initiating = false;
        auto left = std::make_shared<int>(5);
        const auto handler = [left, &all](const auto&) {
            EXPECT_FALSE(initiating);
            if (--*left == 0) all.set_value();
        };
        initiating = true;
        client.async_run(cmd.ping(), handler);
        client.async_run(cmd.ping(), handler);  // rejected by the limiter
        client.with({.deadline = 0ms}).async_run(cmd.ping(), handler);
        client.async_run(command("MULTI"), handler);
        client.async_run(command("MONITOR"), handler);
        initiating = false;
    });
    all.get_future().get();
}

TEST_F(Async, a_refused_call_completes_on_the_io_thread) {
    const auto client = open();
    std::promise<std::thread::id> where;
    client.async_run(command("SUBSCRIBE", "c"), [&](result<reply> r) {
        EXPECT_EQ(r.error(), errc::needs_dedicated);
        where.set_value(std::this_thread::get_id());
    });
    EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
}

TEST_F(Async, handlers_start_further_calls) {
    const auto client = open();
    std::promise<std::int64_t> last;
    std::function<void(result<std::int64_t>)> next = [&](result<std::int64_t> r) {
        if (!r || *r == 1000) return last.set_value(r ? *r : -1);
        client.async_run(cmd.incr("n"), next);
    };
    client.async_run(cmd.incr("n"), next);
    EXPECT_EQ(last.get_future().get(), 1000);
}

TEST_F(Async, a_blocking_call_inside_a_handler_is_refused_instead_of_hanging) {
    const auto client = open();
    std::promise<void> done;
    client.async_run(cmd.ping(), [&](result<std::string>) {
        EXPECT_EQ(client.get("k").error(), errc::would_deadlock);
        EXPECT_EQ(client.lease().error(), errc::would_deadlock);
        EXPECT_EQ(client.ready().error(), errc::would_deadlock);
        EXPECT_EQ(client.close().error(), errc::would_deadlock);
        done.set_value();
    });
    done.get_future().get();
    EXPECT_TRUE(client.ping());
}

TEST_F(Async, a_handler_that_throws_is_counted_and_the_client_goes_on) {
    const auto client = open();
    for (int i = 0; i < 3; ++i) {
        client.async_run(cmd.ping(), [](result<std::string>) { throw std::runtime_error("thrown by a test"); });
        client.async_run(cmd.ping(), [](result<std::string>) { throw 7; });
    }
    EXPECT_TRUE(eventually([&] { return client.stats().handler_exceptions == 6; }));
    EXPECT_EQ(client.ping().value(), "PONG");
    client.async_run(cmd.ping(), asio::bind_executor(asio::any_io_executor(io_context_of(client).get_executor()),
                                                     [](result<std::string>) { throw 8; }));
    EXPECT_TRUE(eventually([&] { return client.stats().handler_exceptions == 7; }));
    asio::post(io_context_of(client), [] { throw 9; });
    EXPECT_TRUE(eventually([&] { return client.stats().handler_exceptions == 8; }));
    EXPECT_EQ(client.async_run(cmd.ping(), asio::use_future).get().value(), "PONG");
    const auto s = client.stats();
    EXPECT_EQ(s.limiter.in_use, 0U);
}

TEST_F(Async, deadlines_hold_within_50_ms) {
    const auto client = open();
    server().pause();
    auto best = 1000ms;
    for (int i = 0; i < 5; ++i) {
        const Stopwatch watch;
        const auto r = client.with({.deadline = 100ms}).async_run(cmd.get("k"), asio::use_future).get();
        const auto took = watch.elapsed();
        EXPECT_EQ(r.error(), errc::deadline_exceeded);
        EXPECT_EQ(r.error().fate(), fate::unknown);
        EXPECT_GE(took, 99ms);
        best = std::min(best, took);
    }
    EXPECT_LE(best, 150ms);  // the best of five: other programs may keep the processor from us
    const Stopwatch watch;
    const auto once = client.with({.attempts_max = 1});
    EXPECT_EQ(once.async_run(cmd.get("k"), asio::use_future).get().error(), errc::attempt_timeout);
    EXPECT_GE(watch.elapsed(), 995ms);
    EXPECT_LE(watch.elapsed(), 1500ms);
}

}  // namespace
}  // namespace redoubt::test
