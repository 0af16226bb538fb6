// GET, SET and their relatives: bytes, options, replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_malformed;
using testing::expect_sends;
using namespace std::chrono_literals;

TEST(StringCommands, ReadAndWrite) {
    expect_sends(cmd.get("k"), {"GET", "k"});
    expect_sends(cmd.getdel("k"), {"GETDEL", "k"});
    expect_sends(cmd.getrange("k", 0, -1), {"GETRANGE", "k", "0", "-1"});
    expect_sends(cmd.setrange("k", 7, "v"), {"SETRANGE", "k", "7", "v"});
    expect_sends(cmd.append("k", "v"), {"APPEND", "k", "v"});
    expect_sends(cmd.strlen("k"), {"STRLEN", "k"});
    expect_sends(cmd.lcs("a", "b"), {"LCS", "a", "b"});
    expect_sends(cmd.lcs_length("a", "b"), {"LCS", "a", "b", "LEN"});
}

TEST(StringCommands, SeveralKeys) {
    const std::map<std::string, int> values{{"a", 1}, {"b", 2}};
    expect_sends(cmd.mget("a"), {"MGET", "a"});
    expect_sends(cmd.mget({"a", "b"}), {"MGET", "a", "b"});
    expect_sends(cmd.mset({{"a", 1}, {"b", "x"}}), {"MSET", "a", "1", "b", "x"});
    expect_sends(cmd.mset({"a", 1, "b", 2}), {"MSET", "a", "1", "b", "2"});
    expect_sends(cmd.mset(values), {"MSET", "a", "1", "b", "2"});
    expect_sends(cmd.msetnx(values), {"MSETNX", "a", "1", "b", "2"});
}

TEST(StringCommands, SeveralKeysMustBeSome) {
    expect_malformed(cmd.mget({}), "MGET: its list of arguments is empty");
    expect_malformed(cmd.mset(std::map<std::string, int>()), "MSET: its list of arguments is empty");
    expect_malformed(cmd.mset({"a", 1, "b"}), "MSET: the last pair has no second part");
}

TEST(StringCommands, SetHasOneWordForEachOption) {
    const std::chrono::sys_seconds noon(1700000000s);
    expect_sends(cmd.set("k", "v"), {"SET", "k", "v"});
    expect_sends(cmd.set("k", 5, {.ex = 10s}), {"SET", "k", "5", "EX", "10"});
    expect_sends(cmd.set("k", "v", {.ex = 2min}), {"SET", "k", "v", "EX", "120"});
    expect_sends(cmd.set("k", "v", {.px = 1500ms}), {"SET", "k", "v", "PX", "1500"});
    expect_sends(cmd.set("k", "v", {.exat = noon}), {"SET", "k", "v", "EXAT", "1700000000"});
    expect_sends(cmd.set("k", "v", {.pxat = noon + 5999us}), {"SET", "k", "v", "PXAT", "1700000000005"});
    expect_sends(cmd.set("k", "v", {.keepttl = true}), {"SET", "k", "v", "KEEPTTL"});
    expect_sends(cmd.set("k", "v", {.nx = true}), {"SET", "k", "v", "NX"});
    expect_sends(cmd.set("k", "v", {.xx = true}), {"SET", "k", "v", "XX"});
    expect_sends(cmd.set("k", "v", {.ex = 10s, .nx = true}), {"SET", "k", "v", "EX", "10", "NX"});
    expect_sends(cmd.set("k", "v", {.keepttl = true, .xx = true}), {"SET", "k", "v", "KEEPTTL", "XX"});
}

TEST(StringCommands, SetWithGet) {
    expect_sends(cmd.set_get("k", "v"), {"SET", "k", "v", "GET"});
    expect_sends(cmd.set_get("k", "v", {.px = 9ms, .xx = true}), {"SET", "k", "v", "PX", "9", "XX", "GET"});
}

TEST(StringCommands, SetRefusesWhatContradictsItself) {
    const char* const one_expiry = "SET: only one of ex, px, exat, pxat and keepttl can be given";
    expect_malformed(cmd.set("k", "v", {.nx = true, .xx = true}), "SET: nx and xx exclude each other");
    expect_malformed(cmd.set_get("k", "v", {.nx = true, .xx = true}), "SET: nx and xx exclude each other");
    expect_malformed(cmd.set("k", "v", {.ex = 1s, .px = 1ms}), one_expiry);
    expect_malformed(cmd.set("k", "v", {.ex = 1s, .keepttl = true}), one_expiry);
    expect_malformed(cmd.set("k", "v", {.ex = 0s}), "SET: the expiry must be positive");
    expect_malformed(cmd.set("k", "v", {.px = -1ms}), "SET: the expiry must be positive");
}

TEST(StringCommands, GetexHasOneWordForEachOption) {
    const std::chrono::sys_seconds noon(1700000000s);
    expect_sends(cmd.getex("k", {.ex = 10s}), {"GETEX", "k", "EX", "10"});
    expect_sends(cmd.getex("k", {.px = 10ms}), {"GETEX", "k", "PX", "10"});
    expect_sends(cmd.getex("k", {.exat = noon}), {"GETEX", "k", "EXAT", "1700000000"});
    expect_sends(cmd.getex("k", {.pxat = noon}), {"GETEX", "k", "PXAT", "1700000000000"});
    expect_sends(cmd.getex("k", {.persist = true}), {"GETEX", "k", "PERSIST"});
    expect_sends(cmd.getex("k", {}), {"GETEX", "k"});
    expect_malformed(cmd.getex("k", {.ex = 1s, .persist = true}),
                     "GETEX: only one of ex, px, exat, pxat and persist can be given");
    expect_malformed(cmd.getex("k", {.ex = -1s}), "GETEX: the expiry must be positive");
}

TEST(StringCommands, SetTellsWhetherItSet) {
    const auto set = cmd.set("k", "v", {.nx = true});
    EXPECT_TRUE(*set.read(reply::status("OK")));
    EXPECT_FALSE(*set.read(reply::nil()));
    EXPECT_EQ(set.read(reply::status("QUEUED")).error(), errc::reply_type);
    EXPECT_EQ(set.read(reply::integer(1)).error(), errc::reply_type);
}

TEST(StringCommands, GetReadsAsTheTypeAskedFor) {
    EXPECT_EQ(*cmd.get("k").read(reply::string("v")), "v");
    EXPECT_EQ(*cmd.get("k").read(reply::nil()), std::nullopt);
    EXPECT_EQ(*cmd.get<std::int64_t>("k").read(reply::string("-12")), -12);
    EXPECT_FALSE(cmd.get<std::int64_t>("k").read(reply::string("twelve")));
    const auto values = cmd.mget<std::int64_t>({"a", "b"}).read(reply::array({reply::string("1"), reply::nil()}));
    EXPECT_EQ(*values, (std::vector<std::optional<std::int64_t>>{1, std::nullopt}));
}

}  // namespace
}  // namespace redoubt
