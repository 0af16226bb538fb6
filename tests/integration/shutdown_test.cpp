// The end of a client: draining, deadlines, dropped handles, static destruction, and nothing left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <redoubt/async.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using namespace std::chrono_literals;

std::size_t entries(const char* dir) {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(dir)) ++n;
    return n;
}

class Shutdown : public RedisFixture {
protected:
    void SetUp() override {
        RedisFixture::SetUp();
        descriptors_ = entries("/proc/self/fd");
        threads_ = entries("/proc/self/task");
    }
    /// Every test here must leave as many descriptors and threads as it found.
    void TearDown() override {
        RedisFixture::TearDown();
        watcher();  // connected, as it was before
        const auto same = [&] {
            return entries("/proc/self/fd") == descriptors_ && entries("/proc/self/task") == threads_;
        };
        EXPECT_TRUE(eventually(same)) << "descriptors: " << descriptors_ << " before, " << entries("/proc/self/fd")
                                      << " after; threads: " << threads_ << " and " << entries("/proc/self/task");
    }
    static Client open() { return connected(options_for(server())); }

private:
    std::size_t descriptors_ = 0;
    std::size_t threads_ = 0;
};

TEST_F(Shutdown, nothing_is_left_of_a_client_that_is_dropped) {
    for (int i = 0; i < 20; ++i) {
        const auto client = open();
        EXPECT_TRUE(client.set("k", i));
        auto lease = client.lease().value();
        EXPECT_TRUE(lease.get("k"));
    }
}

TEST_F(Shutdown, nothing_is_left_of_a_client_that_never_connected) {
    server().stop();
    for (int i = 0; i < 20; ++i) {
        const auto client = Client::open(options_for(server(), transport::tcp)).value();
        if (i % 2 == 0) {
            EXPECT_FALSE(client.ready(5ms));
        }
    }
    server().restart();
}

TEST_F(Shutdown, close_lets_operations_under_way_finish) {
    const auto client = open();
    std::atomic<int> answered{0};
    std::atomic<int> failed{0};
    for (int i = 0; i < 5000; ++i) {
        client.async_run(cmd.incr("n"), [&](result<std::int64_t> r) { r ? ++answered : ++failed; });
    }
    EXPECT_TRUE(client.close(20s));
    EXPECT_EQ(answered, 5000);
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(watcher().text({"GET", "n"}), "5000");
}

TEST_F(Shutdown, close_ends_by_its_deadline_what_is_stuck) {
    const auto client = open();
    server().pause();
    std::vector<std::future<result<std::optional<std::string>>>> blocked;
    for (int i = 0; i < 4; ++i) {
        blocked.push_back(
            std::async(std::launch::async, [&] { return client.with({.deadline = no_deadline}).get("k"); }));
    }
    std::atomic<int> ended{0};
    for (int i = 0; i < 4; ++i) {
        client.with({.deadline = 20s}).async_run(cmd.get("k"), [&](result<std::optional<std::string>> r) {
            EXPECT_EQ(r.error(), errc::closed);
            ++ended;
        });
    }
    EXPECT_TRUE(eventually([&] { return client.stats().pool.in_flight == 8; }, 900ms));
    const Stopwatch watch;
    const auto closed = client.close(100ms);
    EXPECT_GE(watch.elapsed(), 99ms);
    EXPECT_LT(watch.elapsed(), 800ms);
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error(), errc::deadline_exceeded);
    EXPECT_EQ(ended, 4) << "when close() returns, handlers have run";
    for (auto& b : blocked) {
        const auto r = b.get();
        EXPECT_EQ(r.error(), errc::closed);
        EXPECT_EQ(r.error().fate(), fate::unknown);
    }
    EXPECT_TRUE(client.close()) << "it is closed already";
}

