// The order and the time of the attempts to reach one of several addresses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace redoubt::core {

/// Pure. Every address gets an equal share of the time that is left when its turn comes, so one that never answers
/// does not use up the time of those behind it.
class AddressTurns {
public:
    AddressTurns(std::size_t count, std::int64_t deadline_ns) noexcept : count_(count), deadline_ns_(deadline_ns) {}

    bool exhausted() const noexcept { return next_ == count_; }
    std::size_t take() noexcept { return next_++; }
    /// Until when the address just taken may be tried.
    std::int64_t share_until_ns(std::int64_t now_ns) const noexcept {
        const auto left = deadline_ns_ - now_ns;
        const auto turns = static_cast<std::int64_t>(count_ - next_ + 1);
        return left <= 0 ? now_ns : now_ns + left / turns;
    }
    void note_failure(const std::string& address, const std::string& why) {
        if (!report_.empty()) report_ += "; ";
        report_ += address + ": " + why;
    }
    /// Every address with what happened there.
    const std::string& report() const noexcept { return report_; }

private:
    std::size_t count_;
    std::size_t next_ = 0;
    std::int64_t deadline_ns_;
    std::string report_;
};

}  // namespace redoubt::core
