// async_next: with callbacks, futures and coroutines; cancelled, dropped in the middle, and after the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <redoubt/async.hpp>
#include <redoubt/pubsub/async.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

class PubSubAsync : public RedisFixture {
protected:
    void SetUp() override {
        RedisFixture::SetUp();
        client_ = connected(options_for(server()));
        subscriber_ = client_.subscribe({.channels = {"c"}}).value();
        ASSERT_TRUE(subscriber_.next(5s));  // subscribed
    }
    void TearDown() override {
        subscriber_ = Subscriber();
        client_ = Client();
        RedisFixture::TearDown();
    }
    static void publish(const std::string& payload) { watcher().integer({"PUBLISH", "c", payload}); }
    static std::string text(const result<event>& e) {
        if (!e) return make_error_code(e.error().kind()).message();
        const auto* const m = std::get_if<message>(&*e);
        return m != nullptr ? m->payload : std::holds_alternative<closed>(*e) ? "closed event" : "another event";
    }
    static std::string said(errc code) { return make_error_code(code).message(); }

    Client client_;
    Subscriber subscriber_;
};

TEST_F(PubSubAsync, a_callback_runs_on_the_io_thread) {
    std::promise<std::pair<std::string, bool>> got;
    subscriber_.async_next([&](const result<event>& e) {
        got.set_value({text(e), client_.ping().error() == errc::would_deadlock});
    });
    publish("x");
    EXPECT_EQ(got.get_future().get(), std::pair(std::string("x"), true));
}

TEST_F(PubSubAsync, a_future_and_several_readers) {
    std::vector<std::future<result<event>>> all;
    for (int i = 0; i < 5; ++i) all.push_back(subscriber_.async_next(asio::use_future));
    for (int i = 0; i < 5; ++i) publish(std::to_string(i));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(text(all[static_cast<std::size_t>(i)].get()), std::to_string(i));
}

asio::awaitable<void> read_all(Subscriber& from, std::vector<std::string>& into, std::thread::id where) {
    for (;;) {
        const auto e = co_await from.async_next(asio::use_awaitable);
        EXPECT_EQ(std::this_thread::get_id(), where);
        if (!e || std::holds_alternative<closed>(*e)) co_return;
        if (const auto* const m = std::get_if<message>(&*e)) into.push_back(m->payload);
    }
}

TEST_F(PubSubAsync, a_coroutine_on_a_context_of_its_own) {
    asio::io_context context;
    std::vector<std::string> seen;
    asio::co_spawn(context, read_all(subscriber_, seen, std::this_thread::get_id()), asio::detached);
    std::thread writes([&] {
        for (int i = 0; i < 200; ++i) ASSERT_TRUE(client_.run(command("PUBLISH", "c", i)));
        EXPECT_TRUE(eventually([&] { return subscriber_.stats().messages == 200; }));
        subscriber_.close();
    });
    context.run();
    writes.join();
    ASSERT_EQ(seen.size(), 200U);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(PubSubAsync, cancelled_it_has_taken_nothing) {
    asio::io_context context;
    asio::cancellation_signal signal;
    std::string outcome;
    int times = 0;
    subscriber_.async_next(
        asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, [&](const result<event>& e) {
                                         outcome = text(e);
                                         ++times;
                                     })));
    signal.emit(asio::cancellation_type::total);
    EXPECT_EQ(times, 0);
    publish("x");
    context.run();
    EXPECT_EQ(outcome, said(errc::cancelled));
    EXPECT_EQ(text(subscriber_.next(5s)), "x");
    signal.emit(asio::cancellation_type::total);
    EXPECT_EQ(times, 1);
}

TEST_F(PubSubAsync, the_handler_may_drop_the_last_handle) {
    std::promise<std::string> got;
    subscriber_.async_next([&](const result<event>& e) {
        auto dropped_here = std::move(subscriber_);
        got.set_value(text(e));
    });
    publish("x");
    EXPECT_EQ(got.get_future().get(), "x");
    EXPECT_TRUE(eventually([&] { return client_.stats().pool.connections == 1; }));
    EXPECT_EQ(client_.stats().pool.subscribers, 0U);
}

TEST_F(PubSubAsync, the_handler_may_drop_the_last_handle_of_the_client_too) {
    client_ = Client();
    std::promise<std::string> got;
    subscriber_.async_next([&](const result<event>& e) {
        { auto dropped_here = std::move(subscriber_); }
        got.set_value(text(e));
    });
    publish("x");
    EXPECT_EQ(got.get_future().get(), "x");
    EXPECT_TRUE(eventually([] { return client_count() == 0; }));
}

