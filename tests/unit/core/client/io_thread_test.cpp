// Threads with a stack of a chosen size.
#include "core/client/io_thread.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <future>

namespace redoubt::core {
namespace {

constexpr std::size_t kib = 1024;

std::size_t stack_here() {
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    std::size_t size = 0;
    pthread_attr_getstacksize(&attributes, &size);
    pthread_attr_destroy(&attributes);
    return size;
}

std::size_t stack_of(std::size_t wanted) {
    std::size_t size = 0;
    IoThread t(wanted, [&] { size = stack_here(); });
    t.join();
    return size;
}

TEST(StackSize, IsWhatWasAskedForUnlessThreadLocalStorageTakesMostOfIt) {
    EXPECT_EQ(stack_size_for(256 * kib, 0), 256 * kib);
    EXPECT_EQ(stack_size_for(256 * kib, 128 * kib), 256 * kib);
    EXPECT_EQ(stack_size_for(256 * kib, 300 * kib), 428 * kib);
    EXPECT_EQ(stack_size_for(256 * kib - 1, 0), 256 * kib) << "whole pages";
    EXPECT_EQ(stack_size_for(0, 300 * kib), 0U) << "the system's own";
}

TEST(StackSize, KnowsOfTheThreadLocalStorageOfThisProgram) {
    static thread_local std::array<char, 5'000> mine;
    asm volatile("" ::"r"(mine.data()) : "memory");  // really there
    EXPECT_GE(thread_local_bytes(), mine.size());
}

TEST(IoThread, HasTheStackItWasGiven) {
    for (const auto wanted : {256 * kib, 4'096 * kib}) {
        const auto size = stack_size_for(wanted, thread_local_bytes());
        EXPECT_GE(stack_of(wanted), size);
        EXPECT_LT(stack_of(wanted), size + 4 * kib);  // a sanitizer rounds by itself
    }
}

TEST(IoThread, WithoutASizeItHasTheSystems) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    std::size_t usual = 0;
    pthread_attr_getstacksize(&attributes, &usual);
    pthread_attr_destroy(&attributes);
    EXPECT_EQ(stack_of(0), usual);
}

TEST(IoThread, MovesAndIsJoinedOnce) {
    std::promise<void> go;
    IoThread first(0, [waits = go.get_future().share()] { waits.wait(); });
    EXPECT_TRUE(first.joinable());
    IoThread second(std::move(first));
    EXPECT_FALSE(first.joinable());  // NOLINT: that is the point
    first = std::move(second);
    EXPECT_FALSE(second.joinable());  // NOLINT
    go.set_value();
    first.join();
    EXPECT_FALSE(first.joinable());
}

TEST(IoThread, DetachedItRunsOn) {
    auto ran = std::make_shared<std::promise<void>>();
    auto done = ran->get_future();
    {
        IoThread t(0, [ran] { ran->set_value(); });
        t.detach();
    }
    done.wait();
}

}  // namespace
}  // namespace redoubt::core
