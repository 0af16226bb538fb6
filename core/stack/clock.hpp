// Monotonic time as the stack counts it: nanoseconds in an int64, with a value for "never".
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace redoubt::core {

/// What a command that waits on the server gets beyond its own time.
inline constexpr std::int64_t blocking_margin_ns = 500'000'000;
inline constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();

inline std::int64_t steady_now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// a + b, where the sum stops at "never".
constexpr std::int64_t later_ns(std::int64_t a, std::int64_t b) noexcept { return b > never_ns - a ? never_ns : a + b; }

}  // namespace redoubt::core
