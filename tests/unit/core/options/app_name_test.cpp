// The name of the program in the names of its connections.
#include "core/options/app_name.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

TEST(AppName, IsTheOptionIfSet) { EXPECT_EQ(app_name({.app = "billing-2.1"}), "billing-2.1"); }

TEST(AppName, IsElseTheExecutableAndAlwaysValid) {
    const auto name = app_name({});
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(validate({.app = name})) << name;
}

TEST(AppName, MakesAnyNameFit) {
    EXPECT_EQ(fit_app_name("my app:1"), "my_app_1");
    EXPECT_EQ(fit_app_name("caf\xc3\xa9\n"), "caf___");
    EXPECT_EQ(fit_app_name(""), "app");
    EXPECT_EQ(fit_app_name(std::string(100, 'a')), std::string(64, 'a'));
    for (const char* name : {"my app:1", "", "\xff"}) EXPECT_TRUE(validate({.app = fit_app_name(name)}));
}

}  // namespace
}  // namespace redoubt::core
