// Commands on lists: bytes, options, replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_malformed;
using testing::expect_sends;

TEST(ListCommands, SendTheirWords) {
    expect_sends(cmd.lpush("k", "v"), {"LPUSH", "k", "v"});
    expect_sends(cmd.rpush("k", {"v", 2, 0.5}), {"RPUSH", "k", "v", "2", "0.5"});
    expect_sends(cmd.lpushx("k", {"v", "w"}), {"LPUSHX", "k", "v", "w"});
    expect_sends(cmd.rpushx("k", "v"), {"RPUSHX", "k", "v"});
    expect_sends(cmd.lpop("k"), {"LPOP", "k"});
    expect_sends(cmd.lpop("k", 3), {"LPOP", "k", "3"});
    expect_sends(cmd.rpop("k"), {"RPOP", "k"});
    expect_sends(cmd.rpop("k", 3), {"RPOP", "k", "3"});
    expect_sends(cmd.llen("k"), {"LLEN", "k"});
    expect_sends(cmd.lrange("k", 0, -1), {"LRANGE", "k", "0", "-1"});
    expect_sends(cmd.lindex("k", -2), {"LINDEX", "k", "-2"});
    expect_sends(cmd.lset("k", 1, "v"), {"LSET", "k", "1", "v"});
    expect_sends(cmd.linsert("k", list_side::before, "p", "v"), {"LINSERT", "k", "BEFORE", "p", "v"});
    expect_sends(cmd.linsert("k", list_side::after, "p", "v"), {"LINSERT", "k", "AFTER", "p", "v"});
    expect_sends(cmd.lrem("k", -1, "v"), {"LREM", "k", "-1", "v"});
    expect_sends(cmd.ltrim("k", 0, 99), {"LTRIM", "k", "0", "99"});
}

TEST(ListCommands, Positions) {
    expect_sends(cmd.lpos("k", "v"), {"LPOS", "k", "v"});
    expect_sends(cmd.lpos("k", "v", {.rank = -1, .maxlen = 50}), {"LPOS", "k", "v", "RANK", "-1", "MAXLEN", "50"});
    expect_sends(cmd.lpos_all("k", "v"), {"LPOS", "k", "v", "COUNT", "0"});
    expect_sends(cmd.lpos_all("k", "v", 2, {.rank = 3}), {"LPOS", "k", "v", "RANK", "3", "COUNT", "2"});
    expect_malformed(cmd.lpos("k", "v", {.rank = 0}), "LPOS: the rank must not be 0");
}

TEST(ListCommands, Moves) {
    expect_sends(cmd.lmove("a", "b", list_end::left, list_end::right), {"LMOVE", "a", "b", "LEFT", "RIGHT"});
    expect_sends(cmd.lmove("a", "b", list_end::right, list_end::left), {"LMOVE", "a", "b", "RIGHT", "LEFT"});
    expect_sends(cmd.lmpop("a", list_end::left), {"LMPOP", "1", "a", "LEFT"});
    expect_sends(cmd.lmpop({"a", "b"}, list_end::right, 5), {"LMPOP", "2", "a", "b", "RIGHT", "COUNT", "5"});
    expect_malformed(cmd.lmpop({}, list_end::left), "LMPOP: its list of keys is empty");
    expect_malformed(cmd.lmpop("a", list_end::left, 0), "LMPOP: the count must be positive");
    expect_malformed(cmd.rpush("k", {}), "RPUSH: its list of arguments is empty");
}

TEST(ListCommands, ReadAMissingListAsEmpty) {
    EXPECT_EQ(*cmd.lpop("k").read(reply::nil()), std::nullopt);
    EXPECT_EQ(*cmd.lpop("k", 2).read(reply::nil()), std::vector<std::string>());
    EXPECT_EQ(*cmd.rpop<std::int64_t>("k", 2).read(reply::array({reply::string("1"), reply::string("2")})),
              (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(*cmd.lpos("k", "v").read(reply::nil()), std::nullopt);
    EXPECT_EQ(*cmd.lpos("k", "v").read(reply::integer(4)), 4);
}

TEST(ListCommands, ReadWhatWasPopped) {
    const auto lmpop = cmd.lmpop<std::int64_t>({"a", "b"}, list_end::left, 2);
    const auto none = lmpop.read(reply::nil());
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->has_value());
    const auto some = lmpop.read(reply::array({reply::string("b"), reply::array({reply::string("7")})}));
    ASSERT_TRUE(some && *some);
    EXPECT_EQ((*some)->key, "b");
    EXPECT_EQ((*some)->items, std::vector<std::int64_t>{7});
    EXPECT_EQ(lmpop.read(reply::array({reply::string("b")})).error(), errc::reply_type);
    EXPECT_EQ(lmpop.read(reply::integer(0)).error(), errc::reply_type);
}

}  // namespace
}  // namespace redoubt
