// Reading /proc.
#include "bench/process_memory.hpp"

#include <pthread.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "bench/proc_text.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::bench {
namespace {

/// The part of /proc/self/smaps about the mapping that holds the address.
std::string mapping_of(std::uintptr_t address) {
    std::istringstream all(lab::file_text("/proc/self/smaps"));
    std::string found;
    bool inside = false;
    for (std::string line; std::getline(all, line);) {
        char* end = nullptr;
        const auto from = std::strtoull(line.c_str(), &end, 16);
        if (end != line.c_str() && *end == '-') {
            const auto to = std::strtoull(end + 1, &end, 16);
            inside = address >= from && address < to;
        } else if (inside) {
            found += line + '\n';
        }
    }
    return found;
}

}  // namespace

process_memory memory_now() {
    const auto rollup = lab::file_text("/proc/self/smaps_rollup");
    return {sum_of_lines(rollup, "Rss"), sum_of_lines(rollup, "Private_Clean") + sum_of_lines(rollup, "Private_Dirty"),
            sum_of_lines(lab::file_text("/proc/self/status"), "VmSize")};
}

stack_use stack_of_this_thread() {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return {};
    void* lowest = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &lowest, &size);
    pthread_attr_destroy(&attributes);
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    return {static_cast<std::int64_t>(size), sum_of_lines(mapping_of(here), "Rss")};
}

}  // namespace redoubt::bench
