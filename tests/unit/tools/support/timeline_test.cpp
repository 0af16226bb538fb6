// The chart shows what was seen, fits, and misses no bad state that it was told.
#include "tools/support/timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr terminal_traits plain{.live = false, .colour = false, .width = 80};

int shown_columns(std::string_view text) {
    int columns = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\033')
            i = text.find('m', i);
        else if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U)
            ++columns;
    }
    return columns;
}

moment good(double at_s, std::uint64_t answered) {
    return {.at_s = at_s,
            .answered = answered,
            .connected = true,
            .breaker = breaker_state::closed,
            .health = health_state::healthy};
}

TEST(Timeline, nothing_seen_is_no_chart) {
    EXPECT_THAT(Timeline().chart(plain), ElementsAre());
    EXPECT_THAT(Timeline().changes(), ElementsAre());
}

TEST(Timeline, each_moment_has_a_column_while_there_is_room) {
    Timeline timeline;
    timeline.add(good(0.1, 800));
    timeline.add({.at_s = 0.2,
                  .answered = 0,
                  .connected = false,
                  .breaker = breaker_state::open,
                  .health = health_state::unhealthy});
    timeline.add({.at_s = 0.3,
                  .answered = 10,
                  .connected = true,
                  .breaker = breaker_state::half_open,
                  .health = health_state::quarantined});
    timeline.add(good(0.4, 600));
    EXPECT_THAT(timeline.chart(plain), ElementsAre("  answers/s █ ▁▆  6,000",   //
                                                   "  connected ─█──  up",      //
                                                   "  breaker   ─█▄─  closed",  //
                                                   "  health    ─█▄─  healthy"));
}

TEST(Timeline, rates_count_the_time_between_moments) {
    Timeline timeline;
    timeline.add(good(1, 100));
    timeline.add(good(3, 200));  // twice as many in twice the time
    EXPECT_THAT(timeline.chart(plain).front(), HasSubstr("██  100"));
}

TEST(Timeline, a_single_bad_moment_among_many_is_shown) {
    Timeline timeline;
    for (int i = 1; i <= 1'000; ++i) {
        auto m = good(0.01 * i, 10);
        if (i == 500) {
            m.connected = false;
            m.breaker = breaker_state::forced_open;
            m.health = health_state::unhealthy;
        }
        timeline.add(m);
    }
    const auto rows = timeline.chart(plain);
    for (std::size_t row = 1; row < rows.size(); ++row) EXPECT_THAT(rows[row], HasSubstr("─█─")) << rows[row];
}

TEST(Timeline, it_fits_whatever_the_width) {
    Timeline timeline;
    for (int i = 1; i <= 300; ++i) {
        auto m = good(i, 123'456'789);
        if (i % 3 == 0) m.breaker = breaker_state::forced_open;
        if (i % 7 == 0) m.health = health_state::quarantined;
        timeline.add(m);
        for (const int width : {20, 43, 44, 80, 300})
            for (const bool colour : {false, true})
                for (const auto& row : timeline.chart({true, colour, width}))
                    ASSERT_LT(shown_columns(row), width) << row;
    }
}

TEST(Timeline, colours_only_where_they_can_be_shown) {
    Timeline timeline;
    timeline.add(good(1, 1));
    EXPECT_EQ(timeline.chart(plain).back().find('\033'), std::string::npos);
    EXPECT_THAT(timeline.chart({true, true, 80}).back(), HasSubstr("\033[32m"));
}

TEST(Timeline, changes_are_listed_in_order) {
    Timeline timeline;
    auto m = good(0.5, 1);
    timeline.add(m);
    m.at_s = 1.314;
    m.connected = false;
    timeline.add(m);
    m.at_s = 2;
    m.breaker = breaker_state::open;
    m.health = health_state::unhealthy;
    timeline.add(m);
    m.at_s = 2.5;
    timeline.add(m);
    timeline.add(good(3, 1));
    EXPECT_THAT(timeline.changes(),
                ElementsAre("1.31 s connection down", "2.00 s breaker open", "2.00 s health unhealthy",
                            "3.00 s connection up", "3.00 s breaker closed", "3.00 s health healthy"));
}

}  // namespace
}  // namespace redoubt::lab
