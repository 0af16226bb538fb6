// What a load in this process counts, and the costs of the process meanwhile.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "bench/allocation_trace.hpp"
#include "bench/count_allocations.hpp"
#include "bench/load.hpp"
#include "bench/profile_window.hpp"
#include "tools/support/histogram.hpp"
#include "tools/support/resources.hpp"

namespace redoubt::bench {

/// One thread counts; threads merge theirs into a common one.
struct tally {
    std::uint64_t operations = 0;
    std::uint64_t errors = 0;
    lab::Histogram latency;
    std::chrono::steady_clock::time_point end{};

    void merge(const tally& other) {
        operations += other.operations;
        errors += other.errors;
        latency.merge(other.latency);
        end = std::max(end, other.end);
    }
};

struct shared_tally {
    std::mutex mutex;
    tally all;

    void merge(const tally& other) {
        const std::lock_guard lock(mutex);
        all.merge(other);
    }
};

/// The state of the process at the moment from which on a load counts.
struct starting_point {
    lab::cpu_time cpu;
    std::optional<std::uint64_t> allocations;
    std::chrono::steady_clock::time_point start;
};

inline starting_point begin_measuring(const load_spec& spec) {
    if (spec.trace_allocations) trace_allocations(true);
    profile_begins();
    return {lab::process_cpu_time(), allocation_count(), std::chrono::steady_clock::now()};
}

inline load_result finish(const load_spec& spec, const tally& all, const starting_point& before) {
    profile_ends();
    const auto cpu = lab::process_cpu_time() - before.cpu;
    load_result out{.operations = all.operations,
                    .errors = all.errors,
                    .seconds = std::chrono::duration<double>(all.end - before.start).count(),
                    .cpu_s = cpu.total_s(),
                    .cpu_system_s = cpu.system_s,
                    .allocations = allocations_since(before.allocations),
                    .p50_us = all.latency.quantile_us(0.5),
                    .p99_us = all.latency.quantile_us(0.99)};
    if (spec.trace_allocations) {
        trace_allocations(false);
        out.allocated_by = traced_allocations();
    }
    return out;
}

}  // namespace redoubt::bench
