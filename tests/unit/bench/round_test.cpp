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
    EXPECT_DOUBLE_EQ(r.operations_per_s, 100);
    EXPECT_DOUBLE_EQ(r.against_operations_per_s, 100);
    EXPECT_EQ(r.against, "them");
}

TEST(Rounds, costs_are_per_operation) {
    auto us = at_rate(500);
    us.cpu_s = 0.003;
    us.allocations = 2'500;
    const auto r = summarise(any, {{us, at_rate(1)}});
    EXPECT_DOUBLE_EQ(r.cpu_us_per_operation, 3);
    EXPECT_DOUBLE_EQ(r.allocations_per_operation.value(), 2.5);
    EXPECT_FALSE(summarise(any, {{at_rate(1), at_rate(1)}}).allocations_per_operation);
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
