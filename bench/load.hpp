// The interface of a load: something that keeps a server busy for a while and says what it achieved.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/cases.hpp"
#include "bench/keys.hpp"
#include "tools/support/raw_redis.hpp"

namespace redoubt::bench {

/// Operations of `who.work` on random ones of the prefilled keys (key_name).
struct load_spec {
    contender who;
    lab::server_address address;
    std::size_t value_bytes = 64;
    std::uint64_t keys = 10'000;
    std::chrono::milliseconds duration{1'000};
    std::uint64_t seed = 1;
    bool trace_allocations = false;  ///< costs time: for a run whose other figures are not used
};

/// Allocations that came from one place.
struct allocation_site {
    std::uint64_t count = 0;
    std::string where;  ///< functions, the innermost first
};

struct load_result {
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    double seconds = 0;       ///< from the moment when all callers start to the last result; set-up is not counted
    double cpu_s = 0;         ///< of the client, user and system
    double cpu_system_s = 0;  ///< the part of it within the kernel; 0 for another process
    std::optional<std::uint64_t> allocations = {};  ///< unknown for another process
    double p50_us = 0;
    double p99_us = 0;
    std::vector<allocation_site> allocated_by = {};  ///< when asked for, the most frequent first

    double operations_per_s() const { return seconds > 0 ? static_cast<double>(operations) / seconds : 0; }
};

/// Throws std::runtime_error when it cannot run at all.
using load = std::function<load_result(const load_spec&)>;
using load_table = std::map<load_kind, load>;

load_result run_redoubt(const load_spec& spec);
load_result run_hiredis(const load_spec& spec);
load_result run_benchmark_program(const load_spec& spec);
/// A Node.js program of bench/npm; `directory` holds it and the packages that it needs.
load_result run_npm(const std::string& directory, const load_spec& spec);

/// `npm_directory` empty: without the loads that need it.
load_table available_loads(const std::string& npm_directory);

}  // namespace redoubt::bench
