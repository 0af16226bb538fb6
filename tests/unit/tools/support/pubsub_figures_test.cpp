// The promises of the scene with subscribers at and beyond their limits.
#include "tools/support/pubsub_figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr pubsub_figures good{
    .passing = {.subscribers = 100, .heard = 100, .waited_for = 33, .released = 33},
    .stream = {.messages = 1'500, .gaps = 1, .after_gap = 1, .missing_told = 40},
    .kills = 1,
};

TEST(PubsubFigures, a_told_gap_is_no_broken_promise) { EXPECT_THAT(good.promises_broken(), ElementsAre()); }

struct violation {
    void (*seed)(pubsub_figures&);
    const char* sentence;
};

class PubsubPromise : public testing::TestWithParam<violation> {};

TEST_P(PubsubPromise, is_judged_alone) {
    auto figures = good;
    GetParam().seed(figures);
    EXPECT_THAT(figures.promises_broken(), ElementsAre(HasSubstr(GetParam().sentence)));
}

INSTANTIATE_TEST_SUITE_P(
    table, PubsubPromise,
    testing::Values(
        violation{[](auto& f) { f.passing.subscribers = f.passing.heard = 99; }, "99 of 100 subscribers came and went"},
        violation{[](auto& f) { f.passing.heard = 98; }, "98 of 100 subscribers received their message"},
        violation{[](auto& f) { f.passing.released = 32; }, "32 of 33 that waited in next() were released"},
        violation{[](auto& f) { f.passing.errors = 1; }, "1 calls failed"},
        violation{[](auto& f) { f.publish_errors = 2; }, "2 calls failed"},
        violation{[](auto& f) { f.stream.gaps = 0; }, "told of 0 gaps, its connection was killed 1 times"},
        violation{[](auto& f) { f.stream.gaps = 2; }, "told of 2 gaps, its connection was killed 1 times"},
        violation{[](auto& f) { f.kills = 2; }, "told of 1 gaps, its connection was killed 2 times"},
        violation{[](auto& f) { f.kills = f.stream.gaps = 0; }, "was not killed"},
        violation{[](auto& f) { f.stream.after_gap = 0; }, "heard nothing after the gap"},
        violation{[](auto& f) { f.stream.missing_untold = 3; }, "3 messages are missing"},
        violation{[](auto& f) { f.stream.repeated = 4; }, "4 messages came to the survivor again or out of order"},
        violation{[](auto& f) { f.left_over = 1; }, "1 connections of subscribers are left over"},
        violation{[](auto& f) { f.subscriptions_left = 5; }, "5 subscriptions are left over"}));

TEST(PubsubFigures, json_has_every_field) {
    auto figures = good;
    figures.passing.errors = 2;
    figures.publish_errors = 3;
    figures.left_over = 4;
    figures.subscriptions_left = 5;
    figures.stream.missing_untold = 6;
    figures.stream.repeated = 7;
    EXPECT_EQ(one_line(figures.json()),
              R"({"subscribers":100,"left_over":4,"gaps_reported":1,"kills":1,"heard":100,"waited_for":33,)"
              R"("released":33,"messages":1500,"after_gap":1,"missing_told":40,"missing_untold":6,"repeated":7,)"
              R"("subscriptions_left":5,"errors":5})");
}

}  // namespace
}  // namespace redoubt::lab
