// The innermost policy: how long one attempt may take on its connection.
#pragma once

#include <chrono>

#include "core/stack/layer.hpp"

namespace redoubt::core {

/// Counts attempts and limits each. Commands that wait on the server by themselves (BLPOP) are not limited here.
class AttemptTimeoutLayer final : public Decorator {
public:
    /// `timeout`: 0 means that only the deadline limits an attempt.
    AttemptTimeoutLayer(Layer& next, std::chrono::nanoseconds timeout) noexcept : Decorator(next), timeout_(timeout) {}

    void start(Operation& op) noexcept override;
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override;
    std::string describe() const override;

private:
    std::chrono::nanoseconds timeout_;
};

}  // namespace redoubt::core
