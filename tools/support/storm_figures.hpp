// The figures of the storm, and what is promised about them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/support/json.hpp"

namespace redoubt::lab {

inline constexpr std::uint64_t storm_operations = 7'552;
inline constexpr int storm_server_maxclients = 160;

/// One after the other: reference, threads, coroutines. What slows the machine for a while hits all three.
inline constexpr int storm_rounds = 5;

struct storm_round {
    double reference_ms = 0;  ///< as many operations by redis-benchmark: one connection, 512 in flight
    double threads_ms = 0;
    double coroutines_ms = 0;
    std::uint64_t errors = 0;            ///< of both runs
    std::uint64_t peak_connections = 0;  ///< the larger of both
};

struct storm_figures {
    std::uint64_t operations = storm_operations;  ///< of each run
    std::uint64_t errors = 0;                     ///< of all runs of all rounds together
    std::uint64_t peak_connections = 0;           ///< the largest of all rounds
    double threads_ms = 0;                        ///< times are medians of the rounds
    double coroutines_ms = 0;
    double reference_ms = 0;

    static storm_figures of(std::span<const storm_round> rounds);

    boost::json::object json() const;
    /// One sentence for each promise that does not hold: no error, at most 4 connections, each run within three times
    /// the reference and 20 ms.
    std::vector<std::string> promises_broken() const;
};

}  // namespace redoubt::lab
