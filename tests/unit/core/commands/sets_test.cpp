// Commands on sets: bytes and replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_malformed;
using testing::expect_sends;

TEST(SetCommands, SendTheirWords) {
    expect_sends(cmd.sadd("k", "m"), {"SADD", "k", "m"});
    expect_sends(cmd.sadd("k", {"m", 2}), {"SADD", "k", "m", "2"});
    expect_sends(cmd.srem("k", {"m", "n"}), {"SREM", "k", "m", "n"});
    expect_sends(cmd.smembers("k"), {"SMEMBERS", "k"});
    expect_sends(cmd.sismember("k", "m"), {"SISMEMBER", "k", "m"});
    expect_sends(cmd.smismember("k", {"m", "n"}), {"SMISMEMBER", "k", "m", "n"});
    expect_sends(cmd.scard("k"), {"SCARD", "k"});
    expect_sends(cmd.spop("k"), {"SPOP", "k"});
    expect_sends(cmd.spop("k", 2), {"SPOP", "k", "2"});
    expect_sends(cmd.srandmember("k"), {"SRANDMEMBER", "k"});
    expect_sends(cmd.srandmember("k", -2), {"SRANDMEMBER", "k", "-2"});
    expect_sends(cmd.smove("a", "b", "m"), {"SMOVE", "a", "b", "m"});
    expect_sends(cmd.sscan("k", 8, {.match = "m*"}), {"SSCAN", "k", "8", "MATCH", "m*"});
}

TEST(SetCommands, Algebra) {
    expect_sends(cmd.sunion({"a", "b"}), {"SUNION", "a", "b"});
    expect_sends(cmd.sinter({"a", "b"}), {"SINTER", "a", "b"});
    expect_sends(cmd.sdiff({"a", "b"}), {"SDIFF", "a", "b"});
    expect_sends(cmd.sunionstore("to", {"a", "b"}), {"SUNIONSTORE", "to", "a", "b"});
    expect_sends(cmd.sinterstore("to", {"a", "b"}), {"SINTERSTORE", "to", "a", "b"});
    expect_sends(cmd.sdiffstore("to", {"a", "b"}), {"SDIFFSTORE", "to", "a", "b"});
    expect_sends(cmd.sintercard({"a", "b"}), {"SINTERCARD", "2", "a", "b"});
    expect_sends(cmd.sintercard("a", 9), {"SINTERCARD", "1", "a", "LIMIT", "9"});
    expect_malformed(cmd.sintercard({}), "SINTERCARD: its list of keys is empty");
    expect_malformed(cmd.sunion({}), "SUNION: its list of arguments is empty");
}

TEST(SetCommands, ReadMembers) {
    const reply two = reply::array({reply::string("1"), reply::string("2")});
    EXPECT_EQ(*cmd.smembers<std::int64_t>("k").read(reply(two)), (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(*cmd.smismember("k", {"a", "b"}).read(reply::array({reply::integer(1), reply::integer(0)})),
              (std::vector<bool>{true, false}));
    const auto page = cmd.sscan<std::int64_t>("k", 0).read(reply::array({reply::string("0"), two}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->items, (std::vector<std::int64_t>{1, 2}));
    EXPECT_TRUE(page->last());
}

}  // namespace
}  // namespace redoubt
