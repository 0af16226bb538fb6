// A plain connection against a real server, and against one that goes away.
#include "tools/support/raw_redis.hpp"

#include <gtest/gtest.h>

#include "tools/support/redis_process.hpp"

namespace redoubt::lab {
namespace {

TEST(RawRedisConnection, commands_and_replies) {
    RedisProcess server({.tcp = true});
    for (const auto& url : {server.unix_url(), server.url()}) {
        RawRedis redis(parse_server_url(url));
        EXPECT_EQ(redis.text({"SET", "k", std::string("a\0b", 3)}), "OK");
        EXPECT_EQ(redis.text({"GET", "k"}), std::string("a\0b", 3));
        EXPECT_EQ(redis.integer({"STRLEN", "k"}), 3);
        EXPECT_EQ(redis.command({"GET", "none"}).type, raw_reply::kind::nil);
        EXPECT_TRUE(redis.command({"INCR", "k"}).is_error());
        EXPECT_THROW(redis.text({"INCR", "k"}), std::runtime_error);
        EXPECT_EQ(redis.command({"MGET", "k", "none"}).elements.size(), 2U);
    }
}

TEST(RawRedisConnection, a_pipeline_keeps_the_order) {
    RedisProcess server;
    RawRedis redis({.path = server.unix_path()});
    const auto replies = redis.pipeline({{"INCR", "n"}, {"NOSUCH"}, {"INCR", "n"}});
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_EQ(replies[0].integer, 1);
    EXPECT_TRUE(replies[1].is_error());
    EXPECT_EQ(replies[2].integer, 2);
}

TEST(RawRedisConnection, sees_the_server_from_outside) {
    RedisProcess server({.config = {{"maxclients", "160"}}});
    RawRedis redis({.path = server.unix_path()});
    EXPECT_EQ(redis.info("clients").at("maxclients"), "160");
    EXPECT_EQ(redis.info().at("process_id"), std::to_string(server.pid()));
    EXPECT_EQ(redis.client_list().size(), 1U);
}

TEST(RawRedisConnection, a_server_that_went_away_is_an_error_and_no_signal) {
    RedisProcess server;
    RawRedis redis({.path = server.unix_path()});
    server.kill();
    EXPECT_THROW(redis.text({"PING"}), std::runtime_error);
    EXPECT_THROW(redis.text({"PING"}), std::runtime_error);
    EXPECT_THROW(RawRedis({.path = server.unix_path()}), std::runtime_error);
}

}  // namespace
}  // namespace redoubt::lab
