// Redoubt with its default layers on one shared connection: blocking threads, or callbacks on its I/O thread.
#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <latch>
#include <memory>
#include <mutex>
#include <redoubt/async.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/count_allocations.hpp"
#include "bench/load.hpp"
#include "tools/support/histogram.hpp"
#include "tools/support/resources.hpp"

namespace redoubt::bench {
namespace {

using std::chrono::steady_clock;

struct totals {
    std::mutex mutex;
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    lab::Histogram latency;
    steady_clock::time_point end{};
};

Client open(const load_spec& spec) {
    options o;
    o.endpoints = {spec.address.path.empty() ? spec.address.host + ':' + std::to_string(spec.address.port)
                                             : "unix:" + spec.address.path};
    auto client = Client::open(o).value();
    client.ready().value();
    return client;
}

void run_thread(const load_spec& spec, const Client& client, std::uint64_t number, const std::vector<std::string>& keys,
                std::latch& ready, std::latch& go, const std::atomic<bool>& stop, totals& all) {
    const std::string value(spec.value_bytes, 'x');
    KeyPicker picker(spec.seed * 1'000 + number);
    auto latency = std::make_unique<lab::Histogram>();
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    ready.count_down();
    go.wait();
    auto before = steady_clock::now();
    while (!stop.load(std::memory_order_relaxed) && errors == 0) {
        const auto& key = keys[picker.next(keys.size())];
        const bool good = operations % 2 == 0 ? client.set(key, value).has_value() : client.get(key).has_value();
        if (!good) ++errors;
        ++operations;
        const auto now = steady_clock::now();
        latency->add(now - before);
        before = now;
    }
    const std::lock_guard lock(all.mutex);
    all.operations += operations;
    all.errors += errors;
    all.latency.merge(*latency);
    all.end = std::max(all.end, before);
}

/// One of the operations in flight: when it completes, it begins anew. All of it on the I/O thread.
class Repeater {
public:
    struct shared_part {
        const Client& client;
        const std::vector<std::string>& keys;
        const std::string value;
        KeyPicker picker;
        const std::atomic<bool>& stop;
        totals& all;
        std::latch& left;
        std::uint64_t started = 0;
    };
    explicit Repeater(shared_part& s) : shared_(&s) {}

    void begin() {
        auto& s = *shared_;
        if (s.stop.load(std::memory_order_relaxed)) return end();
        const auto& key = s.keys[s.picker.next(s.keys.size())];
        // Reading the clock costs as much as a fifth of an operation: a sample serves.
        sampled_ = ++s.started % 16 == 0;
        if (sampled_) began_ = steady_clock::now();
        if (s.started % 2 == 0) {
            s.client.async_run(cmd.set(key, s.value), [this](const result<bool>& r) { next(r.has_value()); });
        } else {
            s.client.async_run(cmd.get(key),
                               [this](const result<std::optional<std::string>>& r) { next(r.has_value()); });
        }
    }

private:
    void next(bool good) {
        auto& s = *shared_;
        ++s.all.operations;
        if (sampled_) s.all.latency.add(steady_clock::now() - began_);
        if (good) return begin();
        ++s.all.errors;
        end();
    }
    void end() {
        shared_->all.end = steady_clock::now();
        shared_->left.count_down();
    }

    shared_part* shared_;
    steady_clock::time_point began_{};
    bool sampled_ = false;
};

struct measured {
    lab::cpu_time cpu;
    std::optional<std::uint64_t> allocations;
    steady_clock::time_point start;
};

measured begin_measuring() { return {lab::process_cpu_time(), allocation_count(), steady_clock::now()}; }

load_result finish(const totals& all, const measured& before) {
    return {.operations = all.operations,
            .errors = all.errors,
            .seconds = std::chrono::duration<double>(all.end - before.start).count(),
            .cpu_s = (lab::process_cpu_time() - before.cpu).total_s(),
            .allocations = allocations_since(before.allocations),
            .p50_us = all.latency.quantile_us(0.5),
            .p99_us = all.latency.quantile_us(0.99)};
}

load_result run_blocking(const load_spec& spec, const Client& client, const std::vector<std::string>& keys) {
    std::latch ready(spec.who.concurrency);
    std::latch go(1);
    std::atomic<bool> stop{false};
    totals all;
    std::vector<std::thread> threads;
    for (int i = 0; i < spec.who.concurrency; ++i) {
        threads.emplace_back(
            [&, i] { run_thread(spec, client, static_cast<std::uint64_t>(i), keys, ready, go, stop, all); });
    }
    ready.wait();
    const auto before = begin_measuring();
    go.count_down();
    std::this_thread::sleep_for(spec.duration);
    stop = true;
    for (auto& thread : threads) thread.join();
    return finish(all, before);
}

load_result run_async(const load_spec& spec, const Client& client, const std::vector<std::string>& keys) {
    std::atomic<bool> stop{false};
    totals all;
    std::latch left(spec.who.concurrency);
    Repeater::shared_part shared{client, keys, std::string(spec.value_bytes, 'x'), KeyPicker(spec.seed), stop,
                                 all,    left};
    std::vector<Repeater> repeaters(static_cast<std::size_t>(spec.who.concurrency), Repeater(shared));
    const auto before = begin_measuring();
    boost::asio::post(io_context_of(client), [&] {
        for (auto& r : repeaters) r.begin();
    });
    std::this_thread::sleep_for(spec.duration);
    stop = true;
    left.wait();
    return finish(all, before);
}

}  // namespace

load_result run_redoubt(const load_spec& spec) {
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < spec.keys; ++i) keys.push_back(key_name(i));
    const auto client = open(spec);
    auto outcome =
        spec.who.style == load_style::blocking ? run_blocking(spec, client, keys) : run_async(spec, client, keys);
    if (const auto closed = client.close(); !closed) throw std::runtime_error(closed.error().message());
    return outcome;
}

}  // namespace redoubt::bench
