// Addresses, INFO and CLIENT LIST are read as written.
#include "tools/support/raw_redis.hpp"

#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

TEST(RawRedis, addresses) {
    EXPECT_EQ(parse_server_url("redis+unix:///run/r.sock").path, "/run/r.sock");
    EXPECT_EQ(parse_server_url("unix:///run/r.sock").path, "/run/r.sock");
    EXPECT_EQ(parse_server_url("redis://db").host, "db");
    EXPECT_EQ(parse_server_url("redis://db").port, 6'379);
    EXPECT_EQ(parse_server_url("redis://127.0.0.1:7000/").port, 7'000);
    for (const auto* wrong : {"", "127.0.0.1", "redis://", "redis://h:0", "redis://h:x", "redis://h:70000", "unix://"})
        EXPECT_THROW(parse_server_url(wrong), std::runtime_error) << wrong;
}

TEST(RawRedis, info_fields) {
    const auto fields = parse_info("# Clients\r\nconnected_clients:3\r\n\r\n# Keyspace\r\ndb0:keys=1,expires=0\r\n");
    ASSERT_EQ(fields.size(), 2U);
    EXPECT_EQ(fields.at("connected_clients"), "3");
    EXPECT_EQ(fields.at("db0"), "keys=1,expires=0");
}

TEST(RawRedis, client_list_fields) {
    const auto clients = parse_client_list("id=3 addr=/s:0 name= flags=U\nid=4 name=redoubt:a flags=U\n");
    ASSERT_EQ(clients.size(), 2U);
    EXPECT_EQ(clients[0].at("name"), "");
    EXPECT_EQ(clients[1].at("id"), "4");
    EXPECT_EQ(clients[1].at("name"), "redoubt:a");
}

}  // namespace
}  // namespace redoubt::lab
