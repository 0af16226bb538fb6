// Bars: which side of the limit holds, and what cannot be judged.
#include "bench/bars.hpp"

#include <gtest/gtest.h>

namespace redoubt::bench {
namespace {

struct judged {
    bar what;
    judged_figures figures;
    std::optional<bool> expected;
};

TEST(Bars, hold_on_their_side_of_the_limit) {
    const judged table[] = {
        {at_least(figure::ratio, 1.3), {.ratio = 1.31}, true},
        {at_least(figure::ratio, 1.3), {.ratio = 1.3}, true},
        {at_least(figure::ratio, 1.3), {.ratio = 1.29}, false},
        {at_most(figure::ratio, 0.5), {.ratio = 0.5}, true},
        {at_most(figure::ratio, 0.5), {.ratio = 0.51}, false},
        {at_most(figure::p99_ratio, 1), {.ratio = 9, .p99_ratio = 0.9}, true},
        {at_most(figure::p99_ratio, 1), {.ratio = 0, .p99_ratio = 1.1}, false},
        {at_most(figure::p99_ratio, 1), {.ratio = 0}, std::nullopt},
        {at_most(figure::allocations, 0), {.allocations = 0.0004}, true},
        {at_most(figure::allocations, 0), {.allocations = 0.001}, false},
        {at_most(figure::allocations, 0), {}, std::nullopt},
    };
    for (const auto& [what, figures, expected] : table) EXPECT_EQ(holds(what, figures), expected) << text_of({what});
}

TEST(Bars, one_that_is_missed_decides) {
    const auto ratio = at_least(figure::ratio, 3);
    const auto p99 = at_most(figure::p99_ratio, 1);
    EXPECT_EQ(all_hold({ratio, p99}, {.ratio = 4, .p99_ratio = 0.5}), true);
    EXPECT_EQ(all_hold({ratio, p99}, {.ratio = 2, .p99_ratio = 0.5}), false);
    EXPECT_EQ(all_hold({ratio, p99}, {.ratio = 4, .p99_ratio = 2}), false);
    EXPECT_EQ(all_hold({p99, ratio}, {.ratio = 2}), false);
    EXPECT_EQ(all_hold({p99, ratio}, {.ratio = 4}), std::nullopt);
    EXPECT_EQ(all_hold({}, {.ratio = 4}), std::nullopt);
}

TEST(Bars, are_told_in_words) {
    EXPECT_EQ(text_of({at_least(figure::ratio, 3), at_most(figure::p99_ratio, 0.5)}), "ratio >= 3, p99_ratio <= 0.5");
    EXPECT_EQ(text_of({}), "");
}

}  // namespace
}  // namespace redoubt::bench
