// The sub-commands of redoubt-bench; without one it compares with other clients.
#pragma once

#include <optional>
#include <string_view>

#include "bench/memory.hpp"
#include "bench/storm.hpp"

namespace redoubt::bench {

/// The exit code of the sub-command that the arguments name, if they name one.
inline std::optional<int> run_subcommand(int argc, char** argv) {
    const std::string_view name(argc > 1 ? argv[1] : "");
    if (name == "memory") return run_memory(argc - 1, argv + 1);
    if (name == "storm") return run_storm(argc - 1, argv + 1);
    return std::nullopt;
}

}  // namespace redoubt::bench
