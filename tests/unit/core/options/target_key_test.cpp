// The key of a target: equal for the same target and user, different otherwise, and without the password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <redoubt/options.hpp>
#include <set>

namespace redoubt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(TargetKey, IsEqualForTheSameTarget) {
    EXPECT_EQ(target_key({}), target_key({}));
    EXPECT_EQ(target_key({.endpoints = {"Cache"}}), target_key({.endpoints = {"cache:6379"}}));
    EXPECT_EQ(target_key({.endpoints = {"[0:0::1]:6379"}}), target_key({.endpoints = {"[::1]"}}));
    EXPECT_EQ(target_key({.deadline = 1s, .limiter = std::nullopt}), target_key({}));
    EXPECT_EQ(target_key({.user = "u", .password = "p"}), target_key({.user = "u", .password = "p"}));
}

TEST(TargetKey, DiffersWithEverythingThatMakesATarget) {
    const options targets[] = {{},
                               {.endpoints = {"127.0.0.1:6380"}},
                               {.endpoints = {"unix:/127.0.0.1:6379"}},
                               {.endpoints = {"[::1]"}},
                               {.database = 1},
                               {.user = "u"},
                               {.password = "u"},
                               {.password = "v"},
                               {.user = "u", .password = "u"},
                               {.user = "u%20auth="},
                               {.user = "u", .database = 1}};
    std::set<std::string> keys;
    for (const auto& target : targets) keys.insert(target_key(target));
    EXPECT_EQ(keys.size(), std::size(targets));
}

TEST(TargetKey, HoldsNoPassword) {
    const auto key = target_key({.user = "ann", .password = "opensesame"});
    EXPECT_THAT(key, HasSubstr("redis://127.0.0.1:6379"));
    EXPECT_THAT(key, HasSubstr("ann"));
    EXPECT_THAT(key, Not(HasSubstr("opensesame")));
}

}  // namespace
}  // namespace redoubt
