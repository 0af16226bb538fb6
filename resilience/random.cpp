// Seeds: entropy of the system, mixed with what differs anyway.
#include "resilience/random.hpp"

#include <atomic>
#include <chrono>
#include <random>

namespace redoubt::resilience {

std::uint64_t random_seed() noexcept {
    static std::atomic<std::uint64_t> calls{0};
    std::uint64_t seed = calls.fetch_add(1, std::memory_order_relaxed) * 0x9e3779b97f4a7c15U;
    seed ^= static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    seed ^= std::rotl(static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()), 32);
    try {
        std::random_device device;
        seed ^= (std::uint64_t{device()} << 32) ^ device();
    } catch (...) {
        // The clocks and the counter must do.
        seed ^= reinterpret_cast<std::uintptr_t>(&seed);
    }
    return seed;
}

}  // namespace redoubt::resilience
