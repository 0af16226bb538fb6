// Threads that wait, run, and do not exist.
#include "tools/support/thread_state.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>

namespace redoubt::lab {
namespace {

TEST(ThreadState, who_asks_does_not_sleep) { EXPECT_FALSE(asleep(::gettid())); }

TEST(ThreadState, there_is_no_thread_0) { EXPECT_FALSE(asleep(0)); }

TEST(ThreadState, who_waits_sleeps) {
    std::atomic<pid_t> id{0};
    std::latch go(1);
    std::thread waits([&] {
        id = ::gettid();
        go.wait();
    });
    while (!asleep(id)) std::this_thread::yield();  // ends, or the test never does
    go.count_down();
    waits.join();
    EXPECT_FALSE(asleep(id)) << "it is gone";
}

}  // namespace
}  // namespace redoubt::lab
