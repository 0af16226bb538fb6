// Percent-encoding, both ways.
#include "core/options/percent.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

TEST(Percent, EveryByteSurvivesTheRoundTrip) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    const std::string encoded = percent_encode(bytes);
    EXPECT_EQ(encoded.find_first_of(" /?#@:&=\\"), std::string::npos);
    EXPECT_EQ(percent_decode(encoded), bytes);
}

TEST(Percent, KeepsWhatItIsToldToKeep) {
    EXPECT_EQ(percent_encode("/a b/c"), "%2Fa%20b%2Fc");
    EXPECT_EQ(percent_encode("/a b/c", "/"), "/a%20b/c");
}

TEST(Percent, DecodesBothCasesOnceAndLeavesPlusAlone) {
    EXPECT_EQ(percent_decode("%2f%2F+%2540"), "//+%40");
    EXPECT_EQ(percent_decode(""), "");
}

TEST(Percent, RefusesBrokenSequences) {
    for (const char* text : {"%", "%2", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "% 41"}) {
        EXPECT_EQ(percent_decode(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace redoubt::core
