// Blocking calls of many threads through one client, and of one thread through many leases.
#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/redoubt_load.hpp"
#include "bench/tally.hpp"

namespace redoubt::bench {
namespace {

using std::chrono::steady_clock;

/// SET and GET in turns until told to stop, or until one fails. `next` says on which client or lease.
template <class Next>
void operate(const load_spec& spec, Next next, std::uint64_t number, const std::atomic<bool>& stop, tally& mine) {
    const std::string value(spec.value_bytes, 'x');
    KeyPicker picker(spec.seed * 1'000 + number, spec.keys);
    auto before = steady_clock::now();
    while (!stop.load(std::memory_order_relaxed) && mine.errors == 0) {
        const auto key = picker.next();
        auto& on = next();
        const bool good = mine.operations % 2 == 0 ? on.set(key, value).has_value() : on.get(key).has_value();
        if (!good) ++mine.errors;
        ++mine.operations;
        const auto now = steady_clock::now();
        mine.latency.add(now - before);
        before = now;
    }
    mine.end = before;
}

}  // namespace

load_result run_blocking(const load_spec& spec, const Client& client) {
    std::latch ready(spec.who.concurrency);
    std::latch go(1);
    std::atomic<bool> stop{false};
    shared_tally together;
    std::vector<std::thread> threads;
    for (int i = 0; i < spec.who.concurrency; ++i) {
        threads.emplace_back([&, i] {
            const auto mine = std::make_unique<tally>();
            ready.count_down();
            go.wait();
            operate(
                spec, [&]() -> const Client& { return client; }, static_cast<std::uint64_t>(i), stop, *mine);
            together.merge(*mine);
        });
    }
    ready.wait();
    const auto before = begin_measuring(spec);
    go.count_down();
    std::this_thread::sleep_for(spec.duration);
    stop = true;
    for (auto& thread : threads) thread.join();
    return finish(spec, together.all, before);
}

load_result run_leases(const load_spec& spec, const Client& client) {
    std::vector<Lease> leases;
    for (int i = 0; i < spec.who.concurrency; ++i) leases.push_back(client.lease().value());
    std::atomic<bool> stop{false};
    const auto mine = std::make_unique<tally>();
    std::size_t turn = 0;
    const auto next = [&]() -> Lease& { return leases[turn++ % leases.size()]; };
    std::latch ready(1);
    std::latch go(1);
    std::thread thread([&] {
        constexpr std::size_t first_uses = 3;  // of each connection: they grow its buffers
        for (std::size_t i = 0; i < first_uses * leases.size(); ++i)
            if (!next().get(key_name(0))) ++mine->errors;
        ready.count_down();
        go.wait();
        operate(spec, next, 0, stop, *mine);
    });
    ready.wait();
    const auto before = begin_measuring(spec);
    go.count_down();
    std::this_thread::sleep_for(spec.duration);
    stop = true;
    thread.join();
    return finish(spec, *mine, before);
}

}  // namespace redoubt::bench
