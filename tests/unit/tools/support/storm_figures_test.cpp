// The promises of the storm at and beyond their limits.
#include "tools/support/storm_figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace redoubt::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr storm_figures at_the_limits{
    .errors = 0, .peak_connections = 4, .threads_ms = 35, .coroutines_ms = 35, .reference_ms = 5};

TEST(StormFigures, the_limits_themselves_hold) { EXPECT_TRUE(at_the_limits.promises_broken().empty()); }

TEST(StormFigures, each_promise_is_judged_alone) {
    auto figures = at_the_limits;
    figures.errors = 1;
    EXPECT_THAT(figures.promises_broken(), ElementsAre(HasSubstr("1 operations failed")));
    figures = at_the_limits;
    figures.peak_connections = 5;
    EXPECT_THAT(figures.promises_broken(), ElementsAre(HasSubstr("5 connections")));
    figures = at_the_limits;
    figures.threads_ms = 35.5;
    EXPECT_THAT(figures.promises_broken(), ElementsAre("the threads took 35.5 ms, promised are 35 ms"));
    figures = at_the_limits;
    figures.coroutines_ms = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(figures.promises_broken(), ElementsAre(HasSubstr("the coroutines")));
}

TEST(StormFigures, times_are_medians_errors_sums_and_connections_the_largest) {
    const std::array rounds{
        storm_round{.reference_ms = 5, .threads_ms = 30, .coroutines_ms = 22, .errors = 0, .peak_connections = 1},
        storm_round{.reference_ms = 90, .threads_ms = 400, .coroutines_ms = 20, .errors = 2, .peak_connections = 3},
        storm_round{.reference_ms = 6, .threads_ms = 31, .coroutines_ms = 500, .errors = 1, .peak_connections = 2}};
    const auto figures = storm_figures::of(rounds);
    EXPECT_EQ(figures.reference_ms, 6);
    EXPECT_EQ(figures.threads_ms, 31);
    EXPECT_EQ(figures.coroutines_ms, 22);
    EXPECT_EQ(figures.errors, 3U);
    EXPECT_EQ(figures.peak_connections, 3U);
    EXPECT_EQ(figures.operations, storm_operations);
}

TEST(StormFigures, json_has_every_field) {
    auto figures = at_the_limits;
    figures.threads_ms = 12.3456;
    EXPECT_EQ(one_line(figures.json()), R"({"operations":7552,"errors":0,"peak_connections":4,)"
                                        R"("threads_ms":12.35,"coroutines_ms":35,"reference_ms":5})");
}

}  // namespace
}  // namespace redoubt::lab
