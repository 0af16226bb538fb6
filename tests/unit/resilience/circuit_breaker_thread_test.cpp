// The breaker under many threads: nothing is lost, nobody waits for ever. Most telling under ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "resilience/breaker_permit.hpp"

namespace redoubt::resilience {
namespace {

using enum call_outcome;
constexpr std::int64_t s = 1'000'000'000;

template <class Work> void run_threads(int count, const Work& work) {
    std::vector<std::thread> pool;
    pool.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i != count; ++i) pool.emplace_back(work, i);
    for (auto& t : pool) t.join();
}

TEST(CircuitBreakerThreadTest, EverySuccessIsCounted) {
    for (const auto kind : {window_kind::time, window_kind::count}) {
        CircuitBreaker breaker("x", {.window = kind, .window_calls = 10'000});
        run_threads(4, [&](int) {
            for (int i = 0; i != 2000; ++i) breaker.report(*breaker.try_acquire(s), success, 0, s);
        });
        EXPECT_EQ(breaker.snapshot(s).window.calls, 8000U);
        EXPECT_EQ(breaker.snapshot(s).window.failures, 0U);
    }
}

TEST(CircuitBreakerThreadTest, AWindowByCountAgreesWithItselfInTheEnd) {
    CountWindow window(100);
    run_threads(4, [&](int thread) {
        for (int i = 0; i != 5000; ++i) {
            if ((i + thread) % 3 == 0) {
                window.count(true, i % 2 == 0);
            } else {
                window.count_success();
            }
        }
    });
    for (int i = 0; i != 100; ++i) window.count(true, false);
    EXPECT_EQ(window.totals().calls, 100U);
    EXPECT_EQ(window.totals().failures, 100U);
    EXPECT_EQ(window.totals().slow, 0U);
}

// Through all its states, with time that moves: places are never exceeded, every outcome is counted or stale, events
// come one at a time and each begins where the one before ended.
TEST(CircuitBreakerThreadTest, ThroughAllStates) {
    std::atomic<std::int64_t> now{s};
    std::atomic<int> in_listener{0};
    breaker_state last = breaker_state::closed;
    std::uint64_t generation = 1;
    int changes = 0;
    CircuitBreaker breaker("x", {.open_base = std::chrono::milliseconds(1), .open_max = std::chrono::milliseconds(4)},
                           [&](const breaker_event& e) {
                               EXPECT_EQ(in_listener.fetch_add(1), 0);
                               EXPECT_EQ(e.from, last);
                               EXPECT_EQ(e.generation, ++generation);
                               last = e.to;
                               ++changes;
                               in_listener.fetch_sub(1);
                           });
    std::atomic<int> probes{0};
    std::atomic<int> probes_most{0};
    run_threads(6, [&](int thread) {
        for (int i = 0; i != 6000; ++i) {
            const auto at = now.fetch_add(20'000);
            const auto ticket = breaker.try_acquire(at);
            if (ticket && ticket->place() != breaker_ticket::no_place) {
                const int under_way = ++probes;
                for (int seen = probes_most; under_way > seen && !probes_most.compare_exchange_weak(seen, under_way);) {
                }
                --probes;
            }
            const bool bad_time = i / 500 % 2 == 1;
            if (ticket) breaker.report(*ticket, bad_time ? failure : success, 0, at);
            if (thread == 0 && i % 50 == 0) breaker.reachable(at);
            if (thread == 1 && i % 70 == 0) breaker.dial_failed(at);
            if (thread == 2 && i % 90 == 0) breaker.connection_failed(at), breaker.withdraw_connection_failure();
            if (thread == 3 && i % 300 == 0) (void)breaker.rejection(at), (void)breaker.snapshot(at);
        }
    });
    EXPECT_GT(changes, 10);
    EXPECT_LE(probes_most, 2);
    EXPECT_EQ(breaker.snapshot(now).probes, 0U);
    EXPECT_EQ(breaker.snapshot(now).generation, generation);
    // And it comes back.
    breaker.reachable(now);
    for (int i = 0; i != 3 && breaker.state() != breaker_state::closed; ++i) {
        breaker.report(*breaker.try_acquire(now), success, 0, now);
    }
    EXPECT_EQ(breaker.state(), breaker_state::closed);
}

}  // namespace
}  // namespace redoubt::resilience
