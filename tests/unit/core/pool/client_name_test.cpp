// The names of connections.
#include "core/pool/client_name.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cerrno>

namespace redoubt::core {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(ClientName, NamesEverything) {
    const auto name = client_name("billing", "shared", 7);
    EXPECT_THAT(name, MatchesRegex("redoubt:billing:[A-Za-z0-9_.-]+:[0-9]+:shared:7"));
    EXPECT_THAT(name, EndsWith(":" + std::to_string(::getpid()) + ":shared:7"));
}

TEST(ClientName, OtherCharactersBecomeUnderscores) {
    EXPECT_THAT(client_name("my app:v1/\n\xc3\xa9", "lea se", 0), StartsWith("redoubt:my_app_v1____:"));
    EXPECT_THAT(client_name("x", "lea se", 0), EndsWith(":lea_se:0"));
    EXPECT_THAT(client_name("A-z_0.9", "r", 0), StartsWith("redoubt:A-z_0.9:"));
}

TEST(ClientName, WithoutAnAppItIsTheExecutable) {
    EXPECT_THAT(client_name("", "shared", 1),
                StartsWith("redoubt:" + std::string(program_invocation_short_name) + ':'));
}

TEST(ClientName, APartIsNeverEmpty) { EXPECT_THAT(client_name("x", "", 1), EndsWith(":unknown:1")); }

TEST(ClientName, TheLargestNumber) {
    EXPECT_THAT(client_name("x", "r", ~std::uint64_t{0}), EndsWith(":18446744073709551615"));
}

}  // namespace
}  // namespace redoubt::core
