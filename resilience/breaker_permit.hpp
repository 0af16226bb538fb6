// The right to one call through a circuit breaker, which gives itself back.
#pragma once

#include <optional>
#include <utility>

#include "resilience/circuit_breaker.hpp"

namespace redoubt::resilience {

/// Destroyed unreported, the call counts as ignored and a place among the probes is free again: a path that forgets
/// to report cannot wedge the breaker. The breaker must outlive it. Thread safety: as any value type.
class breaker_permit {
public:
    breaker_permit() noexcept = default;
    /// Adopts a ticket that was not reported yet.
    breaker_permit(CircuitBreaker& breaker, breaker_ticket ticket) noexcept : breaker_(&breaker), ticket_(ticket) {}
    breaker_permit(breaker_permit&& other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)), ticket_(other.ticket_) {}
    breaker_permit& operator=(breaker_permit&& other) noexcept {
        if (this != &other) {
            abandon();
            breaker_ = std::exchange(other.breaker_, nullptr);
            ticket_ = other.ticket_;
        }
        return *this;
    }
    ~breaker_permit() { abandon(); }

    /// True while it is owed a report.
    explicit operator bool() const noexcept { return breaker_ != nullptr; }
    /// The first report counts, further ones have no effect.
    void report(call_outcome outcome, std::int64_t elapsed_ns, std::int64_t now_ns) noexcept {
        if (auto* const breaker = std::exchange(breaker_, nullptr))
            breaker->report(ticket_, outcome, elapsed_ns, now_ns);
    }
    void abandon() noexcept {
        if (auto* const breaker = std::exchange(breaker_, nullptr)) breaker->abandon(ticket_);
    }

private:
    CircuitBreaker* breaker_ = nullptr;
    breaker_ticket ticket_;
};

/// An empty permit (false): the breaker rejects the call.
inline breaker_permit try_permit(CircuitBreaker& breaker, std::int64_t now_ns,
                                 call_kind kind = call_kind::ordinary) noexcept {
    const auto ticket = breaker.try_acquire(now_ns, kind);
    return ticket ? breaker_permit(breaker, *ticket) : breaker_permit();
}

}  // namespace redoubt::resilience
