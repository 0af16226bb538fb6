// Runs measurements against a private server and says on a screen what comes out.
#pragma once

#include <string>
#include <vector>

#include "bench/load.hpp"
#include "bench/plan.hpp"
#include "bench/report.hpp"
#include "tools/support/terminal.hpp"

namespace redoubt::bench {

struct run_options {
    plan_options plan;
    int rounds = 7;
    int duration_ms = 0;  ///< of each side in each round; 0: as the kind of run has it
};

inline constexpr std::uint64_t keys_of_a_run = 10'000;

/// All keys, with values of this size, and nothing else.
void prefill(const lab::server_address& address, std::size_t value_bytes);
std::chrono::milliseconds duration_of(const run_options& options);

/// Throws std::runtime_error when a load fails.
report run_measurements(const std::vector<measurement>& measurements, const run_options& options,
                        const load_table& loads, const std::string& npm_directory, lab::Screen& screen);

}  // namespace redoubt::bench
