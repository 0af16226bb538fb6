// Keeps operations away from a node that does not serve, and tells its circuit breaker how each of them ended.
#pragma once

#include <atomic>

#include "core/stack/layer.hpp"
#include "resilience/circuit_breaker.hpp"

namespace redoubt::core {

/// What somebody is told whom the breaker turns away now.
error breaker_rejection(const resilience::CircuitBreaker& breaker, std::int64_t now_ns, phase p);

/// The breaker belongs to the node, not to this stack: others share it, and it must outlive the layer. A rejected
/// operation fails at once, was not sent and made no attempt.
///
/// While a server hangs, every operation on it times out. Only the first of them counts, until one succeeds or the
/// breaker changes its state: a stall is one event, as the loss of a connection is.
class BreakerLayer final : public Decorator {
public:
    BreakerLayer(Layer& next, resilience::CircuitBreaker& breaker) noexcept : Decorator(next), breaker_(breaker) {}

    void start(Operation& op) noexcept override;
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override;
    std::string describe() const override;

private:
    resilience::call_outcome judge(Operation& op, std::uint64_t generation) noexcept;

    resilience::CircuitBreaker& breaker_;
    std::atomic<std::uint64_t> stalled_in_{0};  // the breaker's generation in which a stall was reported; 0: none
};

}  // namespace redoubt::core
