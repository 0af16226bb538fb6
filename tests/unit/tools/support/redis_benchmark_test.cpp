// The output of redis-benchmark --csv is read as printed, and refused when it is something else.
#include "tools/support/redis_benchmark.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using testing::ElementsAre;

constexpr std::string_view printed =
    "\"test\",\"rps\",\"avg_latency_ms\",\"min_latency_ms\",\"p50_latency_ms\",\"p95_latency_ms\",\"p99_latency_ms\","
    "\"max_latency_ms\"\n"
    "\"SET\",\"100000.00\",\"0.145\",\"0.104\",\"0.119\",\"0.431\",\"0.432\",\"0.433\"\n"
    "\"GET\",\"300000.00\",\"0.197\",\"0.176\",\"0.191\",\"0.295\",\"0.296\",\"0.297\"\n";

TEST(RedisBenchmark, reads_every_column) {
    const auto rows = parse_benchmark_csv(printed);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].test, "SET");
    EXPECT_DOUBLE_EQ(rows[0].requests_per_s, 100'000);
    EXPECT_DOUBLE_EQ(rows[0].avg_ms, 0.145);
    EXPECT_DOUBLE_EQ(rows[0].min_ms, 0.104);
    EXPECT_DOUBLE_EQ(rows[0].p50_ms, 0.119);
    EXPECT_DOUBLE_EQ(rows[0].p95_ms, 0.431);
    EXPECT_DOUBLE_EQ(rows[0].p99_ms, 0.432);
    EXPECT_DOUBLE_EQ(rows[1].max_ms, 0.297);
}

TEST(RedisBenchmark, columns_are_found_by_name) {
    const auto rows =
        parse_benchmark_csv("\"test\",\"p50_latency_ms\",\"rps\"\r\n\"MSET (10 keys, all)\",\"2\",\"7\"\r\n");
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].test, "MSET (10 keys, all)");
    EXPECT_DOUBLE_EQ(rows[0].requests_per_s, 7);
    EXPECT_DOUBLE_EQ(rows[0].p50_ms, 2);
}

TEST(RedisBenchmark, anything_else_is_refused) {
    EXPECT_THROW(parse_benchmark_csv(""), std::runtime_error);
    EXPECT_THROW(parse_benchmark_csv("Could not connect to Redis\n"), std::runtime_error);
    EXPECT_THROW(parse_benchmark_csv("\"SET\",\"5\"\n"), std::runtime_error);
    EXPECT_THROW(parse_benchmark_csv("\"test\",\"rps\"\n\"SET\"\n"), std::runtime_error);
    EXPECT_THROW(parse_benchmark_csv("\"test\",\"rps\"\n\"SET\",\"fast\"\n"), std::runtime_error);
}

TEST(RedisBenchmark, a_mixture_runs_at_the_harmonic_mean) {
    const auto rows = parse_benchmark_csv(printed);
    EXPECT_DOUBLE_EQ((benchmark_result{rows[0], rows[1]}.mixed_requests_per_s()), 150'000);
}

TEST(RedisBenchmark, arguments_name_the_socket_or_host_and_port) {
    const benchmark_spec unix_spec{.address = {.path = "/s"}, .pipeline = 512, .requests = 7'552};
    EXPECT_THAT(benchmark_arguments(unix_spec),
                ElementsAre("redis-benchmark", "-s", "/s", "-c", "1", "-P", "512", "-n", "7552", "-d", "64", "-r",
                            "10000", "-t", "set,get", "--csv"));
    const benchmark_spec tcp_spec{.address = {.host = "127.0.0.1", .port = 7'000}, .connections = 8};
    EXPECT_THAT(benchmark_arguments(tcp_spec),
                testing::IsSupersetOf({"-h", "127.0.0.1", "-p", "7000", "-c", "8", "-P", "1"}));
}

}  // namespace
}  // namespace redoubt::lab
