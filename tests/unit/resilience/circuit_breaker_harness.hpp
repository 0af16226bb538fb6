// A breaker, a clock moved by hand, and what the breaker told.
#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <redoubt/testing/manual_clock.hpp>
#include <string>
#include <vector>

#include "resilience/circuit_breaker.hpp"

namespace redoubt::resilience {

class CircuitBreakerTest : public ::testing::Test {
protected:
    static constexpr std::int64_t ms = 1'000'000;

    // Open times are not spread here, so that they are round.
    static breaker_policy round() { return {.open_spread_percent = 0}; }
    CircuitBreaker make(const breaker_policy& policy) {
        return CircuitBreaker(
            "redis://a:6379", policy, [this](const breaker_event& e) { told_.push_back(line(e)); }, 1);
    }
    static std::string line(const breaker_event& e) {
        return std::string(to_string(e.from)) + " > " + std::string(to_string(e.to)) + ": " +
               std::string(to_string(e.reason));
    }
    std::int64_t now() const { return clock_.now_ns(); }
    void pass(std::chrono::nanoseconds d) { clock_.advance(d); }

    // A whole call; false: rejected.
    bool call(CircuitBreaker& b, call_outcome o, std::int64_t elapsed = 0) {
        const auto ticket = b.try_acquire(now());
        if (ticket) b.report(*ticket, o, elapsed, now());
        return ticket.has_value();
    }
    bool call(call_outcome o, std::int64_t elapsed = 0) { return call(breaker_, o, elapsed); }
    void calls(int n, call_outcome o, std::int64_t elapsed = 0) {
        for (int i = 0; i != n; ++i) EXPECT_TRUE(call(o, elapsed)) << "call " << i;
    }
    breaker_snapshot snapshot() const { return breaker_.snapshot(now()); }
    void open() { breaker_.trip(now(), "it hangs"); }
    void half_open() {
        open();
        breaker_.reachable(now());
        told_.clear();
    }

    testing::ManualClock clock_;
    std::vector<std::string> told_;
    CircuitBreaker breaker_ = make(round());
};

}  // namespace redoubt::resilience
