// What the kernel says about the memory of this process.
#pragma once

#include <cstdint>

namespace redoubt::bench {

/// In bytes.
struct process_memory {
    std::int64_t resident = 0;  ///< pages in memory, shared ones too
    std::int64_t own = 0;       ///< those that no other process shares: what the process costs
    std::int64_t virtual_ = 0;  ///< address space reserved

    process_memory operator-(const process_memory& before) const {
        return {resident - before.resident, own - before.own, virtual_ - before.virtual_};
    }
};

process_memory memory_now();

/// The stack of the calling thread: its size, and how much of it was ever touched.
struct stack_use {
    std::int64_t size = 0;
    std::int64_t touched = 0;
};
stack_use stack_of_this_thread();

}  // namespace redoubt::bench
