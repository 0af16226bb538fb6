// Suggestions for mistyped names.
#include "core/options/nearest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace redoubt::core {
namespace {

constexpr std::array<std::string_view, 4> known{"deadline", "limit", "queue_max", "db"};

TEST(Nearest, FindsSlips) {
    EXPECT_EQ(nearest("dedline", known), "deadline");
    EXPECT_EQ(nearest("deadlnie", known), "deadline");
    EXPECT_EQ(nearest("limits", known), "limit");
    EXPECT_EQ(nearest("queuemax", known), "queue_max");
    EXPECT_EQ(nearest("limit", known), "limit");
}

TEST(Nearest, KeepsSilentWhenNothingIsNear) {
    EXPECT_EQ(nearest("", known), "");
    EXPECT_EQ(nearest("ssl", known), "");
    EXPECT_EQ(nearest("health_check_interval", known), "");
    EXPECT_EQ(nearest(std::string(1 << 20, 'd'), known), "");
    EXPECT_EQ(nearest("deadline", {}), "");
}

}  // namespace
}  // namespace redoubt::core
