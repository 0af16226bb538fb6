// The table in a text between two marks, and the picture.
#include "bench/markdown.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/plot.hpp"

namespace redoubt::bench {
namespace {

using testing::HasSubstr;

row a_row(std::string name, double ratio, transport over = transport::unix_socket) {
    return {.name = std::move(name),
            .against = "<hiredis>",
            .over = over,
            .value_bytes = 64,
            .ratio = {ratio, ratio / 2, ratio * 2},
            .ours = {1'234'567.8, 10, 20, 0.25, 0.5},
            .theirs = {999, 11, 21, 0.5},
            .bar_text = "ratio >= 1",
            .holds = ratio >= 1};
}

TEST(Markdown, has_a_line_for_each_row) {
    const auto text = markdown_of(
        {.rows = {a_row("blocking-1", 2), a_row("async-1", 0.5)}, .machine = {{"day", "today"}}}, "RESULTS.svg");
    EXPECT_THAT(text,
                HasSubstr("| `blocking-1` | <hiredis> | unix | 64 | **2.00** (1.00–4.00) | – | 1,234,568 | 999 | 10 | "
                          "20 | 0.25 | 0.50 | 0.50 | yes: ratio >= 1 |\n"));
    EXPECT_THAT(text, HasSubstr("| **no**: ratio >= 1 |\n"));
    EXPECT_THAT(text, HasSubstr("| day | today |\n"));
    EXPECT_THAT(text, HasSubstr("(RESULTS.svg)"));
}

TEST(Markdown, says_what_a_ratio_is_about_and_who_allocated) {
    auto r = a_row("cpu-async-512", 0.5);
    r.ratio_is = ratio_of::cpu_per_operation;
    r.p99_ratio = lab::spread{0.2, 0.1, 0.3};
    r.allocated_by = {{1.5, "f < g"}};
    const auto text = markdown_of({.rows = {r}}, "");
    EXPECT_THAT(text, HasSubstr("**0.50** (0.25–1.00) CPU | **0.20** (0.10–0.30) |"));
    EXPECT_THAT(text, HasSubstr("`cpu-async-512`: 1.50 for each operation in `f < g`\n"));
}

TEST(Markdown, what_is_around_the_marks_stays) {
    const auto first = between_marks("", "old\n");
    const auto text = between_marks("before\n" + first + "after\n", "new\n");
    EXPECT_THAT(text, testing::StartsWith("before\n" + std::string(mark_begin)));
    EXPECT_THAT(text, testing::EndsWith(std::string(mark_end) + "\nafter\n"));
    EXPECT_THAT(text, HasSubstr("\nnew\n"));
    EXPECT_THAT(text, testing::Not(HasSubstr("old")));
    EXPECT_EQ(between_marks(text, "new\n"), text);
}

TEST(Markdown, a_text_without_marks_is_not_touched) {
    EXPECT_THROW(between_marks("by hand\n", "new\n"), std::runtime_error);
    EXPECT_THROW(between_marks(std::string(mark_end) + std::string(mark_begin), "new\n"), std::runtime_error);
}

TEST(Plot, has_one_line_for_a_case_and_a_dot_for_each_of_its_rows) {
    const auto svg =
        svg_of({.rows = {a_row("blocking-1", 2), a_row("blocking-1", 3, transport::tcp), a_row("x", 0.5)}});
    const auto count = [&](const std::string& part) {
        int n = 0;
        for (auto at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) ++n;
        return n;
    };
    EXPECT_EQ(count("<title>"), 3);
    EXPECT_EQ(count(">blocking-1</text>"), 1);
    EXPECT_THAT(svg, HasSubstr("<title>blocking-1, TCP, 64 bytes: 3.00 (1.50 to 6.00)</title>"));
    EXPECT_THAT(svg, HasSubstr("against &lt;hiredis&gt;"));
    EXPECT_THAT(svg, testing::Not(HasSubstr("<hiredis>")));
    EXPECT_THAT(svg, testing::EndsWith("</svg>\n"));
}

TEST(Plot, marks_the_bar_of_a_ratio_and_no_other) {
    auto r = a_row("x", 2);
    const auto marks = [&r](const char* bar_text) {
        r.bar_text = bar_text;
        const auto svg = svg_of({.rows = {r}});
        const auto at = detail::formatted("x1=\"%.1f\"", detail::plot_scale().x(4));
        const auto dash = svg.find("stroke-dasharray");
        return dash == std::string::npos                                            ? 0
               : svg.substr(svg.rfind('<', dash), 30).find(at) != std::string::npos ? 1
                                                                                    : 2;
    };
    EXPECT_EQ(marks("ratio >= 4"), 1);
    EXPECT_EQ(marks("ratio <= 4, p99_ratio <= 1"), 1);
    EXPECT_EQ(marks("ratio <= 3"), 2);
    EXPECT_EQ(marks("allocations_per_op <= 4"), 0);
    EXPECT_EQ(marks(""), 0);
}

TEST(Plot, the_scale_is_logarithmic_and_ends_at_its_edges) {
    const detail::plot_scale scale;
    EXPECT_NEAR(scale.x(2) - scale.x(1), scale.x(4) - scale.x(2), 1e-9);
    EXPECT_NEAR(scale.x(1) - scale.x(0.5), scale.x(2) - scale.x(1), 1e-9);
    EXPECT_EQ(scale.x(1e9), scale.right);
    EXPECT_EQ(scale.x(0), scale.left);
}

TEST(Plot, nothing_to_show_is_no_picture) { EXPECT_EQ(svg_of({}), ""); }

}  // namespace
}  // namespace redoubt::bench
