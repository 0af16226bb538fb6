// YieldGuard: suspends yielding after one that took long, and for so many occasions only.
#include "core/stack/yield_guard.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

TEST(YieldGuard, ShortYieldsAreAlwaysAllowed) {
    YieldGuard guard;
    for (int i = 0; i < 1'000; ++i) {
        ASSERT_TRUE(guard.allowed());
        guard.took(YieldGuard::long_ns - 1);
    }
}

TEST(YieldGuard, ALongOneSuspendsTheNextOnes) {
    YieldGuard guard;
    guard.took(YieldGuard::long_ns);
    for (std::uint32_t i = 0; i < YieldGuard::suspended_for; ++i) EXPECT_FALSE(guard.allowed()) << i;
    EXPECT_TRUE(guard.allowed());
}

}  // namespace
}  // namespace redoubt::core
