// Plays scenes one after the other and reports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace redoubt::lab {

/// Exit codes of the command, as documented in docs/cli.md.
enum exit_code : int { exit_held = 0, exit_broken = 1, exit_usage = 2, exit_not_run = 3 };

struct demo_options {
    bool json = false;
    std::vector<std::string> scenes = {};
    std::uint64_t seed = 1;
    std::string url = {};
};

int run_demo(const demo_options& options);

}  // namespace redoubt::lab
