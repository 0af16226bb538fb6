// Options as text for logs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <redoubt/profiles.hpp>

namespace redoubt {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Describe, NamesEveryValue) {
    auto o = profiles::worker();
    o.when_disconnected = when_disconnected::fail;
    o.user = "ann";
    const auto text = describe(o);
    for (const char* line :
         {"endpoints = 127.0.0.1:6379\n", "user = \"ann\"\n", "password = (empty)\n", "database = 0\n",
          "deadline = 3s\n", "connect.keepalive_idle = 15s\n", "pool.lease_idle_max = 5m\n", "limiter.limit = 100\n",
          "retry.attempts_max = 3\n", "retry.cap = 250ms\n", "retry.budget_max = 100\n", "reconnect.base = 50ms\n",
          "when_disconnected = fail\n", "output_bytes_max = 1048576\n", "read_by = caller\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

TEST(Describe, SaysThatALayerIsLeftOut) { EXPECT_THAT(describe(profiles::api()), HasSubstr("limiter.limit = none\n")); }

TEST(Describe, ShowsNoCredentials) {
    const auto text = describe({.endpoints = {"redis://u:secret1@a", "u:secret2@b"}, .password = "secret3"});
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    EXPECT_THAT(text, HasSubstr("password = (set)\n"));
    EXPECT_THAT(text, HasSubstr("endpoints = (invalid), (invalid)\n"));
    EXPECT_THAT(describe({.endpoints = {}}), HasSubstr("endpoints = (none)\n"));
}

}  // namespace
}  // namespace redoubt
