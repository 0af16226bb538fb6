// Latencies in logarithmic buckets: constant memory, quantiles within about 3 %.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>

namespace redoubt::lab {

/// Values from 0 to 2^40 ns (18 minutes); larger ones count as the largest. Each power of two is split into 32 parts.
/// One thread writes; results of several threads are merged.
class Histogram {
public:
    void add(std::chrono::nanoseconds time) {
        const auto value = time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0U;
        ++counts_[index_of(value)];
        ++total_;
    }
    void merge(const Histogram& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        total_ += other.total_;
    }
    std::uint64_t count() const { return total_; }

    /// The middle of the bucket that holds the q-quantile (0 to 1), in microseconds; 0 when empty.
    double quantile_us(double q) const {
        if (total_ == 0) return 0;
        const auto wanted = q * static_cast<double>(total_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (counts_[i] > 0 && static_cast<double>(seen) >= wanted) return middle_of(i) / 1'000;
        }
        return middle_of(counts_.size() - 1) / 1'000;
    }

private:
    static constexpr unsigned part_bits = 5;
    static constexpr std::uint64_t parts = 1U << part_bits;
    static constexpr unsigned bits_max = 40;
    static constexpr std::size_t bucket_count = (bits_max - part_bits + 1) * parts;

    /// Values below 2 * parts have a bucket each; above, the highest part_bits + 1 bits choose it.
    static std::size_t index_of(std::uint64_t value) {
        if (value >= std::uint64_t{1} << bits_max) return bucket_count - 1;
        if (value < 2 * parts) return static_cast<std::size_t>(value);
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - part_bits - 1;
        return static_cast<std::size_t>(shift * parts + (value >> shift));
    }
    static double middle_of(std::size_t index) {
        if (index < 2 * parts) return static_cast<double>(index);
        const auto shift = index / parts - 1;
        const auto lowest = (parts + index % parts) << shift;
        return static_cast<double>(lowest) + static_cast<double>(std::uint64_t{1} << shift) / 2;
    }

    std::array<std::uint64_t, bucket_count> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace redoubt::lab
