// INCR and its relatives: bytes and replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_sends;

TEST(CounterCommands, SendTheirNumbers) {
    expect_sends(cmd.incr("k"), {"INCR", "k"});
    expect_sends(cmd.decr("k"), {"DECR", "k"});
    expect_sends(cmd.incrby("k", 5), {"INCRBY", "k", "5"});
    expect_sends(cmd.incrby("k", std::numeric_limits<std::int64_t>::min()), {"INCRBY", "k", "-9223372036854775808"});
    expect_sends(cmd.decrby("k", 5), {"DECRBY", "k", "5"});
    expect_sends(cmd.incrbyfloat("k", 0.1), {"INCRBYFLOAT", "k", "0.1"});
    expect_sends(cmd.incrbyfloat("k", -3), {"INCRBYFLOAT", "k", "-3"});
}

TEST(CounterCommands, AreNeverSafeToRepeat) {
    EXPECT_FALSE(has(cmd.incr("k").flags(), command_flag::read_only));
    EXPECT_FALSE(has(cmd.incrbyfloat("k", 1).flags(), command_flag::read_only));
}

TEST(CounterCommands, ReadNumbers) {
    EXPECT_EQ(*cmd.incr("k").read(reply::integer(7)), 7);
    EXPECT_EQ(*cmd.incrbyfloat("k", 0.1).read(reply::string("10.6")), 10.6);
}

}  // namespace
}  // namespace redoubt
