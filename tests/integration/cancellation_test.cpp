// Cancelling an asynchronous call before it is sent, after it was sent, and too late.
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <optional>
#include <redoubt/async.hpp>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class Cancelling : public testing::Test {
protected:
    /// Answers "held" when the gate opens, and everything else afterwards.
    Client open_held(std::optional<limiter_options> limiter) {
        server_.then(
            Conversation()
                .expect_any()
                .reply("+OK\r\n")
                .expect({"ECHO", "held"})
                .wait_for("gate")
                .reply("$4\r\nheld\r\n")
                .answer([](const words& w) { return '$' + std::to_string(w[1].size()) + "\r\n" + w[1] + "\r\n"; }));
        auto o = options::from_url(server_.unix_url()).value();
        o.limiter = limiter;
        return connected(o);
    }
    struct pending {
        asio::cancellation_signal signal;
        std::optional<result<std::string>> outcome;
        int completions = 0;
    };
    void start(const Client& client, std::string text, pending& p) {
        client.async_run(
            cmd.echo(text),
            asio::bind_cancellation_slot(p.signal.slot(), asio::bind_executor(context_, [&p](result<std::string> r) {
                                             p.outcome = std::move(r);
                                             ++p.completions;
                                         })));
    }
    void run_until_done(pending& p) {
        context_.restart();
        const Stopwatch watch;
        while (p.completions == 0 && watch.elapsed() < 5s) context_.run_one_for(100ms);
        EXPECT_EQ(p.completions, 1);
    }
    FakeServer server_;
    asio::io_context context_;
};

TEST_F(Cancelling, before_it_is_sent_means_not_applied) {
    const auto client = open_held(limiter_options{.limit = 1});
    pending held;
    pending waiting;
    start(client, "held", held);
    start(client, "waiting", waiting);
    ASSERT_TRUE(eventually([&] { return client.stats().limiter.waiting == 1; }));
    waiting.signal.emit(asio::cancellation_type::terminal);
    run_until_done(waiting);
    EXPECT_EQ(waiting.outcome->error(), errc::cancelled);
    EXPECT_EQ(waiting.outcome->error().fate(), fate::not_applied);
    EXPECT_EQ(waiting.outcome->error().phase(), phase::limiter);
    server_.open("gate");
    run_until_done(held);
    EXPECT_EQ(held.outcome->value(), "held");
}

TEST_F(Cancelling, after_it_was_sent_means_unknown_and_the_reply_is_dropped) {
    const auto client = open_held(std::nullopt);
    pending held;
    pending next;
    start(client, "held", held);
    start(client, "next", next);
    ASSERT_TRUE(eventually([&] { return client.stats().pool.in_flight == 2; }));
    held.signal.emit(asio::cancellation_type::total);
    run_until_done(held);
    EXPECT_EQ(held.outcome->error(), errc::cancelled);
    EXPECT_EQ(held.outcome->error().fate(), fate::unknown);
    server_.open("gate");
    run_until_done(next);
    EXPECT_EQ(next.outcome->value(), "next");
    EXPECT_EQ(held.completions, 1);
}

TEST_F(Cancelling, after_completion_does_nothing) {
    const auto client = open_held(std::nullopt);
    server_.open("gate");
    pending held;
    start(client, "held", held);
    run_until_done(held);
    held.signal.emit(asio::cancellation_type::terminal);
    EXPECT_EQ(client.echo("next").value(), "next");
    context_.restart();
    context_.poll();
    EXPECT_EQ(held.completions, 1);
}

class CancellingOnServer : public RedisFixture {};

TEST_F(CancellingOnServer, at_random_moments_completes_each_call_once) {
    const auto client = connected(options_for(server()));
    asio::io_context context;
    constexpr std::size_t calls = 2000;
    std::vector<asio::cancellation_signal> signals(calls);
    std::size_t completed = 0;
    std::size_t cancelled = 0;
    for (std::size_t i = 0; i < calls; ++i) {
        client.async_run(
            cmd.echo(payload("c", i)),
            asio::bind_cancellation_slot(signals[i].slot(), asio::bind_executor(context, [&, i](result<std::string> r) {
                                             ++completed;
                                             if (r) {
                                                 EXPECT_EQ(*r, payload("c", i));
                                                 return;
                                             }
                                             EXPECT_EQ(r.error(), errc::cancelled);
                                             ++cancelled;
                                         })));
        if (i % 3 == 0) signals[i - i % 7].emit(asio::cancellation_type::terminal);
        if (i % 50 == 0) context.poll();
    }
    context.restart();
    context.run();
    EXPECT_EQ(completed, calls);
    EXPECT_GT(cancelled, 0U);
    EXPECT_EQ(client.stats().pool.dials, 1U);
}

}  // namespace
}  // namespace redoubt::test
