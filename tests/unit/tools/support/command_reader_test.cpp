// Commands come out whole, however the bytes arrive.
#include "tools/support/command_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::lab {
namespace {

using testing::ElementsAre;

TEST(CommandReader, byte_by_byte) {
    CommandReader reader;
    const std::string bytes = "*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n";
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
        reader.add({&bytes[i], 1});
        EXPECT_FALSE(reader.next()) << i;
    }
    reader.add({&bytes.back(), 1});
    EXPECT_THAT(reader.next().value(), ElementsAre("GET", "a\r\nb"));
    EXPECT_EQ(reader.rest(), "");
}

TEST(CommandReader, several_at_once) {
    CommandReader reader;
    reader.add("*1\r\n$4\r\nPING\r\n*1\r\n$0\r\n\r\n*1");
    EXPECT_THAT(reader.next().value(), ElementsAre("PING"));
    EXPECT_THAT(reader.next().value(), ElementsAre(""));
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.rest(), "*1");
}

TEST(CommandReader, anything_else_is_refused) {
    for (const auto* wrong : {"PING\r\n", "*x\r\n", "*1\r\n+OK\r\n", "*1\r\n$2\r\nabcd", "*-1\r\n"}) {
        CommandReader reader;
        reader.add(wrong);
        EXPECT_THROW(reader.next(), std::runtime_error) << wrong;
    }
}

}  // namespace
}  // namespace redoubt::lab
