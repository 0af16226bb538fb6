// The outermost layer: every operation has a point in time by which it ends, however it ends.
#pragma once

#include <chrono>

#include "core/stack/layer.hpp"

namespace redoubt::core {

/// Gives an operation its deadline when the caller set none, refuses one whose deadline has passed, and has
/// asynchronous operations watched by the reactor (a blocking caller watches its own).
class DeadlineLayer final : public Decorator {
public:
    /// `usual`: for operations without a deadline of their own; 0: none.
    DeadlineLayer(Layer& next, std::chrono::nanoseconds usual) noexcept : Decorator(next), usual_(usual) {}

    void start(Operation& op) noexcept override;
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override;
    std::string describe() const override;

private:
    std::chrono::nanoseconds usual_;
};

}  // namespace redoubt::core
