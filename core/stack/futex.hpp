// Sleeping and waking on a 32-bit word, with an absolute monotonic point in time as the limit.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <ctime>

#include "core/stack/clock.hpp"

namespace redoubt::core {

/// Sleeps while the word holds `expected`, until woken or `until_ns`. May return early for no reason.
inline void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t until_ns) noexcept {
    timespec until{};
    until.tv_sec = static_cast<time_t>(until_ns / 1'000'000'000);
    until.tv_nsec = static_cast<long>(until_ns % 1'000'000'000);
    ::syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, until_ns == never_ns ? nullptr : &until, nullptr,
              FUTEX_BITSET_MATCH_ANY);
}

/// Wakes one sleeper. The word itself is not read: waking one that no longer exists is harmless.
inline void futex_wake(std::atomic<std::uint32_t>* word) noexcept {
    ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace redoubt::core