TEST_F(Shutdown, calls_after_close_are_refused) {
    const auto client = open();
    const auto other = client.with({.deadline = 1s});
    auto lease = client.lease().value();
    lease.give_back();
    EXPECT_TRUE(client.close());
    EXPECT_EQ(client.get("k").error(), errc::closed);
    EXPECT_EQ(other.get("k").error(), errc::closed);
    EXPECT_EQ(other.get("k").error().fate(), fate::not_applied);
    EXPECT_EQ(client.lease().error(), errc::closed);
    EXPECT_EQ(client.ready().error(), errc::closed);
    EXPECT_TRUE(client.stats().closed);
    EXPECT_EQ(client_count(), 0U);
}

TEST_F(Shutdown, destroying_a_client_completes_every_call_once) {
    auto o = options_for(server());
    o.limiter = limiter_options{.limit = 300};  // most of the calls stand in line
    auto client = connected(o);
    server().pause();
    constexpr std::size_t calls = 1000;
    std::vector<std::atomic<int>> completions(calls);
    for (std::size_t i = 0; i < calls; ++i) {
        client.async_run(cmd.incr("n"), [&, i](result<std::int64_t> r) {
            EXPECT_EQ(r.error(), errc::closed);
            ++completions[i];
        });
    }
    const Stopwatch watch;
    client = Client();
    EXPECT_LT(watch.elapsed(), 1s);
    for (const auto& n : completions) EXPECT_EQ(n, 1);
}

TEST_F(Shutdown, destroying_a_client_that_cannot_connect_ends_the_waiting) {
    server().stop();
    auto client = Client::open(options_for(server())).value();
    std::atomic<int> ended{0};
    for (int i = 0; i < 100; ++i) {
        client.async_run(cmd.get("k"), [&](result<std::optional<std::string>> r) {
            EXPECT_EQ(r.error(), errc::closed);
            EXPECT_EQ(r.error().fate(), fate::not_applied);
            ++ended;
        });
    }
    client = Client();
    EXPECT_EQ(ended, 100);
    server().restart();
}

TEST_F(Shutdown, the_last_handle_may_be_dropped_by_a_handler) {
    for (int i = 0; i < 20; ++i) {
        auto client = std::make_unique<Client>(open());
        auto& c = *client;
        std::promise<void> dropped;
        c.async_run(cmd.ping(), [&dropped, mine = std::move(client)](const auto&) mutable {
            mine.reset();
            dropped.set_value();
        });
        dropped.get_future().get();
    }
}

TEST_F(Shutdown, two_clients_may_be_dropped_by_handlers_of_each_other) {
    for (int round = 0; round < 20; ++round) {
        auto a = std::make_shared<Client>(connected(options_for(server())));
        auto b = std::make_shared<Client>(connected(options_for(server())));
        auto* const calling_a = a.get();
        auto* const calling_b = b.get();
        std::atomic<bool> go{false};
        std::atomic<int> dropped{0};
        const auto drops = [&](std::shared_ptr<Client> last) {
            return [&, last = std::move(last)](const auto&) mutable {
                while (!go) std::this_thread::yield();
                last.reset();
                ++dropped;
            };
        };
        calling_a->async_run(cmd.ping(), drops(std::move(b)));
        calling_b->async_run(cmd.ping(), drops(std::move(a)));
        go = true;
        ASSERT_TRUE(eventually([&] { return dropped == 2; }));
    }
}

TEST_F(Shutdown, calls_under_way_end_when_a_handler_drops_the_last_handle) {
    auto client = std::make_unique<Client>(open());
    auto& c = *client;
    server().pause();
    std::atomic<int> ended{0};
    for (int i = 0; i < 100; ++i) {
        c.async_run(cmd.incr("n"), [&](result<std::int64_t> r) {
            EXPECT_EQ(r.error(), errc::closed);
            ++ended;
        });
    }
    boost::asio::post(io_context_of(c), [mine = std::move(client)]() mutable { mine.reset(); });
    EXPECT_TRUE(eventually([&] { return ended == 100; }));
}

// -- what is left on purpose: Asio's own threads, and one closed client for each target of shared_client() --

class AfterClose : public RedisFixture {};

