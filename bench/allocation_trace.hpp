// Who allocates: the call stacks of allocations, while it is switched on.
#pragma once

#include <vector>

#include "bench/load.hpp"

namespace redoubt::bench {

/// Switching on forgets what was traced before. Costs microseconds for each allocation.
void trace_allocations(bool on);
/// Called for every allocation; cheap while switched off.
void trace_one_allocation() noexcept;
/// The most frequent first. Names need addr2line (binutils); without it there are addresses.
std::vector<allocation_site> traced_allocations();

}  // namespace redoubt::bench
