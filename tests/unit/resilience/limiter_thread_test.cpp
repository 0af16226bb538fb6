// The limiter under many threads: no permit and no waiter is lost. Most telling under ThreadSanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

#include "resilience/limiter.hpp"

namespace redoubt::resilience {
namespace {

// Runs work(0) to work(count - 1) at once, calls `meanwhile` beside them, and waits for all.
template <class Work, class Meanwhile> void run_threads(int count, const Work& work, const Meanwhile& meanwhile) {
    std::vector<std::thread> pool;
    pool.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) pool.emplace_back(work, i);
    meanwhile();
    for (auto& t : pool) t.join();
}

template <class Work> void run_threads(int count, const Work& work) {
    run_threads(count, work, [] {});
}

// An operation of the thread tests: a waiter and what its thread sleeps on.
struct blocking_waiter : limiter_waiter {
    std::binary_semaphore granted{0};
};

void wake(limiter_waiter* w) {
    if (w != nullptr) static_cast<blocking_waiter*>(w)->granted.release();
}

TEST(LimiterThreadTest, NoPermitIsLostAndTheLimitHolds) {
    constexpr int threads = 8;
    constexpr int rounds = 4000;
    constexpr std::uint32_t limit = 3;
    Limiter limiter(limit, threads);
    std::atomic<std::uint32_t> inside{0};
    std::atomic<std::uint32_t> inside_max{0};
    std::atomic<int> done{0};
    std::atomic<int> withdrawn{0};

    const auto work = [&](int number) {
        std::minstd_rand engine(static_cast<unsigned>(number + 1));
        for (int i = 0; i < rounds; ++i) {
            blocking_waiter self;  // on the stack: a touch after the end of its round is seen by the sanitizers
            const admission a = limiter.acquire(self);
            ASSERT_TRUE(a == admission::granted || a == admission::queued);
            if (a == admission::queued) {
                if (engine() % 4 == 0 && limiter.remove(self)) {
                    ++withdrawn;
                    continue;
                }
                self.granted.acquire();
            }
            const std::uint32_t now_inside = ++inside;
            for (auto seen = inside_max.load();
                 now_inside > seen && !inside_max.compare_exchange_weak(seen, now_inside);) {
            }
            if (engine() % 8 == 0) std::this_thread::yield();
            --inside;
            ++done;
            wake(limiter.release());
        }
    };
    run_threads(threads, work);

    EXPECT_EQ(done + withdrawn, threads * rounds);
    EXPECT_LE(inside_max, limit);
    const auto s = limiter.snapshot();
    EXPECT_EQ(s.in_use, 0U);
    EXPECT_EQ(s.waiting, 0U);
    EXPECT_EQ(s.rejected, 0U);
    std::array<limiter_waiter, limit> probes;
    for (auto& p : probes) EXPECT_EQ(limiter.acquire(p), admission::granted);
}

TEST(LimiterThreadTest, ResizingWhileInUseLosesNothing) {
    constexpr int threads = 8;
    constexpr int rounds = 2000;
    Limiter limiter(2, threads);
    std::atomic<int> running{threads};
    const auto work = [&](int) {
        for (int i = 0; i < rounds; ++i) {
            blocking_waiter self;
            if (limiter.acquire(self) == admission::queued) self.granted.acquire();
            wake(limiter.release());
        }
        --running;
    };
    run_threads(threads, work, [&] {
        for (std::uint32_t i = 0; running > 0; ++i) {
            waiter_chain granted = limiter.resize(i % 5);
            while (limiter_waiter* const w = granted.pop()) wake(w);
            std::this_thread::yield();
        }
    });
    EXPECT_EQ(limiter.snapshot().in_use, 0U);
    EXPECT_EQ(limiter.snapshot().waiting, 0U);
}

TEST(LimiterThreadTest, GrantsComeInTheOrderOfQueueing) {
    constexpr int threads = 8;
    constexpr int rounds = 2000;
    constexpr std::uint32_t limit = 2;
    struct numbered : limiter_waiter {
        int number = 0;
    };
    Limiter limiter(limit, threads * rounds);
    std::vector<numbered> waiters(std::size_t{threads} * rounds);
    std::mutex order;  // makes "queued before" and "granted before" observable
    int queued = 0;
    int granted = 0;
    int held = 0;
    int free = 0;

    const auto release_one = [&] {
        const std::lock_guard lock(order);
        if (held == 0) return;
        if (limiter_waiter* const next = limiter.release()) {
            EXPECT_EQ(static_cast<numbered*>(next)->number, granted++);
        } else {
            --held;
        }
    };
    const auto work = [&](int number) {
        for (int i = 0; i < rounds; ++i) {
            {
                const std::lock_guard lock(order);
                auto& w = waiters[static_cast<std::size_t>(number) * rounds + static_cast<std::size_t>(i)];
                w.number = queued;
                const admission a = limiter.acquire(w);
                ASSERT_NE(a, admission::full);
                if (a == admission::queued) {
                    ++queued;
                } else {
                    ++held;
                    ++free;
                }
            }
            if (i % 3 != 0) release_one();
        }
    };
    run_threads(threads, work);
    while (held > 0) release_one();
    EXPECT_EQ(granted, queued);
    EXPECT_EQ(queued + free, threads * rounds);
    EXPECT_GT(queued, 0);
    EXPECT_EQ(limiter.snapshot().in_use, 0U);
}

TEST(LimiterThreadTest, CloseReachesEveryWaiterExactlyOnce) {
    constexpr int threads = 8;
    for (int round = 0; round < 200; ++round) {
        Limiter limiter(1, threads);
        std::atomic<int> granted{0};
        std::atomic<int> dismissed{0};
        std::atomic<int> refused{0};
        struct outcome_waiter : blocking_waiter {
            bool closed = false;
        };
        const auto work = [&](int) {
            outcome_waiter self;
            const admission a = limiter.acquire(self);
            if (a == admission::closed) {
                ++refused;
                return;
            }
            if (a == admission::queued) self.granted.acquire();
            if (self.closed) {
                ++dismissed;
                return;
            }
            ++granted;
            wake(limiter.release());
        };
        run_threads(threads, work, [&] {
            waiter_chain chain = limiter.close();
            while (limiter_waiter* const w = chain.pop()) {
                static_cast<outcome_waiter*>(w)->closed = true;
                wake(w);
            }
        });
        ASSERT_EQ(granted + dismissed + refused, threads);
        ASSERT_EQ(limiter.snapshot().in_use, 0U);
    }
}

}  // namespace
}  // namespace redoubt::resilience
