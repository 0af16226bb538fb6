// What a terminal can show, and that nothing is ever wider than it.
#include "tools/support/terminal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace redoubt::lab {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

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

std::string written(terminal_traits traits, void (*write)(Screen&), std::chrono::milliseconds refresh = 50ms) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
    {
        Screen screen(file.get(), traits, refresh);
        write(screen);
    }
    std::string text(static_cast<std::size_t>(std::ftell(file.get())), '\0');
    std::rewind(file.get());
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    return text;
}

TEST(Terminal, is_live_only_on_a_terminal_that_can_redraw) {
    EXPECT_TRUE(terminal_traits::decide(true, "xterm", nullptr, 80).live);
    EXPECT_FALSE(terminal_traits::decide(false, "xterm", nullptr, 80).live);
    EXPECT_FALSE(terminal_traits::decide(true, "dumb", nullptr, 80).live);
    EXPECT_FALSE(terminal_traits::decide(true, nullptr, nullptr, 80).live);
}

TEST(Terminal, colours_honour_no_color_when_it_is_not_empty) {
    EXPECT_TRUE(terminal_traits::decide(true, "xterm", nullptr, 80).colour);
    EXPECT_TRUE(terminal_traits::decide(true, "xterm", "", 80).colour);
    EXPECT_FALSE(terminal_traits::decide(true, "xterm", "1", 80).colour);
    EXPECT_TRUE(terminal_traits::decide(true, "xterm", "1", 80).live);
    EXPECT_FALSE(terminal_traits::decide(false, "xterm", nullptr, 80).colour);
}

TEST(Terminal, an_unknown_width_is_eighty) {
    EXPECT_EQ(terminal_traits::decide(true, "xterm", nullptr, 0).width, 80);
    EXPECT_EQ(terminal_traits::decide(true, "xterm", nullptr, 40).width, 40);
}

TEST(Terminal, a_progress_line_fits_whatever_the_width) {
    for (const int width : {20, 40, 80, 200})
        for (const bool colour : {false, true})
            for (const std::uint64_t done : {0U, 1U, 3'776U, 7'552U, 9'999U}) {
                const progress_state state{"a label of some length", done, 7'552, "159 answered, 3,617 refused so far"};
                const auto line = progress_line(state, {true, colour, width});
                EXPECT_LT(shown_columns(line), width) << line;
            }
}

TEST(Terminal, a_progress_line_says_how_far) {
    const auto half = progress_line({"storm", 50, 100, "note"}, {true, false, 80});
    EXPECT_THAT(half, HasSubstr("storm"));
    EXPECT_THAT(half, HasSubstr(" 50 %"));
    EXPECT_THAT(half, HasSubstr("note"));
    EXPECT_THAT(progress_line({"storm", 0, 0}, {true, false, 80}), HasSubstr("  0 %"));
}

TEST(Terminal, texts_are_cut_between_characters) {
    EXPECT_EQ(cut("abcdef", 6), "abcdef");
    EXPECT_EQ(cut("abcdef", 4), "abc…");
    EXPECT_EQ(cut("äöüß", 3), "äö…");
    EXPECT_EQ(cut("abc", 0), "");
}

TEST(Terminal, piped_output_has_plain_lines_only) {
    const auto text = written({false, false, 80}, [](Screen& screen) {
        screen.progress({"storm", 1, 2});
        screen.line(screen.paint("done", tone::good));
    });
    EXPECT_EQ(text, "done\n");
}

TEST(Terminal, the_live_line_is_gone_before_a_permanent_one_and_at_the_end) {
    const auto text = written({true, false, 40}, [](Screen& screen) {
        screen.progress({"storm", 1, 2});
        screen.line("done");
        screen.progress({"next", 1, 2});
    });
    const auto line = text.find("done\n");
    ASSERT_NE(line, std::string::npos);
    EXPECT_EQ(text.substr(line - 4, 4), "\r\033[K");
    EXPECT_TRUE(text.ends_with("\r\033[K"));
}

TEST(Terminal, several_live_lines_are_redrawn_and_taken_away_together) {
    const auto text = written({true, false, 40}, [](Screen& screen) {
        screen.live({"one", "two", "three"});
        screen.line("done");
    });
    EXPECT_EQ(text,
              "\rone\033[K\ntwo\033[K\nthree\033[K"
              "\r\033[2A\033[J"
              "done\n");
}

TEST(Terminal, live_lines_take_the_place_of_those_before) {
    const auto text = written(
        {true, false, 40},
        [](Screen& screen) {
            screen.live({"one", "two"});
            screen.live({"three", "four"});
            screen.live({"five"});
        },
        0ms);
    EXPECT_EQ(text,
              "\rone\033[K\ntwo\033[K"
              "\r\033[1Athree\033[K\nfour\033[K"
              "\r\033[1A\033[J\rfive\033[K"
              "\r\033[K");
}

TEST(Terminal, piped_output_has_no_live_lines) {
    EXPECT_EQ(written({false, false, 80}, [](Screen& screen) { screen.live({"one", "two"}); }), "");
}

TEST(Terminal, redraws_are_bounded) {
    const auto text = written({true, false, 40}, [](Screen& screen) {
        for (std::uint64_t i = 0; i < 1'000; ++i) screen.progress({"storm", i, 1'000});
    });
    EXPECT_LT(std::count(text.begin(), text.end(), '\r'), 100);
}

TEST(Terminal, numbers_are_grouped) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(7'552), "7,552");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace redoubt::lab
