// Counts what the code under test takes from the heap: operator new, and malloc as called by C libraries.
#pragma once

#include <cstddef>

namespace redoubt::testing {

struct heap_use {
    std::size_t allocations = 0;
    std::size_t bytes = 0;
    std::size_t largest = 0;
};

// Counts from its construction on, on this thread. One at a time.
class AllocationCount {
public:
    AllocationCount() noexcept;
    ~AllocationCount();
    AllocationCount(const AllocationCount&) = delete;
    AllocationCount& operator=(const AllocationCount&) = delete;

    heap_use so_far() const noexcept;

    // False where a sanitizer owns the heap: counts are then always 0.
    static bool works() noexcept;
};

}  // namespace redoubt::testing
