// redis-benchmark as a load: as many requests as fill the time.
#include "tools/support/redis_benchmark.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "bench/load.hpp"

namespace redoubt::bench {
namespace {

/// redis-benchmark takes a number of requests, not a time: its rate is found once for each setting.
double known_rate(const load_spec& spec, const lab::benchmark_spec& benchmark) {
    static std::map<std::tuple<int, int, std::size_t, std::string>, double> rates;
    double& rate = rates[{benchmark.connections, benchmark.pipeline, spec.value_bytes, spec.address.path}];
    if (rate > 0) return rate;
    auto probe = benchmark;
    probe.requests = static_cast<std::uint64_t>(5'000) * static_cast<std::uint64_t>(std::min(benchmark.pipeline, 20));
    rate = lab::run_redis_benchmark(probe).mixed_requests_per_s();
    return rate;
}

}  // namespace

load_result run_benchmark_program(const load_spec& spec) {
    lab::benchmark_spec benchmark{.address = spec.address,
                                  .connections = spec.who.concurrency,
                                  .pipeline = spec.who.pipeline,
                                  .value_bytes = spec.value_bytes,
                                  .keys = spec.keys};
    const auto seconds = std::chrono::duration<double>(spec.duration).count();
    const auto requests = known_rate(spec, benchmark) * seconds / 2;  // of each of SET and GET
    benchmark.requests = std::max<std::uint64_t>(static_cast<std::uint64_t>(requests), 1'000);
    const auto result = lab::run_redis_benchmark(benchmark);
    const auto rate = result.mixed_requests_per_s();
    const auto operations = 2 * benchmark.requests;
    return {.operations = operations,
            .seconds = rate > 0 ? static_cast<double>(operations) / rate : 0,
            .cpu_s = result.cpu_s,
            .p50_us = (result.set.p50_ms + result.get.p50_ms) / 2 * 1'000,
            .p99_us = std::max(result.set.p99_ms, result.get.p99_ms) * 1'000};
}

}  // namespace redoubt::bench
