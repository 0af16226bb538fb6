// Scenes are selected by name and reported as JSON.
#include "tools/support/scene.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace redoubt::lab {
namespace {

scene_outcome nothing(const scene_context&) { return {}; }

constexpr std::array programme{scene{"first", "one", true, nothing}, scene{"second", "two", false, nothing}};

TEST(Scenes, all_are_played_when_none_is_named) { EXPECT_EQ(select_scenes(programme, {}).size(), 2U); }

TEST(Scenes, named_ones_are_played_in_the_order_of_the_programme) {
    const auto chosen = select_scenes(programme, {"second", "first", "second"});
    ASSERT_EQ(chosen.size(), 2U);
    EXPECT_EQ(chosen[0].name, "first");
    EXPECT_EQ(select_scenes(programme, {"second"}).front().name, "second");
}

TEST(Scenes, an_unknown_name_lists_the_known_ones) {
    try {
        select_scenes(programme, {"third"});
        FAIL() << "it was accepted";
    } catch (const std::invalid_argument& e) {
        EXPECT_STREQ(e.what(), "no scene is named \"third\"; there are: first, second");
    }
}

TEST(Scenes, report_counts_the_broken_promises_of_all) {
    const std::array played{played_scene{"a", false, {{{"ms", 1.5}}, {"x", "y"}}},
                            played_scene{"b", false, {{{"ms", 2}}, {"z"}}}};
    EXPECT_EQ(one_line(demo_json(played)), R"({"promises_broken":3,"scenes":{"a":{"ms":1.5},"b":{"ms":2}}})");
}

TEST(Scenes, report_lists_what_was_skipped) {
    const std::array played{played_scene{"a", true}};
    EXPECT_EQ(one_line(demo_json(played)), R"({"promises_broken":0,"scenes":{},"skipped":["a"]})");
}

}  // namespace
}  // namespace redoubt::lab
