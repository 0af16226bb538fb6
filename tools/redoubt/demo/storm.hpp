// The storm through a client: what is measured around it, whatever the client.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tools/support/scene.hpp"
#include "tools/support/storm_figures.hpp"

namespace redoubt::lab {

struct storm_job {
    std::string url;
    std::uint64_t seed = 1;
    std::uint64_t operations = storm_operations;
    std::uint64_t threads = 256;             ///< running threads that share the blocking calls
    std::uint64_t operations_at_once = 100;  ///< limit of the client's limiter
    std::uint64_t connections_max = 150;     ///< of the client's pool
};

struct storm_run {
    std::uint64_t errors = 0;
    std::string first_error = {};
    double ms = 0;  ///< from the release of the callers, who are all there and waiting, to the last result
};

/// The two ways to make many calls at once. Each opens a client of its own and closes it before it returns.
struct storm_runs {
    std::function<storm_run(const storm_job&)> threads;     ///< blocking calls
    std::function<storm_run(const storm_job&)> coroutines;  ///< one coroutine for each operation
};

/// Starts the server, measures the reference and both runs in interleaved rounds, and judges the medians.
scene_outcome play_storm(const scene_context& context, const storm_runs& runs);

}  // namespace redoubt::lab
