// A call whose thread sleeps until the outcome is there.
#pragma once

#include <chrono>
#include <cstdint>

#include "core/stack/operation.hpp"

namespace redoubt::core {

/// Lives on the stack of the calling thread: start it on a layer, then wait(). The caller watches its own time.
class BlockingOperation : public Operation {
public:
    explicit BlockingOperation(Reactor& home) noexcept : Operation(home, origin::blocking) {}

    /// Returns when the outcome is there. `attempt_timeout` (0: none) is how long an attempt may take that begins
    /// while the caller sleeps.
    void wait(std::chrono::nanoseconds attempt_timeout) noexcept;

private:
    enum : std::uint32_t { waiting, sleeping, done };
    void finished() noexcept override;
    void look_again() noexcept override;
    bool answered_while_yielding() noexcept;
    std::int64_t look_again_ns(std::int64_t next_attempt_ns) const noexcept;

    std::atomic<std::uint32_t> word_{waiting};
};

}  // namespace redoubt::core
