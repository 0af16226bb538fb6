// Notices when a connection that owes replies says nothing at all.
#pragma once

#include <algorithm>
#include <cstdint>

namespace redoubt::core {

/// Pure. Begins with the first command whose time was over, costs nothing before, and ends with the next byte
/// received: one command's timeout proves nothing about its neighbours, silence for two attempts does.
class ProgressWatch {
public:
    /// `silence_ns`: how long nothing may come.
    explicit ProgressWatch(std::int64_t silence_ns) noexcept : silence_ns_(silence_ns) {}

    /// A command left that had been sent `waited_ns` ago. `receives`: the count of receives so far, the last of them at
    /// `last_receive_ns`: those to earlier commands may have come in between. Returns when to look again.
    std::int64_t begin(std::int64_t now_ns, std::int64_t waited_ns, std::int64_t last_receive_ns,
                       std::uint64_t receives) noexcept {
        receives_ = receives;
        since_ns_ = std::clamp(last_receive_ns, now_ns - std::min(waited_ns, silence_ns_), now_ns);
        return since_ns_ + silence_ns_;
    }
    /// True: silent for the whole time. False: something came, all is well.
    bool silent(std::int64_t now_ns, std::uint64_t receives) const noexcept {
        return receives == receives_ && now_ns - since_ns_ >= silence_ns_;
    }
    std::int64_t silent_for_ns(std::int64_t now_ns) const noexcept { return now_ns - since_ns_; }

private:
    std::int64_t silence_ns_;
    std::int64_t since_ns_ = 0;
    std::uint64_t receives_ = 0;
};

}  // namespace redoubt::core
