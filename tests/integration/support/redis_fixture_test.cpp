// The fixture gives every test an empty, running server, and sees connections that are left.
#include "tests/support/redis_fixture.hpp"

#include <gtest/gtest.h>

namespace redoubt::test {
namespace {

class RedisFixtureTest : public RedisFixture {};

TEST_F(RedisFixtureTest, counts_connections_without_its_own) {
    EXPECT_EQ(client_count(), 0U);
    lab::RawRedis one(lab::parse_server_url(server().url()));
    lab::RawRedis two(lab::parse_server_url(server().unix_url()));
    one.text({"PING"});
    two.text({"PING"});
    EXPECT_EQ(client_count(), 2U);
}

TEST_F(RedisFixtureTest, a_test_may_leave_keys_and_a_dead_server) {
    watcher().text({"SET", "left", "over"});
    server().kill();
}

TEST_F(RedisFixtureTest, a_test_may_leave_the_server_paused) {
    EXPECT_EQ(watcher().integer({"DBSIZE"}), 0);
    server().pause();
}

TEST_F(RedisFixtureTest, the_next_test_finds_it_empty_and_running) {
    EXPECT_EQ(watcher().integer({"DBSIZE"}), 0);
    EXPECT_EQ(client_count(), 0U);
}

}  // namespace
}  // namespace redoubt::test
