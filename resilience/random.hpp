// A small, fast, seedable source of random numbers whose sequence is the same on every platform.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace redoubt::resilience {

/// xoshiro256** with its state filled by splitmix64. A UniformRandomBitGenerator; not for secrets.
/// The distributions of the standard library differ between implementations, so it samples ranges itself.
/// Thread safety: as any value type.
class random_engine {
public:
    using result_type = std::uint64_t;
    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

    /// The same seed gives the same sequence; every seed is a good one.
    explicit constexpr random_engine(std::uint64_t seed) noexcept {
        for (std::uint64_t& word : state_) {
            seed += 0x9e3779b97f4a7c15U;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
            word = z ^ (z >> 31);
        }
    }

    constexpr result_type operator()() noexcept {
        const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return out;
    }

    /// Uniform in [0, most], without bias: numbers past the range are drawn again, fewer than one on average.
    constexpr std::uint64_t up_to(std::uint64_t most) noexcept {
        if (most == 0) return 0;
        const int unused_bits = std::countl_zero(most);
        for (;;) {
            const std::uint64_t drawn = (*this)() >> unused_bits;
            if (drawn <= most) return drawn;
        }
    }

    /// Uniform in [low, high], without bias.
    /// Preconditions: low <= high.
    constexpr std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
        const auto base = static_cast<std::uint64_t>(low);
        return static_cast<std::int64_t>(base + up_to(static_cast<std::uint64_t>(high) - base));
    }

    /// Uniform in [0, 1), 53 bits.
    constexpr double unit() noexcept { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

private:
    std::uint64_t state_[4]{};
};

/// A seed that differs between processes and between calls, also where the system has no entropy to give.
std::uint64_t random_seed() noexcept;

}  // namespace redoubt::resilience
