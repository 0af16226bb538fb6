// The plan of a benchmark run, and the cases that it is made from.
#include "bench/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

const std::set<load_kind> everything{load_kind::redoubt, load_kind::hiredis, load_kind::redis_benchmark,
                                     load_kind::npm};

std::vector<std::string> names_of(const std::vector<measurement>& plan) {
    std::vector<std::string> names;
    for (const auto& m : plan) names.push_back(m.what.name);
    return names;
}

const bench_case& named(const std::vector<bench_case>& cases, const std::string& name) {
    return *std::find_if(cases.begin(), cases.end(), [&](const auto& c) { return c.name == name; });
}

TEST(BenchPlan, quick_is_one_transport_and_one_size) {
    const auto quick = plan(all_cases(), {.quick = true}, everything);
    EXPECT_THAT(names_of(quick),
                testing::ElementsAre("blocking-1", "blocking-8", "blocking-64", "blocking-256", "async-1", "async-64",
                                     "async-512", "async-7552", "async-7552-over-512", "coroutine-512", "cpu-async-512",
                                     "allocations-callback", "allocations-string"));
    for (const auto& m : quick) {
        EXPECT_EQ(m.over, transport::unix_socket);
        EXPECT_EQ(m.value_bytes, 64U);
    }
}

TEST(BenchPlan, a_full_run_has_every_combination_once) {
    const auto full = plan(all_cases(), {}, everything);
    EXPECT_EQ(full.size(), 11U * 2 * 2 + 2);
    std::set<std::tuple<std::string, transport, std::size_t>> seen;
    for (const auto& m : full) EXPECT_TRUE(seen.insert({m.what.name, m.over, m.value_bytes}).second);
}

TEST(BenchPlan, a_case_of_one_transport_or_size_stays_there) {
    std::set<std::pair<transport, std::size_t>> seen;
    for (const auto& m : plan(all_cases(), {.names = {"npm-redis-64"}}, everything))
        seen.insert({m.over, m.value_bytes});
    EXPECT_THAT(seen, testing::ElementsAre(std::pair(transport::tcp, 64U), std::pair(transport::tcp, 1'024U)));
    const auto quick = plan(all_cases(), {.quick = true, .names = {"npm-redis-64"}}, everything);
    ASSERT_EQ(quick.size(), 1U);
    EXPECT_EQ(quick.front().over, transport::tcp);
    EXPECT_EQ(plan(all_cases(), {.names = {"allocations-string"}}, everything).size(), 1U);
}

TEST(BenchPlan, named_cases_only_whatever_their_group) {
    const auto some = plan(all_cases(), {.quick = true, .names = {"baseline-8", "async-1"}}, everything);
    EXPECT_THAT(names_of(some), testing::ElementsAre("async-1", "baseline-8"));
}

TEST(BenchPlan, groups_and_names_add_up) {
    const auto some = plan(all_cases(), {.quick = true, .names = {"async-1"}, .groups = {"growth"}}, everything);
    EXPECT_THAT(names_of(some),
                testing::ElementsAre("async-1", "growth-inflight-64", "growth-inflight-512", "growth-inflight-1024",
                                     "growth-inflight-7552", "growth-inflight-30000", "growth-inflight-100000",
                                     "growth-connections-1", "growth-connections-10", "growth-connections-100",
                                     "growth-connections-1000"));
}

TEST(BenchPlan, an_unknown_name_lists_the_known_ones) {
    const auto refusal = [](const plan_options& options) -> std::string {
        try {
            plan(all_cases(), options, everything);
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "none";
    };
    EXPECT_THAT(refusal({.names = {"fast"}}), testing::HasSubstr("blocking-256"));
    EXPECT_EQ(refusal({.groups = {"fast"}}), "no group is named \"fast\"; there are: main, growth, npm, baseline");
}

TEST(BenchPlan, cases_whose_loads_are_missing_are_left_out) {
    const auto some = plan(all_cases(), {.quick = true}, {load_kind::redoubt, load_kind::hiredis});
    EXPECT_THAT(names_of(some), testing::Contains("blocking-8"));
    EXPECT_THAT(names_of(some), testing::Not(testing::Contains("async-1")));
    EXPECT_TRUE(plan(all_cases(), {.groups = {"npm"}}, {load_kind::redoubt}).empty());
}

TEST(BenchCases, redis_benchmark_is_never_deeper_than_512) {
    for (const auto& c : all_cases()) EXPECT_LE(c.against.pipeline, 512) << c.name;
}

TEST(BenchCases, names_are_unique) {
    std::set<std::string> names;
    for (const auto& c : all_cases()) EXPECT_TRUE(names.insert(c.name).second) << c.name;
}

TEST(BenchCases, only_baselines_have_no_bar) {
    for (const auto& c : all_cases()) EXPECT_EQ(c.bars.empty(), c.group == "baseline") << c.name;
}

TEST(BenchCases, what_a_ratio_is_about_fits_its_bar) {
    const auto cases = all_cases();
    EXPECT_EQ(named(cases, "async-512").ratio, ratio_of::rate);
    EXPECT_EQ(named(cases, "cpu-async-512").ratio, ratio_of::cpu_per_operation);
    EXPECT_EQ(text_of(named(cases, "cpu-async-512").bars), "ratio <= 0.5");
    EXPECT_EQ(text_of(named(cases, "allocations-callback").bars), "allocations_per_op <= 0");
    EXPECT_EQ(text_of(named(cases, "allocations-string").bars), "allocations_per_op <= 1");
    for (const auto& c : cases) {
        if (c.group == "growth") {
            EXPECT_EQ(c.ratio, ratio_of::time_per_operation) << c.name;
            EXPECT_EQ(text_of(c.bars), "ratio <= 1.2") << c.name;
        }
    }
}

}  // namespace
}  // namespace redoubt::bench