TEST_F(PubSubAsync, dropped_while_readers_wait) {
    auto first = subscriber_.async_next(asio::use_future);
    auto second = subscriber_.async_next(asio::use_future);
    subscriber_ = Subscriber();
    EXPECT_EQ(text(first.get()), "closed event");
    EXPECT_EQ(text(second.get()), said(errc::closed));
}

TEST_F(PubSubAsync, the_client_closes_while_readers_wait) {
    auto first = subscriber_.async_next(asio::use_future);
    ASSERT_TRUE(client_.close(5s));
    EXPECT_EQ(text(first.get()), "closed event");
    EXPECT_EQ(text(subscriber_.async_next(asio::use_future).get()), said(errc::closed)) << "there is no I/O thread now";
    std::promise<std::string> got;
    subscriber_.async_next([&](const result<event>& e) { got.set_value(text(e)); });
    EXPECT_EQ(got.get_future().get(), said(errc::closed));
}

TEST_F(PubSubAsync, what_had_arrived_is_read_after_the_end_of_the_client) {
    publish("x");
    ASSERT_TRUE(eventually([&] { return subscriber_.stats().buffered == 1; }));
    ASSERT_TRUE(client_.close(5s));
    EXPECT_EQ(text(subscriber_.async_next(asio::use_future).get()), "x");
    EXPECT_EQ(text(subscriber_.async_next(asio::use_future).get()), "closed event");
}

TEST_F(PubSubAsync, an_empty_handle_answers_closed) {
    Subscriber none;
    EXPECT_EQ(text(none.async_next(asio::use_future).get()), said(errc::closed));
}

TEST_F(PubSubAsync, a_handler_that_throws_is_counted_and_the_next_one_runs) {
    subscriber_.async_next([](const result<event>&) { throw std::runtime_error("on purpose"); });
    publish("x");
    EXPECT_TRUE(eventually([&] { return client_.stats().handler_exceptions == 1; }));
    publish("y");
    EXPECT_EQ(text(subscriber_.async_next(asio::use_future).get()), "y");
}

TEST_F(PubSubAsync, blocking_calls_on_the_io_thread_are_refused) {
    std::promise<void> done;
    subscriber_.async_next([&](const result<event>&) {
        EXPECT_EQ(subscriber_.next(1s).error(), errc::would_deadlock);
        EXPECT_EQ(subscriber_.subscribe({"d"}).error(), errc::would_deadlock);
        EXPECT_EQ(client_.subscribe({.channels = {"d"}}).error(), errc::would_deadlock);
        subscriber_.close();
        done.set_value();
    });
    publish("x");
    done.get_future().get();
    EXPECT_EQ(text(subscriber_.next(5s)), "closed event");
}

TEST_F(PubSubAsync, cancelled_at_random_moments_each_completes_once_and_no_event_is_lost) {
    asio::io_context context;
    constexpr std::size_t readers = 1000;
    std::vector<asio::cancellation_signal> signals(readers);
    std::size_t completed = 0;
    std::vector<std::string> seen;
    std::thread writes([&] {
        for (int i = 0; i < 300; ++i) ASSERT_TRUE(client_.run(command("PUBLISH", "c", i)));
    });
    for (std::size_t i = 0; i < readers; ++i) {
        subscriber_.async_next(
            asio::bind_cancellation_slot(signals[i].slot(), asio::bind_executor(context, [&](const result<event>& e) {
                                             ++completed;
                                             if (e) seen.push_back(text(e));
                                         })));
        if (i % 2 == 0) signals[i - i % 6].emit(asio::cancellation_type::terminal);
        if (i % 20 == 0) context.poll();
    }
    writes.join();
    EXPECT_TRUE(eventually([&] { return subscriber_.stats().messages == 300; }));
    for (auto& s : signals) {
        context.restart();
        context.poll();
        s.emit(asio::cancellation_type::terminal);
    }
    context.restart();
    context.run();
    EXPECT_EQ(completed, readers);
    while (const auto e = subscriber_.next(10ms)) seen.push_back(text(e));
    ASSERT_EQ(seen.size(), 300U);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

}  // namespace
}  // namespace redoubt::test
