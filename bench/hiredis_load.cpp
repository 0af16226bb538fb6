// Raw hiredis, as a program without a client library would use it: threads, a connection each.
#include <hiredis/hiredis.h>

#include <array>
#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/count_allocations.hpp"
#include "bench/load.hpp"
#include "tools/support/histogram.hpp"
#include "tools/support/resources.hpp"
#include "tools/support/sigpipe.hpp"

namespace redoubt::bench {
namespace {

using std::chrono::steady_clock;

struct context_deleter {
    void operator()(redisContext* context) const { ::redisFree(context); }
};
using context_owner = std::unique_ptr<redisContext, context_deleter>;

context_owner connect(const lab::server_address& address) {
    context_owner context(address.path.empty() ? ::redisConnect(address.host.c_str(), address.port)
                                               : ::redisConnectUnix(address.path.c_str()));
    if (context == nullptr || context->err != 0)
        throw std::runtime_error(std::string("hiredis: ") + (context ? context->errstr : "out of memory"));
    return context;
}

struct totals {
    std::mutex mutex;
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    lab::Histogram latency;
    steady_clock::time_point end{};
};

bool operate(redisContext* context, bool set, const std::string& key, const std::string& value) {
    const std::array<const char*, 3> argv{set ? "SET" : "GET", key.data(), value.data()};
    const std::array<std::size_t, 3> sizes{3, key.size(), value.size()};
    void* reply = ::redisCommandArgv(context, set ? 3 : 2, const_cast<const char**>(argv.data()), sizes.data());
    if (reply == nullptr) return false;
    const bool ok = static_cast<redisReply*>(reply)->type != REDIS_REPLY_ERROR;
    ::freeReplyObject(reply);
    return ok;
}

void run_thread(const load_spec& spec, redisContext* context, std::uint64_t number,
                const std::vector<std::string>& keys, std::latch& ready, std::latch& go, const std::atomic<bool>& stop,
                totals& all) {
    const lab::SigpipeBlocked blocked;
    const std::string value(spec.value_bytes, 'x');
    KeyPicker picker(spec.seed * 1'000 + number);
    auto latency = std::make_unique<lab::Histogram>();
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    ready.count_down();
    go.wait();
    auto before = steady_clock::now();
    while (!stop.load(std::memory_order_relaxed) && errors == 0) {
        if (!operate(context, operations % 2 == 0, keys[picker.next(keys.size())], value)) ++errors;
        ++operations;
        const auto now = steady_clock::now();
        latency->add(now - before);
        before = now;
    }
    std::lock_guard lock(all.mutex);
    all.operations += operations;
    all.errors += errors;
    all.latency.merge(*latency);
    all.end = std::max(all.end, before);
}

}  // namespace

load_result run_hiredis(const load_spec& spec) {
    const auto count = static_cast<std::uint64_t>(spec.who.concurrency);
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < spec.keys; ++i) keys.push_back(key_name(i));
    std::vector<context_owner> contexts;
    for (std::uint64_t i = 0; i < count; ++i) contexts.push_back(connect(spec.address));

    std::latch ready(spec.who.concurrency);
    std::latch go(1);
    std::atomic<bool> stop{false};
    totals all;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < count; ++i)
        threads.emplace_back([&, i] { run_thread(spec, contexts[i].get(), i, keys, ready, go, stop, all); });
    ready.wait();
    const auto cpu_before = lab::process_cpu_time();
    const auto allocations_before = allocation_count();
    const auto start = steady_clock::now();
    go.count_down();
    std::this_thread::sleep_for(spec.duration);
    stop = true;
    for (auto& thread : threads) thread.join();
    return {.operations = all.operations,
            .errors = all.errors,
            .seconds = std::chrono::duration<double>(all.end - start).count(),
            .cpu_s = (lab::process_cpu_time() - cpu_before).total_s(),
            .allocations = allocations_since(allocations_before),
            .p50_us = all.latency.quantile_us(0.5),
            .p99_us = all.latency.quantile_us(0.99)};
}

}  // namespace redoubt::bench
