// One line of the report.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/cases.hpp"
#include "tools/support/statistics.hpp"

namespace redoubt::bench {

/// Medians over the rounds.
struct side_figures {
    double operations_per_s = 0;
    double p50_us = 0;
    double p99_us = 0;
    double cpu_us_per_operation = 0;
    std::optional<double> allocations_per_operation = {};
};

struct row {
    std::string name;
    std::string against;
    transport over = transport::unix_socket;
    std::size_t value_bytes = 0;
    ratio_of ratio_is = ratio_of::rate;
    lab::spread ratio;
    std::optional<lab::spread> p99_ratio = {};
    std::size_t rounds = 0;
    side_figures ours;
    side_figures theirs;
    std::string bar_text = {};
    std::optional<bool> holds = {};  ///< nothing: no bar, or one that could not be judged
    /// Allocations for each operation, and who made them; only where a bar on them is missed.
    std::vector<std::pair<double, std::string>> allocated_by = {};
};

}  // namespace redoubt::bench
