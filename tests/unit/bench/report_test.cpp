// The report: what the JSON line holds, that it can be read again, and the words on a bar.
#include "bench/report_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

row full_row() {
    return {.name = "async-512",
            .against = "redis-benchmark",
            .over = transport::tcp,
            .value_bytes = 1'024,
            .ratio_is = ratio_of::cpu_per_operation,
            .ratio = {1.5, 1.25, 2},
            .p99_ratio = lab::spread{0.5, 0.25, 0.75},
            .rounds = 7,
            .ours = {1'000'000, 250.5, 600, 0.375, 0.5},
            .theirs = {500'000, 300, 700, 0.75},
            .bar_text = "ratio <= 2",
            .holds = true,
            .allocated_by = {{0.5, "f < g"}}};
}

TEST(BenchReport, has_the_promised_fields) {
    const auto line = lab::one_line(report_json({.rows = {full_row()}}));
    EXPECT_THAT(line,
                testing::StartsWith(
                    R"({"rows":[{"case":"async-512","against":"redis-benchmark","transport":"tcp","value_bytes":1024,)"
                    R"("ratio":1.5,"ratio_min":1.25,"ratio_max":2,"ops_per_s":1e+06,"p50_us":250.5,"p99_us":600,)"
                    R"("cpu_us_per_op":0.375,"allocations_per_op":0.5,)"));
}

TEST(BenchReport, can_be_read_again) {
    const report before{.rows = {full_row()}, .machine = {{"day", "today"}, {"compiler", "any"}}};
    const auto line = lab::one_line(report_json(before));
    const auto after = parse_report(line);
    EXPECT_EQ(lab::one_line(report_json(after)), line);
    EXPECT_EQ(after.machine, before.machine);
    ASSERT_EQ(after.rows.size(), 1U);
    const auto& r = after.rows.front();
    EXPECT_EQ(r.over, transport::tcp);
    EXPECT_EQ(r.ratio_is, ratio_of::cpu_per_operation);
    EXPECT_EQ(r.p99_ratio.value().max, 0.75);
    EXPECT_EQ(r.theirs.cpu_us_per_operation, 0.75);
    EXPECT_EQ(r.holds, std::optional(true));
    EXPECT_EQ(r.allocated_by, full_row().allocated_by);
}

TEST(BenchReport, unknown_figures_stay_unknown) {
    auto r = full_row();
    r.p99_ratio = {};
    r.ours.allocations_per_operation = {};
    r.holds = {};
    const auto line = lab::one_line(report_json({.rows = {r}}));
    EXPECT_THAT(line, testing::HasSubstr(R"("allocations_per_op":null)"));
    EXPECT_THAT(line, testing::HasSubstr(R"("p99_ratio":null)"));
    EXPECT_THAT(line, testing::HasSubstr(R"("holds":null)"));
    const auto back = parse_report(line).rows.front();
    EXPECT_FALSE(back.p99_ratio);
    EXPECT_FALSE(back.ours.allocations_per_operation);
    EXPECT_FALSE(back.holds);
}

TEST(BenchReport, a_line_of_before_these_fields_is_read) {
    const auto r =
        parse_report(R"({"rows":[{"case":"a","against":"b","transport":"unix","value_bytes":64,"ratio":2}]})");
    EXPECT_EQ(r.rows.front().name, "a");
    EXPECT_EQ(r.rows.front().ratio.median, 2);
    EXPECT_EQ(r.rows.front().ratio_is, ratio_of::rate);
    EXPECT_TRUE(r.machine.empty());
}

TEST(BenchReport, anything_else_is_refused) {
    for (const auto* text : {"", "{}", "[1]", R"({"rows":[{}]})", R"({"rows":[{"case":1}]})", R"({"rows":3})"})
        EXPECT_THROW(parse_report(text), std::runtime_error) << text;
}

TEST(BenchReport, says_whether_a_bar_holds) {
    auto r = full_row();
    EXPECT_EQ(verdict(r), "holds: ratio <= 2");
    r.holds = false;
    EXPECT_EQ(verdict(r), "missed: ratio <= 2");
    r.holds = {};
    EXPECT_EQ(verdict(r), "not judged: ratio <= 2");
    r.bar_text.clear();
    EXPECT_EQ(verdict(r), "");
}

}  // namespace
}  // namespace redoubt::bench
