// Counts forks by pthread_atfork, so that asking costs one load and no system call.
#include "core/fork_number.hpp"

#include <pthread.h>

#include <atomic>

namespace redoubt::core {

namespace {

std::atomic<std::uint32_t> forks{0};

bool watch() noexcept {
    return ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); }) == 0;
}

}  // namespace

std::uint32_t fork_number() noexcept {
    static const bool watching = watch();
    (void)watching;
    return forks.load(std::memory_order_relaxed);
}

}  // namespace redoubt::core
