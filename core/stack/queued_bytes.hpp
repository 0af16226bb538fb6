// The bytes of the commands that wait in the lines of one client, under one ceiling.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <redoubt/error.hpp>
#include <string>

namespace redoubt::core {

/// Counts; whoever queues an operation asks, and gives back when it has left the line. Any thread.
class QueuedBytes {
public:
    /// `max` 0: no ceiling.
    explicit QueuedBytes(std::size_t max)
        : max_(max),
          why_(errc::limiter_full, fate::not_applied, phase::none,
               {.text = "the commands that wait hold as many bytes as queue_bytes_max allows (" + std::to_string(max) +
                        ")"}) {}

    /// False: it would pass the ceiling, and nothing was counted. Into an empty line everything is admitted: else a
    /// command above the ceiling could never be sent.
    bool try_add(std::size_t bytes) noexcept {
        auto before = bytes_.load(std::memory_order_relaxed);
        do {
            if (max_ != 0 && before != 0 && (before > max_ || bytes > max_ - before)) {
                rejected_.fetch_add(1, std::memory_order_relaxed);
                return false;
            }
        } while (!bytes_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
        return true;
    }
    /// For those that must not be turned away any more.
    void add(std::size_t bytes) noexcept { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
    void remove(std::size_t bytes) noexcept { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

    std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
    std::uint64_t rejected() const noexcept { return rejected_.load(std::memory_order_relaxed); }
    /// What those are told that were turned away: made once, so that overload stays cheap.
    error rejection(phase where) const noexcept {
        return error(errc::limiter_full, fate::not_applied, where).with_details_of(why_);
    }

private:
    const std::size_t max_;
    const error why_;
    alignas(64) std::atomic<std::size_t> bytes_{0};
    std::atomic<std::uint64_t> rejected_{0};
};

}  // namespace redoubt::core
