// What is missing is told or untold, by the place of the gap.
#include "tools/support/numbered_stream.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

namespace redoubt::lab {

// GoogleTest finds it by the namespace of the type.
static void PrintTo(const stream_figures& f, std::ostream* out) {
    *out << f.messages << " messages, " << f.gaps << " gaps, " << f.after_gap << " after, " << f.repeated
         << " repeated, " << f.missing_told << " told, " << f.missing_untold << " untold";
}

namespace {

constexpr std::uint64_t gap = 0;

struct row {
    const char* name;
    std::vector<std::uint64_t> events;  ///< numbers of messages, or a gap
    std::uint64_t published;
    stream_figures expected;
};

class NumberedStreams : public testing::TestWithParam<row> {};

TEST_P(NumberedStreams, are_judged) {
    NumberedStream stream;
    for (const auto e : GetParam().events) e == gap ? stream.gap() : stream.message(e);
    EXPECT_EQ(stream.at_end(GetParam().published), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    table, NumberedStreams,
    testing::Values(
        row{"nothing", {}, 0, {}},  //
        row{"all", {1, 2, 3}, 3, {.messages = 3}}, row{"none_of_some", {}, 2, {.missing_untold = 2}},
        row{"first_missing", {3, 4}, 4, {.messages = 2, .missing_untold = 2}},
        row{"hole", {1, 5}, 5, {.messages = 2, .missing_untold = 3}},
        row{"end_missing", {1, 2}, 4, {.messages = 2, .missing_untold = 2}},
        row{"twice", {1, 2, 2, 3}, 3, {.messages = 4, .repeated = 1}},
        row{"out_of_order", {2, 1, 3}, 3, {.messages = 3, .repeated = 1, .missing_untold = 1}},
        row{"gap", {1, gap, 4, 5}, 5, {.messages = 3, .gaps = 1, .after_gap = 2, .missing_told = 2}},
        row{"gap_without_loss", {1, gap, 2}, 2, {.messages = 2, .gaps = 1, .after_gap = 1}},
        row{"gap_too_late", {1, 3, gap, 4}, 4, {.messages = 3, .gaps = 1, .after_gap = 1, .missing_untold = 1}},
        row{"gap_too_early", {1, gap, 2, 4}, 4, {.messages = 3, .gaps = 1, .after_gap = 2, .missing_untold = 1}},
        row{"repeated_after_the_gap",
            {1, 2, gap, 2, 4},
            4,
            {.messages = 4, .gaps = 1, .after_gap = 2, .repeated = 1, .missing_told = 1}},
        row{"gap_at_the_end", {1, gap}, 3, {.messages = 1, .gaps = 1, .missing_told = 2}},
        row{"two_gaps", {gap, 2, gap, 4}, 4, {.messages = 2, .gaps = 2, .after_gap = 1, .missing_told = 2}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(NumberedStream, the_last_number_is_the_highest) {
    NumberedStream stream;
    EXPECT_EQ(stream.last(), 0U);
    stream.message(5);
    stream.message(3);
    EXPECT_EQ(stream.last(), 5U);
}

TEST(NumberedStream, the_end_may_be_asked_for_again) {
    NumberedStream stream;
    stream.message(1);
    EXPECT_EQ(stream.at_end(2).missing_untold, 1U);
    EXPECT_EQ(stream.so_far().missing_untold, 0U);
    stream.message(2);
    EXPECT_EQ(stream.at_end(2).missing_untold, 0U);
}

}  // namespace
}  // namespace redoubt::lab
