// Coroutines: many calls in flight at once on one connection.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <redoubt/async.hpp>

namespace asio = boost::asio;
using redoubt::cmd;

asio::awaitable<void> count(redoubt::Client client, int times) {
    for (int i = 0; i < times; ++i) {
        const auto n = co_await client.async_run(cmd.incr("counter"), asio::use_awaitable);
        if (!n) {
            std::puts(n.error().message().c_str());
            co_return;
        }
    }
}

int main() {
    auto client = redoubt::shared_client().value();
    asio::io_context context;
    for (int i = 0; i < 100; ++i) asio::co_spawn(context, count(client, 10), asio::detached);
    context.run();
    const auto total = client.get<std::int64_t>("counter");
    std::printf("counter: %lld\n", total && *total ? static_cast<long long>(**total) : -1);
}
