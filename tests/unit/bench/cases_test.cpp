// The plan of a benchmark run.
#include "bench/cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

const std::set<load_kind> everything{load_kind::redoubt, load_kind::hiredis, load_kind::redis_benchmark};

std::vector<std::string> names_of(const std::vector<measurement>& plan) {
    std::vector<std::string> names;
    for (const auto& m : plan) names.push_back(m.what.name);
    return names;
}

TEST(BenchPlan, quick_is_one_transport_and_one_size) {
    const auto quick = plan(all_cases(), {.quick = true}, everything);
    EXPECT_THAT(names_of(quick),
                testing::ElementsAre("blocking-1", "blocking-8", "blocking-64", "blocking-256", "async-1", "async-64",
                                     "async-512", "async-7552", "async-7552-over-512"));
    for (const auto& m : quick) {
        EXPECT_EQ(m.over, transport::unix_socket);
        EXPECT_EQ(m.value_bytes, 64U);
    }
}

TEST(BenchPlan, a_full_run_has_every_combination_once) {
    const auto full = plan(all_cases(), {}, everything);
    EXPECT_EQ(full.size(), 9U * 2 * 2);
    std::set<std::tuple<std::string, transport, std::size_t>> seen;
    for (const auto& m : full) EXPECT_TRUE(seen.insert({m.what.name, m.over, m.value_bytes}).second);
}

TEST(BenchPlan, named_cases_only_also_those_on_request) {
    const auto named = plan(all_cases(), {.quick = true, .names = {"baseline-8", "async-1"}}, everything);
    EXPECT_THAT(names_of(named), testing::ElementsAre("async-1", "baseline-8"));
}

TEST(BenchPlan, an_unknown_name_lists_the_known_ones) {
    try {
        plan(all_cases(), {.names = {"fast"}}, everything);
        FAIL() << "it was accepted";
    } catch (const std::invalid_argument& e) {
        EXPECT_THAT(e.what(), testing::HasSubstr("blocking-256"));
    }
}

TEST(BenchPlan, cases_whose_loads_are_missing_are_left_out) {
    const auto some = plan(all_cases(), {.quick = true}, {load_kind::redoubt, load_kind::hiredis});
    EXPECT_THAT(names_of(some), testing::Contains("blocking-8"));
    EXPECT_THAT(names_of(some), testing::Not(testing::Contains("async-1")));
}

TEST(BenchCases, redis_benchmark_is_never_deeper_than_512) {
    for (const auto& c : all_cases()) EXPECT_LE(c.against.pipeline, 512) << c.name;
}

}  // namespace
}  // namespace redoubt::bench
