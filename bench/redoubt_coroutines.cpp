// As many coroutines as operations in flight, on the I/O thread.
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <latch>
#include <redoubt/async.hpp>

#include "bench/redoubt_load.hpp"
#include "bench/steady_state.hpp"

namespace redoubt::bench {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

asio::awaitable<void> operate(async_parts& p) {
    auto& counts = p.steady.counts();
    while (!p.stop.load(std::memory_order_relaxed)) {
        const auto key = p.picker.next();
        const bool sampled = ++p.started % 16 == 0;
        const auto began = sampled ? steady_clock::now() : steady_clock::time_point();
        bool good = false;
        if (p.started % 2 == 0) {
            good = (co_await p.client.async_run(cmd.set(key, p.value), asio::use_awaitable)).has_value();
        } else {
            good = (co_await p.client.async_run(cmd.get(key), asio::use_awaitable)).has_value();
        }
        ++counts.operations;
        if (sampled) counts.latency.add(steady_clock::now() - began);
        if (!good) {
            ++counts.errors;
            break;
        }
        p.steady.completed();
    }
    p.steady.ended();
    p.left.count_down();
}

}  // namespace

load_result run_coroutines(const load_spec& spec, const Client& client) {
    std::atomic<bool> stop{false};
    SteadyState steady(spec);
    std::latch left(spec.who.concurrency);
    async_parts parts{client, std::string(spec.value_bytes, 'x'), KeyPicker(spec.seed, spec.keys), stop, steady, left};
    for (int i = 0; i < spec.who.concurrency; ++i)
        asio::co_spawn(io_context_of(client), operate(parts), asio::detached);
    steady.sleep();
    stop = true;
    left.wait();
    return steady.finish();
}

}  // namespace redoubt::bench