TEST_F(AfterClose, an_asynchronous_call_after_close_completes_on_the_executor_of_its_handler) {
    const auto client = connected(options_for(server()));
    EXPECT_TRUE(client.close());
    boost::asio::io_context context;
    int completions = 0;
    client.async_run(cmd.get("k"), boost::asio::bind_executor(context, [&](result<std::optional<std::string>> r) {
                         EXPECT_EQ(r.error(), errc::closed);
                         ++completions;
                     }));
    EXPECT_EQ(completions, 0);
    context.run_for(2s);
    EXPECT_EQ(completions, 1);
}

TEST_F(AfterClose, the_last_handle_may_go_before_the_handler_has_come) {
    for (int round = 0; round < 100; ++round) {
        auto client = connected(options_for(server()));
        EXPECT_TRUE(client.close());
        std::promise<errc> told;
        client.async_run(cmd.get("k"), [&](const auto& r) { told.set_value(r.error().kind()); });
        client = Client();
        EXPECT_EQ(told.get_future().get(), errc::closed);
    }
}

TEST_F(AfterClose, the_shared_client_is_one_for_each_target_until_it_is_closed) {
    const auto o = options_for(server());
    const auto one = shared_client(o).value();
    const auto same = shared_client(o).value();
    EXPECT_EQ(&io_context_of(one), &io_context_of(same));
    auto elsewhere = o;
    elsewhere.database = 1;
    const auto other = shared_client(elsewhere).value();
    EXPECT_NE(&io_context_of(one), &io_context_of(other));
    ASSERT_TRUE(one.ping());
    ASSERT_TRUE(other.ping());
    EXPECT_EQ(client_count(), 2U);
    EXPECT_TRUE(one.close());
    EXPECT_EQ(same.ping().error(), errc::closed);
    const auto anew = shared_client(o).value();
    EXPECT_TRUE(anew.ping());
    EXPECT_TRUE(anew.close());
    EXPECT_TRUE(other.close());
}

TEST_F(AfterClose, threads_that_call_while_the_client_is_closed_all_return) {
    for (int round = 0; round < 10; ++round) {
        const auto client = connected(options_for(server()));
        std::vector<std::thread> threads;
        for (int t = 0; t < 8; ++t) {
            threads.emplace_back([&, t] {
                for (;;) {
                    const auto r =
                        t % 2 == 0 ? client.incr("n") : client.async_run(cmd.incr("n"), boost::asio::use_future).get();
                    if (r) continue;
                    EXPECT_EQ(r.error(), errc::closed) << r.error().message();
                    break;
                }
            });
        }
        std::this_thread::sleep_for(5ms);
        (void)client.close(5s);
        for (auto& t : threads) t.join();
    }
}

// -- the end of the process --

/// Constructed before the static client, so destroyed after it: turns a slow end into an exit code.
struct ExitClock {
    ~ExitClock() {
        if (leaving && since.elapsed() > 2s) std::_Exit(9);
    }
    bool leaving = false;
    Stopwatch since;
};

[[noreturn]] void exit_with_static_client(const options& o, bool shared) {
    static ExitClock clock;
    static Client client = shared ? shared_client(o).value() : connected(o);
    for (int i = 0; i < 1000; ++i) client.async_run(cmd.incr("n"), [](const auto&) {});
    std::thread([] { (void)client.with({.deadline = no_deadline}).run(command("DEBUG", "SLEEP", "0")); }).join();
    for (int i = 0; i < 1000; ++i) client.async_run(cmd.incr("n"), [](const auto&) {});
    clock.since = Stopwatch();
    clock.leaving = true;
    std::exit(0);
}

class ShutdownDeathTest : public RedisFixture {
protected:
    // The child begins anew, with a server of its own, instead of forking a program with threads.
    void SetUp() override {
        testing::FLAGS_gtest_death_test_style = "threadsafe";
        RedisFixture::SetUp();
    }
};

TEST_F(ShutdownDeathTest, a_static_client_with_calls_under_way_ends_with_the_program) {
    EXPECT_EXIT(exit_with_static_client(options_for(server()), false), testing::ExitedWithCode(0), "");
}

TEST_F(ShutdownDeathTest, so_does_the_shared_client) {
    EXPECT_EXIT(exit_with_static_client(options_for(server()), true), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace redoubt::test
