// The verdict over the rounds of a storm. Pure.
#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/support/json.hpp"
#include "tools/support/statistics.hpp"

namespace redoubt::bench {

/// One run of all the operations.
struct storm_result {
    double ms = 0;
    double p50_ms = 0;  ///< from the start of an operation to its end; nearly all of it is waiting
    double p99_ms = 0;
    double cpu_ms = 0;  ///< of this process
    std::uint64_t errors = 0;
    std::uint64_t connections = 0;
    std::string first_error = {};
};

struct storm_pair {
    storm_result limited;
    storm_result free;
};

/// Medians over the rounds; counts are sums, connections the most.
struct storm_row {
    std::string name;
    lab::spread slower;  ///< time with the limiter over time without
    double ms = 0;
    double free_ms = 0;
    double cpu_ratio = 0;  ///< processor time with the limiter over that without: what a busy machine disturbs least
    double p99_over_p50 = 0;
    double free_p99_over_p50 = 0;
    std::uint64_t errors = 0;
    std::uint64_t connections = 0;
    std::string first_error = {};

    static storm_row of(const std::string& name, const std::vector<storm_pair>& rounds);
    /// No error, at most 4 connections, at most 10 % slower, and p99 at most 3 times p50.
    bool holds() const;
    boost::json::object json() const;
};

inline storm_row storm_row::of(const std::string& name, const std::vector<storm_pair>& rounds) {
    storm_row row{.name = name};
    std::vector<double> ratios, times, free_times, shapes, free_shapes, cpu;
    for (const auto& [limited, free] : rounds) {
        ratios.push_back(limited.ms / free.ms);
        times.push_back(limited.ms);
        free_times.push_back(free.ms);
        shapes.push_back(limited.p99_ms / limited.p50_ms);
        free_shapes.push_back(free.p99_ms / free.p50_ms);
        cpu.push_back(limited.cpu_ms / free.cpu_ms);
        row.errors += limited.errors + free.errors;
        for (const auto& text : {limited.first_error, free.first_error}) {
            if (row.first_error.empty()) row.first_error = text;
        }
        row.connections = std::max({row.connections, limited.connections, free.connections});
    }
    row.slower = lab::spread_of(ratios);
    row.ms = lab::median(times);
    row.free_ms = lab::median(free_times);
    row.p99_over_p50 = lab::median(shapes);
    row.free_p99_over_p50 = lab::median(free_shapes);
    row.cpu_ratio = lab::median(cpu);
    return row;
}

inline bool storm_row::holds() const {
    return errors == 0 && connections <= 4 && slower.median <= 1.10 && p99_over_p50 <= 3;
}

inline boost::json::object storm_row::json() const {
    return {{"case", name},
            {"ratio", lab::rounded(slower.median, 3)},
            {"ratio_min", lab::rounded(slower.min, 3)},
            {"ratio_max", lab::rounded(slower.max, 3)},
            {"ms", lab::rounded(ms, 1)},
            {"without_ms", lab::rounded(free_ms, 1)},
            {"cpu_ratio", lab::rounded(cpu_ratio, 2)},
            {"p99_over_p50", lab::rounded(p99_over_p50, 2)},
            {"without_p99_over_p50", lab::rounded(free_p99_over_p50, 2)},
            {"errors", errors},
            {"first_error", first_error},
            {"connections", connections},
            {"holds", holds()}};
}

}  // namespace redoubt::bench
