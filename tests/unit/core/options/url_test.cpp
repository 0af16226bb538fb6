// URLs: what they set, what is refused and why, and that no error repeats a password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <redoubt/options.hpp>

#include "core/options/fields.hpp"
#include "core/options/percent.hpp"

namespace redoubt {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

options from(std::string_view url) {
    auto o = options::from_url(url);
    EXPECT_TRUE(o) << url << ": " << o.error().text();
    return value_or(std::move(o), options{.app = "refused"});
}

std::string why_not(std::string_view url) {
    const auto o = options::from_url(url);
    if (o) return "accepted";
    EXPECT_EQ(o.error(), errc::invalid_option);
    return std::string(o.error().text());
}

struct target {
    const char* url;
    const char* endpoint;
    const char* user;
    const char* password;
    int database;
};

TEST(Url, NamesTheTarget) {
    const target cases[] = {
        {"redis://", "127.0.0.1:6379", "", "", 0},
        {"redis:///", "127.0.0.1:6379", "", "", 0},
        {"redis:///3", "127.0.0.1:6379", "", "", 3},
        {"redis://?db=4", "127.0.0.1:6379", "", "", 4},
        {"redis://a", "a:6379", "", "", 0},
        {"redis://a/", "a:6379", "", "", 0},
        {"redis://a?", "a:6379", "", "", 0},
        {"REDIS://A:1", "a:1", "", "", 0},
        {"redis://a:6380/15", "a:6380", "", "", 15},
        {"redis://a/2147483647", "a:6379", "", "", 2147483647},
        {"redis://u:p@a:1/2", "a:1", "u", "p", 2},
        {"redis://:p@a", "a:6379", "", "p", 0},
        {"redis://u:@a", "a:6379", "u", "", 0},
        {"redis://:@a", "a:6379", "", "", 0},
        {"redis://@a", "a:6379", "", "", 0},
        {"redis://u:p:q:r@a", "a:6379", "u", "p:q:r", 0},
        {"redis://u%3A:p%40%2F%3F%23%25@a", "a:6379", "u:", "p@/?#%", 0},
        {"redis://:a+b&c=d;e,f$g!h'(i)*@a", "a:6379", "", "a+b&c=d;e,f$g!h'(i)*", 0},
        {"redis://:p%0A%20@a", "a:6379", "", "p\n ", 0},
        {"redis://:caf\xc3\xa9@a", "a:6379", "", "caf\xc3\xa9", 0},
        {"redis://[::1]", "[::1]:6379", "", "", 0},
        {"redis://[2001:db8::1]:7000/1", "[2001:db8::1]:7000", "", "", 1},
        {"redis://u:p@[::1]:7000", "[::1]:7000", "u", "p", 0},
        {"redis://[fe80::1%25eth0]:1", "[fe80::1%eth0]:1", "", "", 0},
        {"redis://my%2Dhost", "my-host:6379", "", "", 0},
        {"redis+unix:///run/redis.sock", "unix:/run/redis.sock", "", "", 0},
        {"redis+unix:///run/redis.sock?db=2", "unix:/run/redis.sock", "", "", 2},
        {"redis+unix://u:p@/run/redis.sock?db=2", "unix:/run/redis.sock", "u", "p", 2},
        {"redis+unix://:p%40@/s", "unix:/s", "", "p@", 0},
        {"redis+unix:///a%20b%40%2Fc", "unix:/a b@/c", "", "", 0},
    };
    for (const auto& c : cases) {
        const auto o = from(c.url);
        EXPECT_THAT(o.endpoints, ElementsAre(c.endpoint)) << c.url;
        EXPECT_EQ(o.user, c.user) << c.url;
        EXPECT_EQ(o.password, c.password) << c.url;
        EXPECT_EQ(o.database, c.database) << c.url;
    }
}

TEST(Url, KeepsANulInAPassword) { EXPECT_EQ(from("redis://:a%00b@h").password, std::string("a\0b", 3)); }

TEST(Url, SetsParameters) {
    const auto o = from(
        "redis://a?deadline=500ms&attempt_timeout=200ms&connect_timeout=2m&connections_max=0&limit=100&queue_max=7"
        "&app=billing-2&when_disconnected=fail&read_by=io_thread&db=3");
    EXPECT_EQ(o.deadline, 500ms);
    EXPECT_EQ(o.attempt_timeout, 200ms);
    EXPECT_EQ(o.connect.timeout, 2min);
    EXPECT_EQ(o.pool.connections_max, 0U);
    EXPECT_EQ(o.limiter.value().limit, 100U);
    EXPECT_EQ(o.limiter.value().queue_max, 7U);
    EXPECT_EQ(o.app, "billing-2");
    EXPECT_EQ(o.when_disconnected, when_disconnected::fail);
    EXPECT_EQ(o.read_by, read_by::io_thread);
    EXPECT_EQ(from("redis://a?read_by=caller").read_by, read_by::caller);
    EXPECT_EQ(o.database, 3);
    EXPECT_EQ(from("redis://a?deadline=0").deadline, 0s);
    EXPECT_EQ(from("redis://a?%64eadline=%35s").deadline, 5s);
    EXPECT_FALSE(from("redis://a?limit=none").limiter);
    EXPECT_FALSE(from("redis://a?attempts_max=none").retry);
    EXPECT_EQ(from("redis://a?attempts_max=7").retry.value().attempts_max, 7U);
    EXPECT_FALSE(from("redis://a?breaker_calls_min=none").breaker);
    EXPECT_EQ(from("redis://a?breaker_calls_min=50").breaker.value().calls_min, 50U);
    EXPECT_EQ(from("redis://a?node_limit=64").node_limit, 64U);
    EXPECT_EQ(from("redis://a?queue_bytes_max=99999").queue_bytes_max, 99'999U);
    EXPECT_EQ(from("redis://a?queue_bytes_max=0").queue_bytes_max, 0U);
    EXPECT_EQ(from("redis://a?queue_max=7&limit=9").limiter.value().queue_max, 7U);
}

TEST(Url, LeavesTheRestAtItsDefault) {
    EXPECT_EQ(describe(from("redis://")), describe({}));
    EXPECT_EQ(describe(from("redis://a:1?deadline=7s")), describe({.endpoints = {"a:1"}, .deadline = 7s}));
}

// Every URL here is hostile, or a slip that somebody makes; the second part must be in the reason.
TEST(Url, IsRefusedWithTheReason) {
    const std::pair<std::string, const char*> cases[] = {
        // scheme
        {"", "it is empty"},
        {"redis", "no scheme"},
        {"redis:", "no scheme"},
        {"redis:/a", "no scheme"},
        {"a:6379", "no scheme"},
        {"//a:6379", "no scheme"},
        {"://a", "scheme is none of"},
        {"http://a", "scheme is none of"},
        {"rediss://a", "rediss:// needs TLS, which this build does not have"},
        {"REDISS://u:p@a/1", "rediss:// needs TLS, which this build does not have"},
        {"unix:///run/redis.sock", "write redis+unix:///path"},
        {"redis-socket:///run/redis.sock", "write redis+unix:///path"},
        {"redis+unix+ssl:///s", "scheme is none of"},
        {"redis%3A//a", "no scheme"},
        // characters
        {" redis://a", "white space"},
        {"redis://a\n", "white space"},
        {"redis://a b", "white space"},
        {"redis://a\t/1", "white space"},
        {"redis://a\x7f", "control character"},
        {std::string("redis://a\0b", 11), "control character"},
        {"redis://a\r\nFLUSHALL\r\n", "white space"},
        {"redis://a\\@b", "backslash"},
        {"redis://a#frag", "'#'"},
        {"redis://:p#q@a", "%23"},
        {"redis://" + std::string(128 * 1024, 'a'), "longer than"},
        // credentials
        {"redis://user@a", "user without a password"},
        {"redis://u:p@q@a", "%40"},
        {"redis://u:p/q@a", "%2F"},
        {"redis://u:p?q@a", "%3F"},
        {"redis://u:p%@a", "the password has a '%'"},
        {"redis://u:p%4@a", "the password has a '%'"},
        {"redis://u:%zz@a", "the password has a '%'"},
        {"redis://u%:p@a", "the user has a '%'"},
        {"redis://u%20v:p@a", "user: holds white space"},
        {"redis://u%00:p@a", "user: holds white space or a NUL"},
        {"redis://:" + std::string(16385, 'p') + "@a", "password: longer than 16384 bytes"},
        // host and port
        {"redis://u:p@", "host is empty"},
        {"redis://u:p@/1", "host is empty"},
        {"redis://:6379", "host is empty"},
        {"redis://u:p@:6379", "host is empty"},
        {"redis://a:", "port is not a whole number"},
        {"redis://a:0", "1..65535"},
        {"redis://a:65536", "1..65535"},
        {"redis://a:6379x", "1..65535"},
        {"redis://a:%206379", "1..65535"},
        {"redis://a:-1", "1..65535"},
        {"redis://::1", "stands in brackets"},
        {"redis://::1:6379", "stands in brackets"},
        {"redis://[::1", "not closed"},
        {"redis://[::1]x", "only \":port\""},
        {"redis://[::1]:0", "1..65535"},
        {"redis://[fe80::1%eth0]", "the host has a '%'"},
        {"redis://a,b", "character other than"},
        {"redis://a:1,b:2", "more than one ':'"},
        {"redis://a%00b", "character other than"},
        {"redis://a%2Fb", "character other than"},
        {"redis://a%40b", "character other than"},
        {"redis://a%0d%0aPING", "character other than"},
        {"redis://a%", "the host has a '%'"},
        {"redis://0x7f000001", "accepted"},  // a name, left to the resolver
        {"redis://127.1", "IPv4"},
        {"redis://unix:/run/redis.sock", "1..65535"},
        // database
        {"redis://a/x", "database is not a whole number in 0..2147483647"},
        {"redis://a/-1", "database"},
        {"redis://a/-0", "database"},
        {"redis://a/+1", "database"},
        {"redis://a/1.0", "database"},
        {"redis://a/1/", "database"},
        {"redis://a//1", "database"},
        {"redis://a/2147483648", "database"},
        {"redis://a/99999999999999999999", "database"},
        {"redis://a/%31", "database"},
        {"redis://a/1?db=1", "given twice, as path and as parameter db"},
        {"redis://a?db=-1", "db: -1 is outside 0..2147483647"},
        // unix sockets
        {"redis+unix://", "not absolute"},
        {"redis+unix:///", "is empty"},
        {"redis+unix:////run/x", "two slashes"},
        {"redis+unix://run/redis.sock", "write redis+unix:///path"},
        {"redis+unix://a:1/run/redis.sock", "write redis+unix:///path"},
        {"redis+unix://u:p@a/s", "write redis+unix:///path"},
        {"redis+unix:///a%00b", "NUL"},
        {"redis+unix:///a%b", "the path has a '%'"},
        {"redis+unix:///" + std::string(200, 'a'), "longer than 107"},
        {"redis+unix:///a@b", "'@' behind the host"},
        // parameters
        {"redis://a?dedline=1s", "unknown parameter \"dedline\" (did you mean deadline?)"},
        {"redis://a?Deadline=1s", "did you mean deadline?"},
        {"redis://a?timeout=1s", "unknown parameter \"timeout\""},
        {"redis://a?ssl_cert_reqs=none", "known: db, app, deadline"},
        {"redis://a?password=x", "stand before the host"},
        {"redis://a?username=x", "stand before the host"},
        {"redis://a?=1", "unknown parameter \"\""},
        {"redis://a?" + std::string(1000, 'x') + "=1", "xxx...\""},
        {"redis://a?a%00%1b[31m=1", "unknown parameter \"a??[31m\""},
        {"redis://a?deadline", "deadline has no value"},
        {"redis://a?deadline=", "deadline has no value"},
        {"redis://a?deadline=1s&", "empty parameter"},
        {"redis://a?&deadline=1s", "empty parameter"},
        {"redis://a?deadline=1s&&limit=1", "empty parameter"},
        {"redis://a??deadline=1s", "unknown parameter"},
        {"redis://a?deadline=1s&deadline=1s", "parameter deadline is given twice"},
        {"redis://a?deadline=1s&%64eadline=2s", "parameter deadline is given twice"},
        {"redis://a?deadline=1s;limit=1", "deadline: \"1s;limit=1\" is not a duration"},
        {"redis://a?deadline=5", "deadline: \"5\" is not a duration such as 500ms, 3s or 2m"},
        {"redis://a?deadline=1s%", "parameter deadline has a '%'"},
        {"redis://a?deadl%ine=1s", "parameter's name has a '%'"},
        {"redis://a?deadline=-1s", "deadline: -1s is outside 1ms..24h (0: none)"},
        {"redis://a?deadline=99999999999h", "is not a duration"},
        {"redis://a?deadline=1s%00", "is not a duration"},
        {"redis://a?connect_timeout=0", "connect_timeout: 0 is outside 1ms..5m"},
        {"redis://a?limit=0", "limit: 0 is outside 1..1000000"},
        {"redis://a?limit=1e3", "limit: \"1e3\" is not a whole number in 1..1000000"},
        {"redis://a?limit=4294967297", "limit: 4294967297 is outside"},
        {"redis://a?attempts_max=101", "attempts_max: 101 is outside 1..100"},
        {"redis://a?queue_bytes_max=65535", "queue_bytes_max: 65535 is outside 65536..1099511627776 (0: no ceiling)"},
        {"redis://a?queue_max=none", "queue_max: \"none\" is not a whole number"},
        {"redis://a?queue_max=1&limit=none", "queue_max: it belongs to a layer that is left out"},
        {"redis://a?connections_max=18446744073709551616", "is not a whole number"},
        {"redis://a?app=my%20app", "app: \"my app\" has a character outside"},
        {"redis://a?app=a+b", "app: \"a+b\" has a character outside"},
        {"redis://a?when_disconnected=Wait", "when_disconnected: \"Wait\" is neither wait nor fail"},
        {"redis://a?read_by=thread", "read_by: \"thread\" is neither caller nor io_thread"},
        {"redis://a?x=y@z", "'@' behind the host"},
    };
    for (const auto& [url, why] : cases) {
        EXPECT_THAT(why_not(url), HasSubstr(why)) << url.substr(0, 100);
        if (why != std::string_view("accepted")) {
            EXPECT_THAT(why_not(url),
                        ::testing::AnyOf(StartsWith("URL: "), StartsWith("user: "), StartsWith("password: ")))
                << url.substr(0, 100);
        }
    }
}

// The password is S3CRET, or digits that look like a port; wherever a slip moves it, no error may show it.
TEST(Url, NoErrorRepeatsCredentials) {
    for (const char* url : {"redis://u:S3CRET@q@a",
                            "redis://u:S3CRET/x@a",
                            "redis://u:x/S3CRET@a",
                            "redis://u:x?S3CRET@a",
                            "redis://u:x#S3CRET@a",
                            "redis://u:S3CRET%@a",
                            "redis://u:S3CRET%zz@a",
                            "redis://S3CRET@a",
                            "redis://u:S3CRET",
                            "redis://:S3CRET",
                            "redis://u:S3CRET@",
                            "redis://u:S3CRET@a:x",
                            "redis://u:S3CRET@a/x",
                            "redis://u:S3CRET@a?deadline=x",
                            "redis://u:S3CRET@a?limit=0",
                            "redis://u:S3CRET@a?unknown=1",
                            "redis://a?password=S3CRET",
                            "redis://a?auth=S3CRET",
                            "redis://a?token=S3CRET",
                            "u:S3CRET@a",
                            "S3CRET://a",
                            "redis:u:S3CRET@a",
                            "redis//u:S3CRET@a",
                            "rediss://u:S3CRET@a",
                            "unix://u:S3CRET@/s",
                            "redis+unix://u:S3CRET@h/s",
                            "redis+unix://u:S3CRET/x",
                            "redis+unix://u:S3CRET@",
                            "redis://u:S3CRET @a",
                            "redis://u:S3CRET\\@a",
                            "redis://u:x\nS3CRET@a",
                            "redis://u:12/S3CRET",
                            "redis://S3CRET:x",
                            "redis://[S3CRET]",
                            "redis://u:S3CRET@[::1",
                            "redis://u:p@S3CRET@a",
                            "redis://:x:S3CRET@a/y",
                            "redis://S3CRET%20:p@a",
                            "redis://u:987654",
                            "redis://:987654"}) {
        const auto text = why_not(url);
        EXPECT_NE(text, "accepted") << url;
        EXPECT_THAT(text, Not(HasSubstr("S3CRET"))) << url;
        EXPECT_THAT(text, Not(HasSubstr("987654"))) << url;
    }
}

// Any byte of a good URL replaced by any byte: no crash, and what is accepted is valid.
TEST(Url, SurvivesEveryChangeOfAByte) {
    const std::string good = "redis://u%41:p@[::1]:6379/1?deadline=5s&limit=9";
    int accepted = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (int byte = 0; byte < 256; ++byte) {
            std::string url = good;
            url[i] = static_cast<char>(byte);
            const auto o = options::from_url(url);
            accepted += o ? 1 : 0;
            if (o) {
                EXPECT_TRUE(validate(*o)) << url;
            }
        }
    }
    EXPECT_GT(accepted, 100);
}

// Options that a URL can express come back from the URL that is put together from them.
TEST(Url, RoundTrip) {
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    const options originals[] = {
        {},
        {.endpoints = {"cache.example:1"}, .password = every_byte, .database = 7},
        {.endpoints = {"[2001:db8::1]:1"}, .user = "an:n@/?#%", .password = "p"},
        {.endpoints = {"unix:/a b@%/c"}, .user = "ann", .password = every_byte, .database = 15},
        {.app = "x.y-z_1", .deadline = 1500ms, .attempt_timeout = 0s, .connect = {.timeout = 90s}},
        {.pool = {.connections_max = 0}, .limiter = limiter_options{.limit = 1, .queue_max = 0}},
        {.when_disconnected = when_disconnected::fail},
        {.read_by = read_by::io_thread},
    };
    for (const auto& o : originals) {
        std::string url = node_name(parse_endpoint(o.endpoints.front()).value());
        if (!o.user.empty() || !o.password.empty()) {
            const auto credentials = core::percent_encode(o.user) + ":" + core::percent_encode(o.password) + "@";
            url.insert(url.find("://") + 3, credentials);
        }
        char separator = '?';
        for (const auto& f : core::fields()) {
            const auto value = f.path == "app" ? o.app : print(f, o);
            if (f.parameter.empty() || value.empty()) continue;
            url.append(1, separator).append(f.parameter).append("=").append(value);
            separator = '&';
        }
        const auto again = from(url);
        EXPECT_EQ(describe(again), describe(o)) << url;
        EXPECT_EQ(again.password, o.password);
        EXPECT_EQ(target_key(again), target_key(o));
    }
}

}  // namespace
}  // namespace redoubt
