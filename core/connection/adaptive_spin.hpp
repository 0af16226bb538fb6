// Whether it pays to wait awake for the next reply instead of sleeping until the kernel reports it.
#pragma once

#include <cstdint>

namespace redoubt::core {

/// Pure. One caller that makes one call after the other costs two wake-ups a call, and where processors go to sleep at
/// once (virtual machines) each takes longer than the server. Waiting awake for some microseconds avoids one of them,
/// provided that the next reply really comes within them. So a score is kept: while spinning finds replies it goes on;
/// when it does not, it stops, and is tried again only now and then.
class AdaptiveSpin {
public:
    /// `length_ns` 0: never.
    explicit AdaptiveSpin(std::int64_t length_ns) noexcept : length_ns_(length_ns) {}

    std::int64_t length_ns() const noexcept { return length_ns_; }

    /// Spin now? After many replies at once there is enough to do without it.
    bool worthwhile(std::uint64_t replies_just_now) noexcept {
        if (length_ns_ == 0 || replies_just_now > replies_max) return false;
        if (score_ >= paying) return true;
        return ++declined_ % trial_every == 0;
    }
    void found() noexcept { score_ = score_ + gain > score_max ? score_max : score_ + gain; }
    void found_nothing() noexcept { score_ = score_ < loss ? 0 : score_ - loss; }

private:
    static constexpr std::uint64_t replies_max = 4;
    static constexpr std::uint32_t trial_every = 64;
    static constexpr int score_max = 16;
    static constexpr int paying = 4;
    static constexpr int gain = 2;  // pays from one hit in two on
    static constexpr int loss = 2;

    std::int64_t length_ns_;
    std::uint32_t declined_ = 0;
    int score_ = paying;
};

}  // namespace redoubt::core
