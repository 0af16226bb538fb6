// Profiles differ from the defaults in what they say, and in nothing else.
#include <redoubt/profiles.hpp>

#include <gtest/gtest.h>

namespace redoubt {
namespace {

using namespace std::chrono_literals;

TEST(Profiles, AreValid) {
    EXPECT_TRUE(validate(options{}));
    EXPECT_TRUE(validate(profiles::worker()));
    EXPECT_TRUE(validate(profiles::api()));
    EXPECT_TRUE(validate(profiles::classic()));
}

TEST(Profiles, WorkerLimitsTo100) {
    auto o = profiles::worker();
    EXPECT_EQ(o.limiter.value().limit, 100U);
    EXPECT_EQ(o.limiter.value().queue_max, 16384U);
    o.limiter = limiter_options{};
    EXPECT_EQ(describe(o), describe({}));
}

TEST(Profiles, ApiHasNoLimiter) {
    auto o = profiles::api();
    EXPECT_FALSE(o.limiter);
    o.limiter = limiter_options{};
    EXPECT_EQ(describe(o), describe({}));
}

TEST(Profiles, ClassicGivesUpAfterFiveDials) {
    auto o = profiles::classic();
    EXPECT_EQ(o.reconnect.base, 2s);
    EXPECT_EQ(o.reconnect.cap, 60s);
    EXPECT_EQ(o.reconnect.factor, 2U);
    EXPECT_EQ(o.reconnect.attempts_max, 5U);
    o.reconnect = {};
    EXPECT_EQ(describe(o), describe({}));
}

}  // namespace
}  // namespace redoubt
