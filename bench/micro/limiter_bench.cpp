// The price of the limiter: uncontended, under contention, through a standing line, and when it refuses.
#include <benchmark/benchmark.h>

#include "resilience/limiter.hpp"

namespace {

using redoubt::resilience::admission;
using redoubt::resilience::Limiter;
using redoubt::resilience::limiter_waiter;

void acquire_release(benchmark::State& state) {
    Limiter limiter(1024, 16384);
    limiter_waiter waiter;
    for (auto _ : state) {
        if (limiter.acquire(waiter) != admission::granted) state.SkipWithError("not granted");
        benchmark::DoNotOptimize(limiter.release());
    }
}
BENCHMARK(acquire_release);

void acquire_release_shared(benchmark::State& state) {
    static Limiter limiter(1024, 16384);
    limiter_waiter waiter;
    for (auto _ : state) {
        if (limiter.acquire(waiter) != admission::granted) state.SkipWithError("not granted");
        benchmark::DoNotOptimize(limiter.release());
    }
}
BENCHMARK(acquire_release_shared)->ThreadRange(1, 4)->UseRealTime();

// Each round: one more in the line, one permit handed to its head.
void through_the_line(benchmark::State& state) {
    Limiter limiter(1, 16384);
    limiter_waiter holder;
    limiter_waiter ring[64];
    (void)limiter.acquire(holder);
    for (auto& w : ring) (void)limiter.acquire(w);
    for (auto _ : state) {
        limiter_waiter* const next = limiter.release();
        if (limiter.acquire(*next) != admission::queued) state.SkipWithError("not queued");
    }
    benchmark::DoNotOptimize(limiter.close());
}
BENCHMARK(through_the_line);

void queue_and_cancel(benchmark::State& state) {
    Limiter limiter(0, 16384);
    limiter_waiter waiter;
    for (auto _ : state) {
        (void)limiter.acquire(waiter);
        benchmark::DoNotOptimize(limiter.remove(waiter));
    }
}
BENCHMARK(queue_and_cancel);

void refused(benchmark::State& state) {
    Limiter limiter(0, 0);
    limiter_waiter waiter;
    for (auto _ : state) benchmark::DoNotOptimize(limiter.acquire(waiter));
}
BENCHMARK(refused);

}  // namespace
