// The verdict over the rounds of a storm: each bar by itself.
#include "bench/storm_row.hpp"

#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

storm_result in(double ms) { return {.ms = ms, .p50_ms = 10, .p99_ms = 20, .cpu_ms = ms / 2, .connections = 1}; }

storm_row row_of(storm_result limited, storm_result free = in(100)) {
    return storm_row::of("s", {{limited, free}, {in(105), in(100)}, {limited, free}});
}

TEST(StormRow, TakesMediansAndTheWorstCounts) {
    auto odd = in(400);
    odd.errors = 2;
    odd.connections = 3;
    const auto row = storm_row::of("s", {{in(100), in(100)}, {odd, in(100)}, {in(120), in(60)}});
    EXPECT_DOUBLE_EQ(row.slower.median, 2);
    EXPECT_DOUBLE_EQ(row.slower.max, 4);
    EXPECT_DOUBLE_EQ(row.cpu_ratio, 2);
    EXPECT_DOUBLE_EQ(row.ms, 120);
    EXPECT_DOUBLE_EQ(row.free_ms, 100);
    EXPECT_DOUBLE_EQ(row.p99_over_p50, 2);
    EXPECT_EQ(row.errors, 2U);
    EXPECT_EQ(row.connections, 3U);
}

TEST(StormRow, HoldsWithinAllBars) { EXPECT_TRUE(row_of(in(109)).holds()); }

TEST(StormRow, EachBarBreaksIt) {
    EXPECT_FALSE(row_of(in(112)).holds()) << "slower";
    auto unfair = in(100);
    unfair.p99_ms = 31;
    EXPECT_FALSE(row_of(unfair).holds());
    auto wrong = in(100);
    wrong.errors = 1;
    EXPECT_FALSE(row_of(wrong).holds());
    EXPECT_FALSE(row_of(in(100), wrong).holds());
    auto many = in(100);
    many.connections = 5;
    EXPECT_FALSE(row_of(many).holds());
}

}  // namespace
}  // namespace redoubt::bench
