// Durations that were measured.
#include "core/stack/duration_text.hpp"

#include <gtest/gtest.h>

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;

TEST(RoundedDurationText, KeepsWhatAReaderNeeds) {
    const std::pair<std::chrono::nanoseconds, const char*> table[] = {
        {0ns, "0ms"},      {499us, "0ms"},     {500us, "1ms"},     {924'400us, "924ms"}, {999'600us, "1s"},
        {1s, "1s"},        {2134ms, "2100ms"}, {2150ms, "2200ms"}, {9940ms, "9900ms"},   {9960ms, "10s"},
        {12'345ms, "12s"}, {59'700ms, "1min"}, {61s, "61s"},       {120s, "2min"},       {3600s, "1h"},
    };
    for (const auto& [given, text] : table) EXPECT_EQ(rounded_duration_text(given), text) << given.count();
}

}  // namespace
}  // namespace redoubt::core
