// One side of one case alone, for a profiler: what an operation costs this process and the server.
#pragma once

#include <string>

#include "bench/runner.hpp"

namespace redoubt::bench {

/// Text of a few lines. The subject of the case, or what it is compared with.
/// Throws std::invalid_argument when there is no such case.
std::string profile_of(const std::string& case_name, bool other_side, const run_options& options,
                       const load_table& loads);

}  // namespace redoubt::bench
