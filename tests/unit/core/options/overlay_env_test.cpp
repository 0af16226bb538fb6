// The environment over options: precedence, names in errors, all or nothing.
#include "core/options/overlay_env.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <redoubt/profiles.hpp>

#include "core/options/fields.hpp"

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::map<std::string, std::string, std::less<>> variables;

const char* get(const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
}

struct OverlayEnv : ::testing::Test {
    OverlayEnv() { variables.clear(); }
    ~OverlayEnv() override { variables.clear(); }

    std::string why_not() {
        const std::string before = describe(o);
        const auto done = overlay(o, get);
        if (done) return "accepted";
        EXPECT_EQ(describe(o), before) << "a failure changed the options";
        EXPECT_EQ(done.error(), errc::invalid_option);
        return std::string(done.error().text());
    }

    options o;
};

TEST_F(OverlayEnv, WithoutVariablesChangesNothing) {
    o = profiles::classic();
    o.app = "x";
    const auto before = describe(o);
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_EQ(describe(o), before);
}

TEST_F(OverlayEnv, SetsEachField) {
    variables = {
        {"REDOUBT_USER", "ann"},           {"REDOUBT_PASSWORD", "p w\n"},         {"REDOUBT_DATABASE", "3"},
        {"REDOUBT_APP", "billing"},        {"REDOUBT_DEADLINE", "500ms"},         {"REDOUBT_ATTEMPT_TIMEOUT", "200ms"},
        {"REDOUBT_CONNECT_TIMEOUT", "1s"}, {"REDOUBT_CONNECTIONS_MAX", "7"},      {"REDOUBT_LIMIT", "100"},
        {"REDOUBT_QUEUE_MAX", "0"},        {"REDOUBT_WHEN_DISCONNECTED", "fail"}, {"REDOUBT_SPIN", "7us"},
        {"REDOUBT_READ_BY", "io_thread"},  {"REDOUBT_ATTEMPTS_MAX", "5"},         {"REDOUBT_BREAKER_CALLS_MIN", "50"},
        {"REDOUBT_NODE_LIMIT", "64"},      {"REDOUBT_QUEUE_BYTES_MAX", "99999"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_EQ(o.user, "ann");
    EXPECT_EQ(o.password, "p w\n");
    EXPECT_EQ(o.database, 3);
    EXPECT_EQ(o.app, "billing");
    EXPECT_EQ(o.deadline, 500ms);
    EXPECT_EQ(o.attempt_timeout, 200ms);
    EXPECT_EQ(o.connect.timeout, 1s);
    EXPECT_EQ(o.pool.connections_max, 7U);
    EXPECT_EQ(o.limiter.value().limit, 100U);
    EXPECT_EQ(o.limiter.value().queue_max, 0U);
    EXPECT_EQ(o.retry.value().attempts_max, 5U);
    EXPECT_EQ(o.breaker.value().calls_min, 50U);
    EXPECT_EQ(o.node_limit, 64U);
    EXPECT_EQ(o.when_disconnected, when_disconnected::fail);
    EXPECT_EQ(o.read_by, read_by::io_thread);
    EXPECT_EQ(o.spin, 7us);
    EXPECT_EQ(o.queue_bytes_max, 99'999U);
    std::size_t known = 0;
    for (const auto& f : fields()) known += f.variable.empty() ? 0U : 1U;
    EXPECT_EQ(variables.size(), known) << "a variable without a test";
}

TEST_F(OverlayEnv, LeavesOutTheRepetitionOfAttempts) {
    variables = {{"REDOUBT_ATTEMPTS_MAX", "none"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_FALSE(o.retry);
    variables = {{"REDOUBT_ATTEMPTS_MAX", "2"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_EQ(o.retry.value().attempts_max, 2U);
    EXPECT_EQ(o.retry.value().budget_max, 100U);
    variables = {{"REDOUBT_ATTEMPTS_MAX", "0"}};
    EXPECT_EQ(why_not(), "REDOUBT_ATTEMPTS_MAX: 0 is outside 1..100 (left out altogether: none)");
}

TEST_F(OverlayEnv, PrefersItsOwnUrl) {
    variables = {{"REDIS_URL", "redis://fallback:1"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_THAT(o.endpoints, ElementsAre("fallback:1"));
    variables["REDOUBT_URL"] = "redis://own:2/4?deadline=1s";
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_THAT(o.endpoints, ElementsAre("own:2"));
    EXPECT_EQ(o.database, 4);
    EXPECT_EQ(o.deadline, 1s);
    variables["REDIS_URL"] = "not looked at";
    EXPECT_EQ(why_not(), "accepted");
}

TEST_F(OverlayEnv, FieldsOverrideTheUrl) {
    variables = {{"REDOUBT_URL", "redis://:old@a/1?deadline=1s"},
                 {"REDOUBT_PASSWORD", "new"},
                 {"REDOUBT_DATABASE", "2"},
                 {"REDOUBT_DEADLINE", "2s"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_EQ(o.password, "new");
    EXPECT_EQ(o.database, 2);
    EXPECT_EQ(o.deadline, 2s);
}

TEST_F(OverlayEnv, AUrlSendsNoServerThePasswordOfAnother) {
    o = {.endpoints = {"old:1"}, .user = "ann", .password = "secret", .database = 5, .deadline = 7s};
    variables = {{"REDOUBT_URL", "redis://new:2"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_EQ(o.user, "");
    EXPECT_EQ(o.password, "");
    EXPECT_EQ(o.database, 0);
    EXPECT_EQ(o.deadline, 7s) << "what the URL does not speak of stays";
}

TEST_F(OverlayEnv, EmptyCountsAsUnset) {
    variables = {{"REDOUBT_URL", ""}, {"REDIS_URL", "redis://b:1"}, {"REDOUBT_DEADLINE", ""}, {"REDOUBT_LIMIT", ""}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_THAT(o.endpoints, ElementsAre("b:1"));
    EXPECT_EQ(o.deadline, 3s);
}

TEST_F(OverlayEnv, LeavesTheLimiterOutOrBringsItBack) {
    variables = {{"REDOUBT_LIMIT", "none"}};
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_FALSE(o.limiter);
    variables = {{"REDOUBT_QUEUE_MAX", "5"}};
    EXPECT_EQ(why_not(), "REDOUBT_QUEUE_MAX: it belongs to a layer that is left out");
    variables["REDOUBT_LIMIT"] = "9";
    EXPECT_EQ(why_not(), "accepted");
    EXPECT_EQ(o.limiter.value().limit, 9U);
    EXPECT_EQ(o.limiter.value().queue_max, 5U);
}

TEST_F(OverlayEnv, NamesTheVariable) {
    const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
        {"REDOUBT_DEADLINE", {"soon", "REDOUBT_DEADLINE: \"soon\" is not a duration such as 500ms, 3s or 2m"}},
        {"REDOUBT_DEADLINE", {"500", "REDOUBT_DEADLINE: \"500\" is not a duration such as 500ms, 3s or 2m"}},
        {"REDOUBT_ATTEMPT_TIMEOUT", {"1us", "REDOUBT_ATTEMPT_TIMEOUT: 1us is outside 1ms..24h (0: none)"}},
        {"REDOUBT_CONNECT_TIMEOUT", {"0", "REDOUBT_CONNECT_TIMEOUT: 0 is outside 1ms..5m"}},
        {"REDOUBT_CONNECTIONS_MAX", {"-1", "REDOUBT_CONNECTIONS_MAX: -1 is outside 1..100000 (0: no limit)"}},
        {"REDOUBT_CONNECTIONS_MAX",
         {"4294967297", "REDOUBT_CONNECTIONS_MAX: 4294967297 is outside 1..100000 (0: no limit)"}},
        {"REDOUBT_CONNECTIONS_MAX", {"none", "REDOUBT_CONNECTIONS_MAX: \"none\" is not a whole number in 1..100000"}},
        {"REDOUBT_LIMIT", {"0", "REDOUBT_LIMIT: 0 is outside 1..1000000 (left out altogether: none)"}},
        {"REDOUBT_LIMIT", {"None", "REDOUBT_LIMIT: \"None\" is not a whole number in 1..1000000"}},
        {"REDOUBT_DATABASE", {"x", "REDOUBT_DATABASE: \"x\" is not a whole number in 0..2147483647"}},
        {"REDOUBT_DATABASE", {"2147483648", "REDOUBT_DATABASE: 2147483648 is outside 0..2147483647"}},
        {"REDOUBT_APP", {"a b", "REDOUBT_APP: \"a b\" has a character outside [A-Za-z0-9_.-]"}},
        {"REDOUBT_USER", {"a b", "REDOUBT_USER: holds white space or a NUL"}},
        {"REDOUBT_WHEN_DISCONNECTED", {"stop", "REDOUBT_WHEN_DISCONNECTED: \"stop\" is neither wait nor fail"}},
        {"REDOUBT_URL", {"rediss://a", "REDOUBT_URL: rediss:// needs TLS, which this build does not have"}},
        {"REDIS_URL", {"a:6379", "REDIS_URL: it has no scheme (write redis://host:port)"}},
    };
    for (const auto& [name, value_and_text] : cases) {
        variables = {{name, value_and_text.first}};
        EXPECT_EQ(why_not(), value_and_text.second) << name;
    }
}

TEST_F(OverlayEnv, AFailureAfterGoodVariablesChangesNothing) {
    variables = {{"REDOUBT_URL", "redis://:secret@new:1"}, {"REDOUBT_APP", "x"}, {"REDOUBT_DEADLINE", "bad"}};
    EXPECT_THAT(why_not(), Not(HasSubstr("secret")));
    EXPECT_THAT(o.endpoints, ElementsAre("127.0.0.1:6379"));
}

TEST_F(OverlayEnv, ChecksTheWhole) {
    o.pool.idle_min = 10;
    variables = {{"REDOUBT_CONNECTIONS_MAX", "5"}};
    EXPECT_EQ(why_not(), "pool.idle_min: 10 is above pool.connections_max, 5");
}

TEST(OverlayEnvOfTheProcess, IsRead) {
    const char* const name = "REDOUBT_QUEUE_MAX";
    const char* const before = std::getenv(name);
    const std::string kept = before != nullptr ? before : "";
    ::setenv(name, "77", 1);
    options o;
    const auto done = o.overlay_env();
    if (before != nullptr) {
        ::setenv(name, kept.c_str(), 1);
    } else {
        ::unsetenv(name);
    }
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(o.limiter.value().queue_max, 77U);
}

}  // namespace
}  // namespace redoubt::core
