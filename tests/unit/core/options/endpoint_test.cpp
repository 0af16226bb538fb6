// Endpoints: what is understood, what is refused and why, and the names they get.
#include "core/options/endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt {
namespace {

using ::testing::HasSubstr;

struct understood {
    const char* text;
    endpoint parsed;
    const char* text_again;
    const char* node;
};

TEST(Endpoint, IsUnderstood) {
    const auto tcp = [](const char* host, std::uint16_t port) { return endpoint{.host = host, .port = port}; };
    const auto socket = [](const char* path) {
        return endpoint{.kind = endpoint::kind::unix_socket, .port = 0, .path = path};
    };
    const understood cases[] = {
        {"a:6379", tcp("a", 6379), "a:6379", "redis://a:6379"},
        {"cache", tcp("cache", 6379), "cache:6379", "redis://cache:6379"},
        {"Cache.Example.COM:1", tcp("cache.example.com", 1), "cache.example.com:1", "redis://cache.example.com:1"},
        {"a.b.:65535", tcp("a.b.", 65535), "a.b.:65535", "redis://a.b.:65535"},
        {"my_host-1:06379", tcp("my_host-1", 6379), "my_host-1:6379", "redis://my_host-1:6379"},
        {"127.0.0.1:6380", tcp("127.0.0.1", 6380), "127.0.0.1:6380", "redis://127.0.0.1:6380"},
        {"[::1]:6380", tcp("::1", 6380), "[::1]:6380", "redis://[::1]:6380"},
        {"[::1]", tcp("::1", 6379), "[::1]:6379", "redis://[::1]:6379"},
        {"[2001:DB8:0:0:0:0:0:1]:6379", tcp("2001:db8::1", 6379), "[2001:db8::1]:6379", "redis://[2001:db8::1]:6379"},
        {"[fe80::1%eth0]:6379", tcp("fe80::1%eth0", 6379), "[fe80::1%eth0]:6379", "redis://[fe80::1%25eth0]:6379"},
        {"unix:/run/redis.sock", socket("/run/redis.sock"), "unix:/run/redis.sock", "redis+unix:///run/redis.sock"},
        {"unix:/a://b", socket("/a://b"), "unix:/a://b", "redis+unix:///a%3A//b"},
        {"unix:/a b@c", socket("/a b@c"), "unix:/a b@c", "redis+unix:///a%20b%40c"},
    };
    for (const auto& c : cases) {
        const auto e = parse_endpoint(c.text);
        ASSERT_TRUE(e) << c.text << ": " << e.error().text();
        EXPECT_EQ(*e, c.parsed) << c.text;
        EXPECT_EQ(to_string(*e), c.text_again);
        EXPECT_EQ(node_name(*e), c.node);
        EXPECT_EQ(parse_endpoint(to_string(*e)).value(), *e) << "round trip of " << c.text;
    }
}

TEST(Endpoint, IsRefusedWithTheReason) {
    const std::string long_host(254, 'a');
    const std::string long_path = "unix:/" + std::string(107, 'p');
    const std::pair<std::string, const char*> cases[] = {
        {"", "host is empty"},
        {":6379", "host is empty"},
        {"a:", "port is not a whole number in 1..65535"},
        {"a:0", "1..65535"},
        {"a:65536", "1..65535"},
        {"a:-1", "1..65535"},
        {"a:+1", "1..65535"},
        {"a: 1", "1..65535"},
        {"a:1x", "1..65535"},
        {"a:99999999999999999999", "1..65535"},
        {"::1", "stands in brackets"},
        {"a:1:2", "more than one ':'"},
        {"[::1", "not closed"},
        {"[]:1", "not an IPv6 address"},
        {"[::g]:1", "not an IPv6 address"},
        {"[127.0.0.1]:1", "not an IPv6 address"},
        {std::string("[::1\0]:1", 8), "not an IPv6 address"},
        {"[::1]6379", "only \":port\""},
        {"[::1]:", "1..65535"},
        {"[fe80::1%]:1", "zone"},
        {"[fe80::1%a/b]:1", "zone"},
        {"[fe80::1%abcdefghijklmnop]:1", "zone"},
        {"a b:1", "character other than"},
        {"a/b:1", "character other than"},
        {"a\n:1", "character other than"},
        {std::string("a\0b:1", 5), "character other than"},
        {"caf\xc3\xa9:1", "ASCII form"},
        {"-a:1", "begins with '-'"},
        {".a:1", "empty label"},
        {"a..b:1", "empty label"},
        {"256.1.1.1:1", "IPv4"},
        {"10.1:1", "IPv4"},
        {"2130706433:1", "IPv4"},
        {"1.2.3.4.5", "IPv4"},
        {long_host, "longer than 253"},
        {"redis://a:1", "from_url"},
        {"user@a:1", "options of their own"},
        {"/run/redis.sock", "unix:/path"},
        {"unix:", "not absolute"},
        {"unix:run/x", "not absolute"},
        {"unix:/", "is empty"},
        {"unix://run/x", "two slashes"},
        {std::string("unix:/a\0b", 9), "NUL"},
        {long_path, "longer than 107"},
    };
    for (const auto& [text, why] : cases) {
        const auto e = parse_endpoint(text);
        ASSERT_FALSE(e) << text;
        EXPECT_EQ(e.error(), errc::invalid_option) << text;
        EXPECT_THAT(std::string(e.error().text()), HasSubstr(why)) << text;
    }
}

TEST(Endpoint, ReachesTheLimitsOfLength) {
    EXPECT_TRUE(parse_endpoint(std::string(253, 'a')));
    EXPECT_TRUE(parse_endpoint("unix:/" + std::string(106, 'p')));
    EXPECT_TRUE(parse_endpoint("[fe80::1%abcdefghijklmno]"));
}

}  // namespace
}  // namespace redoubt
