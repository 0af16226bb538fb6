// Whether giving way to other threads for a moment is cheap at present.
#pragma once

#include <atomic>
#include <cstdint>

namespace redoubt::core {

/// Pure. A yield costs less than a microsecond while the others soon sleep again, and saves a sleep or a system call.
/// Where other threads compute without pause, it costs a whole time slice, and the scheduler may hold it against the
/// thread for long after. So a yield that took long suspends yielding for the next occasions. Thread safety: any
/// thread; what threads note at the same time may be lost, which only costs a yield.
class YieldGuard {
public:
    static constexpr std::int64_t long_ns = 1'000'000;  // no thread that is about to sleep runs so long
    static constexpr std::uint32_t suspended_for = 256;

    bool allowed() noexcept {
        const auto left = suspended_.load(std::memory_order_relaxed);
        if (left == 0) return true;
        suspended_.store(left - 1, std::memory_order_relaxed);
        return false;
    }
    void took(std::int64_t ns) noexcept {
        if (ns >= long_ns) suspended_.store(suspended_for, std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint32_t> suspended_{0};
};

}  // namespace redoubt::core
