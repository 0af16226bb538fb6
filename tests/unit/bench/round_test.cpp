// Rounds alternate, ratios are taken round by round, failed operations spoil a row.
#include "bench/round.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

load_result at_rate(double rate) { return {.operations = static_cast<std::uint64_t>(rate * 2), .seconds = 2}; }

const measurement any{.what = {.name = "case", .subject = {.name = "us"}, .against = {.name = "them"}}};

TEST(Rounds, sides_alternate) {
    std::string order;
    const load us = [&](const load_spec&) { return order += "u", at_rate(1); };
    const load them = [&](const load_spec&) { return order += "t", at_rate(2); };
    for (int round = 0; round < 3; ++round) {
        const auto [first, second] = run_round(round, us, {}, them, {});
        EXPECT_EQ(first.operations, 2U);
        EXPECT_EQ(second.operations, 4U);
    }
    EXPECT_EQ(order, "uttuut");
}

TEST(Rounds, the_ratio_is_the_median_of_the_ratios) {
    const auto r =
        summarise(any, {{at_rate(100), at_rate(100)}, {at_rate(300), at_rate(100)}, {at_rate(20), at_rate(10)}});
    EXPECT_DOUBLE_EQ(r.ratio.median, 2);
    EXPECT_DOUBLE_EQ(r.ratio.min, 1);
    EXPECT_DOUBLE_EQ(r.ratio.max, 3);
    EXPECT_DOUBLE_EQ(r.ours.operations_per_s, 100);
    EXPECT_DOUBLE_EQ(r.theirs.operations_per_s, 100);
    EXPECT_EQ(r.rounds, 3U);
    EXPECT_EQ(r.against, "them");
}

TEST(Rounds, costs_are_per_operation) {
    auto us = at_rate(500);
    us.cpu_s = 0.003;
    us.allocations = 2'500;
    auto them = at_rate(100);
    them.cpu_s = 0.002;
    const auto r = summarise(any, {{us, them}});
    EXPECT_DOUBLE_EQ(r.ours.cpu_us_per_operation, 3);
    EXPECT_DOUBLE_EQ(r.theirs.cpu_us_per_operation, 10);
    EXPECT_DOUBLE_EQ(r.ours.allocations_per_operation.value(), 2.5);
    EXPECT_FALSE(summarise(any, {{at_rate(1), at_rate(1)}}).ours.allocations_per_operation);
}

TEST(Rounds, a_ratio_can_be_of_processor_time_or_of_time) {
    auto us = at_rate(500);
    us.cpu_s = 0.003;
    auto them = at_rate(100);
    them.cpu_s = 0.002;
    EXPECT_DOUBLE_EQ(*ratio_between(ratio_of::rate, us, them), 5);
    EXPECT_DOUBLE_EQ(*ratio_between(ratio_of::cpu_per_operation, us, them), 0.3);
    EXPECT_DOUBLE_EQ(*ratio_between(ratio_of::time_per_operation, us, them), 0.2);
    EXPECT_FALSE(ratio_between(ratio_of::cpu_per_operation, us, at_rate(1)));
    auto by_cpu = any;
    by_cpu.what.ratio = ratio_of::cpu_per_operation;
    EXPECT_DOUBLE_EQ(summarise(by_cpu, {{us, them}}).ratio.median, 0.3);
    EXPECT_THROW(summarise(by_cpu, {{us, at_rate(1)}}), std::runtime_error);
}

TEST(Rounds, p99_is_compared_when_every_round_has_it) {
    auto us = at_rate(1);
    us.p99_us = 50;
    auto them = at_rate(1);
    them.p99_us = 200;
    EXPECT_DOUBLE_EQ(summarise(any, {{us, them}}).p99_ratio.value().median, 0.25);
    EXPECT_FALSE(summarise(any, {{us, them}, {us, at_rate(1)}}).p99_ratio);
}

TEST(Rounds, bars_are_judged_by_the_medians) {
    auto judged = any;
    judged.what.bars = {at_least(figure::ratio, 2)};
    const auto held = summarise(judged, {{at_rate(4), at_rate(1)}, {at_rate(1), at_rate(1)}, {at_rate(2), at_rate(1)}});
    EXPECT_EQ(held.holds, std::optional(true));
    EXPECT_EQ(held.bar_text, "ratio >= 2");
    EXPECT_EQ(summarise(judged, {{at_rate(1), at_rate(1)}}).holds, std::optional(false));
    EXPECT_FALSE(summarise(any, {{at_rate(1), at_rate(1)}}).holds);
}

TEST(Rounds, failures_spoil_the_row) {
    auto failed = at_rate(5);
    failed.errors = 1;
    EXPECT_THROW(summarise(any, {{failed, at_rate(5)}}), std::runtime_error);
    EXPECT_THROW(summarise(any, {{at_rate(5), failed}}), std::runtime_error);
    EXPECT_THROW(summarise(any, {{at_rate(5), load_result{}}}), std::runtime_error);
}

}  // namespace
}  // namespace redoubt::bench
