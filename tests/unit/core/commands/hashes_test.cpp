// Commands on hashes: bytes and replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_malformed;
using testing::expect_sends;

TEST(HashCommands, SendTheirFields) {
    const std::map<std::string, double> fields{{"f", 1.5}, {"g", 2}};
    expect_sends(cmd.hget("k", "f"), {"HGET", "k", "f"});
    expect_sends(cmd.hset("k", "f", 1), {"HSET", "k", "f", "1"});
    expect_sends(cmd.hset("k", {{"f", 1}, {"g", "v"}}), {"HSET", "k", "f", "1", "g", "v"});
    expect_sends(cmd.hset("k", {{"f", 1}}), {"HSET", "k", "f", "1"});
    expect_sends(cmd.hset("k", fields), {"HSET", "k", "f", "1.5", "g", "2"});
    expect_sends(cmd.hsetnx("k", "f", "v"), {"HSETNX", "k", "f", "v"});
    expect_sends(cmd.hmget("k", {"f", "g"}), {"HMGET", "k", "f", "g"});
    expect_sends(cmd.hgetall("k"), {"HGETALL", "k"});
    expect_sends(cmd.hdel("k", {"f", "g"}), {"HDEL", "k", "f", "g"});
    expect_sends(cmd.hdel("k", "f"), {"HDEL", "k", "f"});
    expect_sends(cmd.hexists("k", "f"), {"HEXISTS", "k", "f"});
    expect_sends(cmd.hkeys("k"), {"HKEYS", "k"});
    expect_sends(cmd.hvals("k"), {"HVALS", "k"});
    expect_sends(cmd.hlen("k"), {"HLEN", "k"});
    expect_sends(cmd.hstrlen("k", "f"), {"HSTRLEN", "k", "f"});
    expect_sends(cmd.hincrby("k", "f", -2), {"HINCRBY", "k", "f", "-2"});
    expect_sends(cmd.hincrbyfloat("k", "f", 2.5), {"HINCRBYFLOAT", "k", "f", "2.5"});
    expect_sends(cmd.hrandfield("k"), {"HRANDFIELD", "k"});
    expect_sends(cmd.hrandfield("k", -3), {"HRANDFIELD", "k", "-3"});
    expect_sends(cmd.hrandfield_with_values("k", 3), {"HRANDFIELD", "k", "3", "WITHVALUES"});
    expect_sends(cmd.hscan("k", 4), {"HSCAN", "k", "4"});
    expect_sends(cmd.hscan("k", 4, {.match = "f*", .count = 9}), {"HSCAN", "k", "4", "MATCH", "f*", "COUNT", "9"});
}

TEST(HashCommands, RefuseWhatMakesNoSense) {
    expect_malformed(cmd.hset("k", {"f", 1, "g"}), "HSET: the last pair has no second part");
    expect_malformed(cmd.hset("k", std::map<std::string, int>()), "HSET: its list of arguments is empty");
    expect_malformed(cmd.hmget("k", {}), "HMGET: its list of arguments is empty");
    expect_malformed(cmd.hscan("k", 0, {.type = "hash"}), "HSCAN: type is an option of SCAN alone");
}

TEST(HashCommands, ReadPairs) {
    using pairs = std::vector<std::pair<std::string, std::int64_t>>;
    const reply flat = reply::array({reply::string("f"), reply::string("1"), reply::string("g"), reply::string("2")});
    EXPECT_EQ(*cmd.hrandfield_with_values<std::int64_t>("k", 2).read(reply(flat)), (pairs{{"f", 1}, {"g", 2}}));
    const auto page = cmd.hscan<std::int64_t>("k", 0).read(reply::array({reply::string("5"), flat}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->cursor, 5U);
    EXPECT_EQ(page->items, (pairs{{"f", 1}, {"g", 2}}));
    const auto odd = cmd.hrandfield_with_values("k", 2).read(reply::array({reply::string("f")}));
    EXPECT_EQ(odd.error(), errc::reply_type);
    EXPECT_FALSE(cmd.hrandfield_with_values<std::int64_t>("k", 1).read(
        reply::array({reply::string("f"), reply::string("one")})));
}

TEST(HashCommands, ReadMapsAndNils) {
    const auto all = cmd.hgetall<std::int64_t>("k").read(reply::array({reply::string("f"), reply::string("1")}));
    EXPECT_EQ(*all, (std::map<std::string, std::int64_t>{{"f", 1}}));
    EXPECT_EQ(*cmd.hget("k", "f").read(reply::nil()), std::nullopt);
    EXPECT_TRUE(*cmd.hset("k", "f", 1).read(reply::integer(1)));
    EXPECT_FALSE(*cmd.hsetnx("k", "f", 1).read(reply::integer(0)));
}

}  // namespace
}  // namespace redoubt
