// What the operating system grants and counts: descriptors, processor time.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace redoubt::lab {

struct descriptor_limit {
    std::uint64_t before = 0;
    std::uint64_t now = 0;
};
/// Raises the soft limit of open descriptors to the hard one and says what it got.
descriptor_limit raise_descriptor_limit();

struct cpu_time {
    double user_s = 0;
    double system_s = 0;
    double total_s() const { return user_s + system_s; }
    cpu_time operator-(const cpu_time& earlier) const { return {user_s - earlier.user_s, system_s - earlier.system_s}; }
};
cpu_time process_cpu_time();
cpu_time thread_cpu_time();
/// Of another process, in steps of the kernel's clock tick (10 ms); nothing when there is no such process.
std::optional<cpu_time> cpu_time_of(pid_t pid);

}  // namespace redoubt::lab
