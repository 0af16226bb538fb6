// 7,552 calls at once through a limiter of 100: all succeed, over one connection.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <redoubt/async.hpp>
#include <redoubt/profiles.hpp>
#include <thread>

#include "tests/support/clients.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr std::size_t calls = 7552;
constexpr std::size_t connections_max = 4;

class Storm : public RedisFixture, public testing::WithParamInterface<transport> {
protected:
    options base() const {
        auto o = profiles::worker();
        o.endpoints = options_for(server(), GetParam()).endpoints;
        return o;
    }
    static std::size_t connections_made() {
        return std::stoul(watcher().info("stats").at("total_connections_received"));
    }
};

INSTANTIATE_TEST_SUITE_P(transports, Storm, both_transports, transport_name);

TEST_P(Storm, of_256_threads) {
    constexpr std::size_t threads_max = 256;
    const auto before = connections_made();
    const auto client = Client::open(base()).value().with({.deadline = 60s});
    std::atomic<std::size_t> answered{0};
    std::barrier start(threads_max);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < threads_max; ++t) {
        threads.emplace_back([&, t] {
            start.arrive_and_wait();
            for (std::size_t i = t; i < calls; i += threads_max) {
                const auto mine = payload("call", i);
                const auto r = client.echo(mine);
                if (r && *r == mine) {
                    ++answered;
                } else {
                    ADD_FAILURE() << (r ? *r : r.error().message());
                }
            }
        });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(answered, calls);
    EXPECT_LE(connections_made() - before, connections_max);
    EXPECT_EQ(client.stats().limiter.limit, 100U);
    EXPECT_EQ(client.stats().limiter.rejected, 0U);
}

asio::awaitable<void> one(Client client, std::size_t i, std::size_t& answered) {
    const auto mine = payload("call", i);
    const auto r = co_await client.async_run(cmd.echo(mine), asio::use_awaitable);
    if (r && *r == mine)
        ++answered;
    else
        ADD_FAILURE() << (r ? *r : r.error().message());
}

TEST_P(Storm, of_as_many_coroutines) {
    const auto before = connections_made();
    const auto client = Client::open(base()).value().with({.deadline = 60s});
    asio::io_context context;
    std::size_t answered = 0;
    for (std::size_t i = 0; i < calls; ++i) asio::co_spawn(context, one(client, i, answered), asio::detached);
    context.run();
    EXPECT_EQ(answered, calls);
    EXPECT_LE(connections_made() - before, connections_max);
}

TEST_P(Storm, survives_a_restart_of_the_server_with_nothing_but_unknown_fates) {
    const auto client = connected(base()).with({.deadline = 60s});
    std::atomic<std::size_t> done{0};
    std::atomic<std::size_t> lost{0};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 64; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < calls; i += 64) {
                const auto mine = payload("call", i);
                const auto r = client.echo(mine);
                if (r)
                    EXPECT_EQ(*r, mine);
                else
                    ++lost;
                ++done;
            }
        });
    }
    while (done < calls / 4) std::this_thread::yield();
    server().kill();
    server().restart();
    for (auto& t : threads) t.join();
    EXPECT_EQ(done, calls);
    EXPECT_LE(lost, 2 * 100U) << "no more than were in flight";
}

}  // namespace
}  // namespace redoubt::test
