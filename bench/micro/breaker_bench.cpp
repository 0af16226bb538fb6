// The price of the circuit breaker: closed, under contention, by count, and when it rejects.
#include <benchmark/benchmark.h>

#include "resilience/circuit_breaker.hpp"

namespace {

using redoubt::resilience::call_outcome;
using redoubt::resilience::CircuitBreaker;
using redoubt::resilience::window_kind;

// Each call takes 1 us of a clock that costs nothing.
void call_through(benchmark::State& state, CircuitBreaker& breaker) {
    std::int64_t now = 1'000'000'000;
    for (auto _ : state) {
        const auto ticket = breaker.try_acquire(now);
        if (!ticket) {
            state.SkipWithError("rejected");
            break;
        }
        const auto started = now;
        now += 1000;
        breaker.report(*ticket, call_outcome::success, now - started, now);
    }
}

void breaker_closed(benchmark::State& state) {
    CircuitBreaker breaker("redis://a:6379");
    call_through(state, breaker);
}
BENCHMARK(breaker_closed);

void breaker_closed_by_count(benchmark::State& state) {
    CircuitBreaker breaker("redis://a:6379", {.window = window_kind::count});
    call_through(state, breaker);
}
BENCHMARK(breaker_closed_by_count);

void breaker_closed_shared(benchmark::State& state) {
    static CircuitBreaker breaker("redis://a:6379");
    call_through(state, breaker);
}
BENCHMARK(breaker_closed_shared)->ThreadRange(1, 4)->UseRealTime();

void breaker_rejects(benchmark::State& state) {
    CircuitBreaker breaker("redis://a:6379");
    breaker.trip(1'000'000'000, "bench");
    for (auto _ : state) benchmark::DoNotOptimize(breaker.try_acquire(1'000'000'000));
}
BENCHMARK(breaker_rejects);

void breaker_rejection_text(benchmark::State& state) {
    CircuitBreaker breaker("redis://a:6379");
    breaker.trip(1'000'000'000, "bench");
    for (auto _ : state) benchmark::DoNotOptimize(breaker.rejection(1'000'000'000));
}
BENCHMARK(breaker_rejection_text);

}  // namespace
