// redis-benchmark runs, and its failures are told.
#include "tools/support/redis_benchmark.hpp"

#include <gtest/gtest.h>

#include "tools/support/redis_process.hpp"

namespace redoubt::lab {
namespace {

TEST(RedisBenchmarkRun, measures_sets_and_gets) {
    RedisProcess server;
    const auto result =
        run_redis_benchmark({.address = {.path = server.unix_path()}, .pipeline = 64, .requests = 20'000, .keys = 100});
    EXPECT_GT(result.set.requests_per_s, 0);
    EXPECT_GT(result.get.requests_per_s, 0);
    EXPECT_LE(result.mixed_requests_per_s(), std::max(result.set.requests_per_s, result.get.requests_per_s));
    EXPECT_GE(RawRedis({.path = server.unix_path()}).integer({"DBSIZE"}), 50);
}

TEST(RedisBenchmarkRun, without_a_server_it_throws) {
    EXPECT_THROW(run_redis_benchmark({.address = {.path = "/nonexistent/redis.sock"}}), std::runtime_error);
}

}  // namespace
}  // namespace redoubt::lab
