// Durations as people write them: 3s, 250ms, 40us.
#pragma once

#include <chrono>
#include <string>

namespace redoubt::core {

/// The largest unit that needs no fraction; "none" for 0.
std::string duration_text(std::chrono::nanoseconds d);

/// For what was measured, in the same words: to the ms below 1 s, to 100 ms below 10 s, then to the second.
std::string rounded_duration_text(std::chrono::nanoseconds d);

}  // namespace redoubt::core
