// The seam of the stack: a layer starts operations or takes them back; a decorator is a layer before another one.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <string>

#include "core/stack/operation.hpp"

namespace redoubt::core {

class Layer {
public:
    virtual ~Layer() = default;

    /// Leads to exactly one completion of the operation, now or later, on any thread the operation allows.
    virtual void start(Operation& op) noexcept = 0;

    /// Takes back an operation that this layer holds, and completes it with `reason`. False: this layer does not hold
    /// it (any more); nothing has happened. Thread safe.
    virtual bool cancel(Operation& op, errc reason) noexcept = 0;

    /// The stack from here on, e.g. "limiter(1024) > retry(3) > attempt(1s) > connection[redis://a:6379]".
    virtual std::string describe() const = 0;
};

/// A layer that may look at the outcome of what it passes on, at no cost in memory: it leaves a frame with two words.
class Decorator : public Layer {
public:
    explicit Decorator(Layer& next) noexcept : next_(&next) {}

    bool cancel(Operation& op, errc reason) noexcept override { return next_->cancel(op, reason); }

    /// The outcome of an operation passes by. Leads to op.complete(), or starts the operation again.
    virtual void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept = 0;

protected:
    /// For one that names the next layer anew for each operation, and so has its own start() and cancel().
    Decorator() noexcept = default;

    Layer& next() const noexcept { return *next_; }

    /// Passes the operation on; `completed` will be called with what is kept.
    void enter(Operation& op, std::array<std::uint64_t, 2> kept = {}) noexcept {
        leave_frame(op, kept);
        next_->start(op);
    }
    void leave_frame(Operation& op, std::array<std::uint64_t, 2> kept = {}) noexcept {
        assert(op.depth_ < Operation::frames_max);
        op.frames_[op.depth_++] = {this, kept};
    }

    /// Takes back the frame that this layer has left: it will not be called.
    /// Preconditions: no layer behind this one has left a frame since, or all have been called.
    static std::array<std::uint64_t, 2> take_frame(Operation& op) noexcept {
        assert(op.depth_ > 0);
        return op.frames_[--op.depth_].kept;
    }

private:
    Layer* next_ = nullptr;
};

}  // namespace redoubt::core
