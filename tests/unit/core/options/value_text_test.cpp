// Durations and numbers as text, both ways.
#include "core/options/value_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(DurationText, PrintsTheLargestUnitThatLosesNothing) {
    const std::pair<nanoseconds, const char*> cases[] = {{0ns, "0"},         {1ns, "1ns"},
                                                         {1500ns, "1500ns"}, {2us, "2us"},
                                                         {50ms, "50ms"},     {1500ms, "1500ms"},
                                                         {3s, "3s"},         {90s, "90s"},
                                                         {60s, "1m"},        {5min, "5m"},
                                                         {24h, "24h"},       {-5s, "-5s"},
                                                         {90min, "90m"},     {1ms + 1ns, "1000001ns"}};
    for (const auto& [value, text] : cases) {
        EXPECT_EQ(print_duration(value), text);
        EXPECT_EQ(parse_duration(text), value) << text;
    }
}

TEST(DurationText, ReadsWhatItDoesNotPrint) {
    EXPECT_EQ(parse_duration("2min"), 2min);
    EXPECT_EQ(parse_duration("0s"), 0s);
    EXPECT_EQ(parse_duration("007ms"), 7ms);
    EXPECT_EQ(parse_duration("9223372036854775807ns"), nanoseconds::max());
    EXPECT_EQ(parse_duration("2562047h"), 2562047h);
}

TEST(DurationText, RefusesEverythingElse) {
    for (const char* text : {"",
                             "s",
                             "ms",
                             "5",
                             "500",
                             "5 s",
                             " 5s",
                             "5s ",
                             "5S",
                             "1.5s",
                             "+5s",
                             "5sec",
                             "5s5s",
                             "0x5s",
                             "1e3ms",
                             "abc",
                             "--5s",
                             "5d",
                             "2562048h",
                             "9223372036854775808ns",
                             "99999999999999999999s",
                             "-2562048h"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
    EXPECT_EQ(parse_duration(std::string_view("5s\0", 3)), std::nullopt);
}

TEST(NumberText, TakesWholeNumbersOnly) {
    EXPECT_EQ(parse_number("0"), 0);
    EXPECT_EQ(parse_number("-1"), -1);
    EXPECT_EQ(parse_number("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
    for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "one", "9223372036854775808", "1,000"}) {
        EXPECT_EQ(parse_number(text), std::nullopt) << text;
    }
}

TEST(InQuotes, KeepsControlCharactersOutAndIsShort) {
    EXPECT_EQ(in_quotes("abc"), "\"abc\"");
    EXPECT_EQ(in_quotes("a\nb\x1b[31m\xff\""), "\"a?b?[31m??\"");
    EXPECT_EQ(in_quotes(std::string(40, 'x')), "\"" + std::string(40, 'x') + "\"");
    EXPECT_EQ(in_quotes(std::string(41, 'x')), "\"" + std::string(40, 'x') + "...\"");
}

}  // namespace
}  // namespace redoubt::core
