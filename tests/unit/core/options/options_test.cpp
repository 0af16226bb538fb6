// Validation: both sides of every range, with the field named.
#include <redoubt/options.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <set>

#include "core/options/fields.hpp"

namespace redoubt {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string why_not(const options& o) {
    const auto checked = validate(o);
    return checked ? "accepted" : std::string(checked.error().text());
}

struct rule {
    const char* path;
    std::function<void(options&, std::int64_t)> set;
    std::vector<std::int64_t> accepted;
    std::vector<std::int64_t> refused;
};

std::int64_t ns(std::chrono::nanoseconds d) { return d.count(); }

template <auto... Path> auto at() {
    return [](options& o, std::int64_t value) {
        auto& place = (o.*....*Path);
        using type = std::remove_reference_t<decltype(place)>;
        if constexpr (std::is_arithmetic_v<type>) {
            place = static_cast<type>(value);
        } else {
            place = type(value);
        }
    };
}

template <auto Member> auto in_breaker() {
    return [](options& o, std::int64_t v) {
        auto& place = (*o.breaker).*Member;
        place = static_cast<std::remove_reference_t<decltype(place)>>(v);
    };
}
template <auto Member> auto in_retry() {
    return [](options& o, std::int64_t value) {
        auto& place = (*o.retry).*Member;
        place = static_cast<std::remove_reference_t<decltype(place)>>(value);
    };
}

std::vector<rule> number_rules() {
    constexpr auto c = &options::connect;
    constexpr auto p = &options::pool;
    constexpr auto h = &options::health;
    constexpr auto r = &options::reconnect;
    constexpr auto l = &options::replies;
    constexpr std::int64_t gib = std::int64_t{1} << 30;
    const auto u32 = std::int64_t{std::numeric_limits<std::uint32_t>::max()};
    return {
        {"database", at<&options::database>(), {0, 15, 2147483647}, {-1, -2147483648}},
        {"deadline", at<&options::deadline>(), {0, ns(1ms), ns(24h)}, {1, ns(1ms) - 1, ns(24h) + 1, -1, ns(-3s)}},
        {"attempt_timeout", at<&options::attempt_timeout>(), {0, ns(1ms), ns(24h)}, {ns(1ms) - 1, ns(24h) + 1, -1}},
        {"connect.timeout",
         at<c, &connect_options::timeout>(),
         {ns(1ms), ns(5min)},
         {0, ns(1ms) - 1, ns(5min) + 1, -1}},
        {"connect.keepalive_idle",
         at<c, &connect_options::keepalive_idle>(),
         {0, ns(1s), ns(9h)},
         {ns(1s) - 1, ns(1500ms), ns(9h) + ns(1s), -1}},
        {"connect.keepalive_interval",
         at<c, &connect_options::keepalive_interval>(),
         {ns(1s), ns(1h)},
         {0, ns(1500ms), ns(1h) + ns(1s), -1}},
        {"connect.keepalive_probes", at<c, &connect_options::keepalive_probes>(), {1, 127}, {0, 128, u32}},
        {"connect.tcp_user_timeout",
         at<c, &connect_options::tcp_user_timeout>(),
         {0, ns(1s), ns(1001ms), ns(1h)},
         {ns(999ms), ns(1s) + 1, ns(1h) + ns(1ms), -1}},
        {"pool.connections_max", at<p, &pool_options::connections_max>(), {0, 1, 100'000}, {100'001, u32}},
        {"pool.lease_idle_max",
         at<p, &pool_options::lease_idle_max>(),
         {0, ns(1s), ns(24h)},
         {ns(1s) - 1, ns(24h) + 1, -1}},
        {"pool.lifetime_max",
         at<p, &pool_options::lifetime_max>(),
         {0, ns(1s), ns(7 * 24h)},
         {ns(1s) - 1, ns(7 * 24h) + 1, -1}},
        {"pool.idle_min", at<p, &pool_options::idle_min>(), {0, 50}, {51, 100'001, u32}},
        {"limiter.limit",
         [](options& o, std::int64_t v) { o.limiter->limit = static_cast<std::uint32_t>(v); },
         {1, 1'000'000},
         {0, 1'000'001, u32}},
        {"limiter.queue_max",
         [](options& o, std::int64_t v) { o.limiter->queue_max = static_cast<std::uint32_t>(v); },
         {0, 1, 10'000'000},
         {10'000'001, u32}},
        {"retry.attempts_max", in_retry<&retry_options::attempts_max>(), {1, 3, 100}, {0, 101, u32}},
        {"retry.base", in_retry<&retry_options::base>(), {ns(1ms), ns(250ms)}, {0, ns(1ms) - 1, ns(1min) + 1, -1}},
        {"retry.cap", in_retry<&retry_options::cap>(), {ns(10ms), ns(1h)}, {0, ns(10ms) - 1, ns(1h) + 1, -1}},
        {"retry.budget_max", in_retry<&retry_options::budget_max>(), {0, 1, 1'000'000}, {1'000'001, u32}},
        {"retry.budget_per_success_thousandths",
         in_retry<&retry_options::budget_per_success_thousandths>(),
         {0, 1, 100'000},
         {100'001, u32}},
        {"retry.budget_per_second", in_retry<&retry_options::budget_per_second>(), {0, 1, 1'000'000}, {1'000'001, u32}},
        {"breaker.calls_min", in_breaker<&breaker_options::calls_min>(), {1, 20, 1'000'000}, {0, 1'000'001, u32}},
        {"breaker.failure_percent", in_breaker<&breaker_options::failure_percent>(), {0, 1, 100}, {101, u32}},
        {"breaker.dials_max", in_breaker<&breaker_options::dials_max>(), {0, 1, 1'000'000}, {1'000'001, u32}},
        {"breaker.open_base",
         in_breaker<&breaker_options::open_base>(),
         {ns(1ms), ns(30s)},
         {0, ns(1ms) - 1, ns(1h) + 1, -1}},
        {"breaker.open_max",
         in_breaker<&breaker_options::open_max>(),
         {ns(1s), ns(1h)},
         {0, ns(1s) - 1, ns(1h) + 1, -1}},
        {"health.interval",
         at<h, &health_options::interval>(),
         {ns(100ms), ns(1h)},
         {0, ns(100ms) - 1, ns(1h) + 1, -1}},
        {"health.timeout", at<h, &health_options::timeout>(), {ns(1ms), ns(1min)}, {0, ns(1ms) - 1, ns(1min) + 1, -1}},
        {"health.fall", at<h, &health_options::fall>(), {1, 100}, {0, 101, u32}},
        {"health.rise", at<h, &health_options::rise>(), {1, 100}, {0, 101, u32}},
        {"node_limit", at<&options::node_limit>(), {1, 8192, 1'000'000}, {0, 1'000'001, u32}},
        {"reconnect.base", at<r, &reconnect_options::base>(), {ns(1ms), ns(1s)}, {0, ns(1ms) - 1, ns(1min) + 1, -1}},
        {"reconnect.cap", at<r, &reconnect_options::cap>(), {ns(50ms), ns(1h)}, {0, ns(50ms) - 1, ns(1h) + 1, -1}},
        {"reconnect.factor", at<r, &reconnect_options::factor>(), {1, 10}, {0, 11, u32}},
        {"reconnect.attempts_max", at<r, &reconnect_options::attempts_max>(), {0, 1, 1'000'000}, {1'000'001, u32}},
        {"when_disconnected",
         [](options& o, std::int64_t v) { o.when_disconnected = static_cast<when_disconnected>(v); },
         {0, 1},
         {2, 255}},
        {"replies.bulk_bytes_max", at<l, &reply_limits::bulk_bytes_max>(), {1, gib}, {0, gib + 1, -1}},
        {"replies.line_bytes_max", at<l, &reply_limits::line_bytes_max>(), {64, gib / 64}, {0, 63, gib / 64 + 1, -1}},
        {"replies.nodes_max", at<l, &reply_limits::nodes_max>(), {1, gib / 4}, {0, gib / 4 + 1, u32}},
        {"replies.depth_max", at<l, &reply_limits::depth_max>(), {1, 8}, {0, 9, u32}},
        {"replies.text_bytes_max", at<l, &reply_limits::text_bytes_max>(), {1, 3 * gib}, {0, 3 * gib + 1, -1}},
        {"read_by", [](options& o, std::int64_t v) { o.read_by = static_cast<read_by>(v); }, {0, 1}, {2, 255}},
        {"spin", at<&options::spin>(), {0, 1'000, 100'000}, {999, 100'001, -1}},
        {"output_bytes_max", at<&options::output_bytes_max>(), {4096, gib}, {0, 4095, gib + 1, -1}},
        {"queue_bytes_max", at<&options::queue_bytes_max>(), {0, 65536, 1024 * gib}, {1, 65535, 1024 * gib + 1, -1}},
        {"io_stack_bytes", at<&options::io_stack_bytes>(), {0, 131072, gib}, {1, 131071, gib + 1, -1}},
    };
}

TEST(Validate, HoldsBothSidesOfEveryRange) {
    for (const auto& rule : number_rules()) {
        for (const auto value : rule.accepted) {
            options o;
            rule.set(o, value);
            EXPECT_EQ(why_not(o), "accepted") << rule.path << " = " << value;
        }
        for (const auto value : rule.refused) {
            options o;
            rule.set(o, value);
            EXPECT_THAT(why_not(o), StartsWith(std::string(rule.path) + ": ")) << value;
        }
    }
}

// A field that is added without a line in the table above fails here.
TEST(Validate, IsTestedForEveryField) {
    std::set<std::string> tested{"endpoints", "user", "password", "app"};
    for (const auto& rule : number_rules()) tested.insert(rule.path);
    std::set<std::string> known;
    for (const auto& field : core::fields()) known.insert(std::string(field.path));
    EXPECT_EQ(tested, known);
}

TEST(Validate, NamesFieldValueAndRange) {
    const std::pair<options, const char*> cases[] = {
        {{.limiter = limiter_options{.limit = 0}},
         "limiter.limit: 0 is outside 1..1000000 (left out altogether: none)"},
        {{.deadline = 48h}, "deadline: 48h is outside 1ms..24h (0: none)"},
        {{.deadline = -5s}, "deadline: -5s is outside 1ms..24h (0: none)"},
        {{.connect = {.timeout = 0s}}, "connect.timeout: 0 is outside 1ms..5m"},
        {{.connect = {.keepalive_idle = 1500ms}}, "connect.keepalive_idle: 1500ms is not a multiple of 1s"},
        {{.pool = {.connections_max = 200'000}}, "pool.connections_max: 200000 is outside 1..100000 (0: no limit)"},
        {{.pool = {.connections_max = 4, .idle_min = 5}}, "pool.idle_min: 5 is above pool.connections_max, 4"},
        {{.retry = retry_options{.attempts_max = 0}},
         "retry.attempts_max: 0 is outside 1..100 (left out altogether: none)"},
        {{.breaker = breaker_options{.open_base = 1min}}, "breaker.open_max: 30s is below breaker.open_base, 1m"},
        {{.retry = retry_options{.base = 2s}}, "retry.cap: 250ms is below retry.base, 2s"},
        {{.reconnect = {.base = 2s}}, "reconnect.cap: 1s is below reconnect.base, 2s"},
        {{.when_disconnected = static_cast<when_disconnected>(7)}, "when_disconnected: 7 is neither wait nor fail"},
        {{.read_by = static_cast<read_by>(2)}, "read_by: 2 is neither caller nor io_thread"},
    };
    for (const auto& [o, text] : cases) EXPECT_EQ(why_not(o), text);
    const auto checked = validate({.deadline = 48h});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error(), errc::invalid_option);
    EXPECT_EQ(checked.error().fate(), fate::not_applied);
}

TEST(Validate, AllowsALayerToBeLeftOut) {
    EXPECT_TRUE(validate({.limiter = std::nullopt}));
    EXPECT_TRUE(validate({.retry = std::nullopt}));
}

TEST(Validate, AllowsIdleConnectionsWithoutACeiling) {
    EXPECT_TRUE(validate({.pool = {.connections_max = 0, .idle_min = 1000}}));
    EXPECT_TRUE(validate({.pool = {.connections_max = 5, .idle_min = 5}}));
}

TEST(Validate, WantsExactlyOneEndpoint) {
    EXPECT_EQ(why_not({.endpoints = {}}), "endpoints: 0 given, exactly 1 is supported (a standalone server)");
    EXPECT_EQ(why_not({.endpoints = {"a:1", "b:2"}}),
              "endpoints: 2 given, exactly 1 is supported (a standalone server)");
    EXPECT_EQ(why_not({.endpoints = {"a:0"}}), "endpoints: \"a:0\": the port is not a whole number in 1..65535");
    EXPECT_TRUE(validate({.endpoints = {"unix:/run/redis.sock"}}));
}

TEST(Validate, DoesNotRepeatCredentials) {
    for (const char* text : {"redis://u:secret@a:1", "u:secret@a:1", "secret@a", "unix://u:secret@/path"}) {
        EXPECT_THAT(why_not({.endpoints = {text}}), Not(HasSubstr("secret"))) << text;
        EXPECT_THAT(why_not({.endpoints = {text}}), StartsWith("endpoints: "));
    }
    EXPECT_EQ(why_not({.user = "se cret"}), "user: holds white space or a NUL");
}

TEST(Validate, ChecksWords) {
    const std::string longest(16384, 'x');
    EXPECT_TRUE(validate({.user = longest, .password = longest}));
    EXPECT_EQ(why_not({.user = longest + 'x'}), "user: longer than 16384 bytes");
    EXPECT_EQ(why_not({.password = longest + 'x'}), "password: longer than 16384 bytes");
    EXPECT_TRUE(validate({.password = std::string("\0 any\nbytes\xff", 12)}));
    for (const char c : {' ', '\t', '\n', '\v', '\f', '\r', '\0'}) {
        EXPECT_THAT(why_not({.user = std::string("a") + c + "b"}), StartsWith("user: ")) << int{c};
    }
    EXPECT_TRUE(validate({.app = "Az09_.-"}));
    EXPECT_TRUE(validate({.app = std::string(64, 'a')}));
    EXPECT_THAT(why_not({.app = std::string(65, 'a')}), HasSubstr("longer than 64 bytes"));
    for (const char* app : {"my app", "a:b", "a/b", "\xc3\xa9", "a\n"}) {
        EXPECT_THAT(why_not({.app = app}), HasSubstr("outside [A-Za-z0-9_.-]")) << app;
    }
}

}  // namespace
}  // namespace redoubt
