// Counts every allocation of the process: operator new, malloc of C libraries, all threads.
#pragma once

#include <cstdint>
#include <optional>

namespace redoubt::bench {

/// Since the start of the program; nothing in a build where the allocator belongs to a sanitizer.
std::optional<std::uint64_t> allocation_count();

inline std::optional<std::uint64_t> allocations_since(const std::optional<std::uint64_t>& before) {
    const auto now = allocation_count();
    return now && before ? std::optional(*now - *before) : std::nullopt;
}

}  // namespace redoubt::bench
