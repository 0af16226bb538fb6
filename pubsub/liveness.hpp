// Is the server still there? Times in, decisions out.
#pragma once

#include <cstdint>

#include "core/stack/clock.hpp"

namespace redoubt::pubsub {

/// After a silence it wants a PING, and then its PONG in time: whatever else comes does not stand for it, since only
/// the PONG shows that our own words arrive. Thread safety: none.
class Liveness {
public:
    /// Nanoseconds; `ping_after` 0: no PINGs.
    Liveness(std::int64_t ping_after, std::int64_t pong_within) noexcept
        : ping_after_(ping_after), pong_within_(pong_within) {}

    void connected(std::int64_t now_ns) noexcept { heard_ns_ = now_ns, pinged_ns_ = core::never_ns; }
    void heard(std::int64_t now_ns) noexcept { heard_ns_ = now_ns; }
    void pong() noexcept { pinged_ns_ = core::never_ns; }

    enum class verdict : std::uint8_t { fine, ping, dead };
    /// `ping`: it is to be sent now, and counts from now on.
    verdict check(std::int64_t now_ns) noexcept {
        if (pinged_ns_ != core::never_ns) return now_ns - pinged_ns_ >= pong_within_ ? verdict::dead : verdict::fine;
        if (ping_after_ == 0 || now_ns - heard_ns_ < ping_after_) return verdict::fine;
        pinged_ns_ = now_ns;
        return verdict::ping;
    }
    /// When check() can next say something else than `fine`.
    std::int64_t next_check_ns() const noexcept {
        if (pinged_ns_ != core::never_ns) return core::later_ns(pinged_ns_, pong_within_);
        return ping_after_ == 0 ? core::never_ns : core::later_ns(heard_ns_, ping_after_);
    }
    /// When the server last said anything.
    std::int64_t heard_ns() const noexcept { return heard_ns_; }

private:
    std::int64_t ping_after_;
    std::int64_t pong_within_;
    std::int64_t heard_ns_ = 0;
    std::int64_t pinged_ns_ = core::never_ns;  // unanswered since
};

}  // namespace redoubt::pubsub
