// Runs redis-benchmark and reads its figures: the yardstick of the benchmarks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/support/raw_redis.hpp"

namespace redoubt::lab {

/// One line of `redis-benchmark --csv`.
struct benchmark_row {
    std::string test;  ///< "SET", "GET"
    double requests_per_s = 0;
    double avg_ms = 0;
    double min_ms = 0;
    double p50_ms = 0;
    double p95_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
};

/// Reads the output of --csv, whose first line names the columns; throws std::runtime_error when it has another form.
std::vector<benchmark_row> parse_benchmark_csv(std::string_view text);

struct benchmark_spec {
    server_address address;
    int connections = 1;
    int pipeline = 1;  ///< commands in flight on each connection
    std::uint64_t requests = 100'000;
    std::size_t value_bytes = 64;
    std::uint64_t keys = 10'000;
};

/// SET and GET, measured one after the other.
struct benchmark_result {
    benchmark_row set;
    benchmark_row get;
    double cpu_s = 0;  ///< of redis-benchmark itself, for all its requests
    /// What a mixture of as many SETs as GETs would reach.
    double mixed_requests_per_s() const;
};

std::vector<std::string> benchmark_arguments(const benchmark_spec& spec);
/// Throws std::runtime_error when redis-benchmark is missing, fails, or prints something unexpected.
benchmark_result run_redis_benchmark(const benchmark_spec& spec);

}  // namespace redoubt::lab
