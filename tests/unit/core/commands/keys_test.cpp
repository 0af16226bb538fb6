// Existence, expiry, names and scans: bytes, options, replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_malformed;
using testing::expect_sends;
using namespace std::chrono_literals;

TEST(KeyCommands, Names) {
    expect_sends(cmd.del("k"), {"DEL", "k"});
    expect_sends(cmd.del({"a", "b", 3}), {"DEL", "a", "b", "3"});
    expect_sends(cmd.unlink({"a", "b"}), {"UNLINK", "a", "b"});
    expect_sends(cmd.exists({"a", "a"}), {"EXISTS", "a", "a"});
    expect_sends(cmd.touch("k"), {"TOUCH", "k"});
    expect_sends(cmd.type("k"), {"TYPE", "k"});
    expect_sends(cmd.rename("a", "b"), {"RENAME", "a", "b"});
    expect_sends(cmd.renamenx("a", "b"), {"RENAMENX", "a", "b"});
    expect_sends(cmd.randomkey(), {"RANDOMKEY"});
    expect_sends(cmd.keys("user:*"), {"KEYS", "user:*"});
    expect_malformed(cmd.del(std::vector<std::string>()), "DEL: its list of arguments is empty");
}

TEST(KeyCommands, Expiry) {
    const std::chrono::sys_seconds noon(1700000000s);
    expect_sends(cmd.expire("k", 5s), {"PEXPIRE", "k", "5000"});
    expect_sends(cmd.expire("k", 1500ms, {.nx = true}), {"PEXPIRE", "k", "1500", "NX"});
    expect_sends(cmd.expire("k", 1h, {.xx = true}), {"PEXPIRE", "k", "3600000", "XX"});
    expect_sends(cmd.expire("k", 1s, {.gt = true}), {"PEXPIRE", "k", "1000", "GT"});
    expect_sends(cmd.expire("k", 1s, {.lt = true}), {"PEXPIRE", "k", "1000", "LT"});
    expect_sends(cmd.expire("k", 1s, {.xx = true, .gt = true}), {"PEXPIRE", "k", "1000", "XX", "GT"});
    expect_sends(cmd.expire("k", -1s), {"PEXPIRE", "k", "-1000"});
    expect_sends(cmd.expireat("k", noon + 1ms), {"PEXPIREAT", "k", "1700000000001"});
    expect_sends(cmd.expireat("k", noon, {.lt = true}), {"PEXPIREAT", "k", "1700000000000", "LT"});
    expect_sends(cmd.persist("k"), {"PERSIST", "k"});
    expect_sends(cmd.ttl("k"), {"PTTL", "k"});
}

TEST(KeyCommands, ExpiryRefusesWhatContradictsItself) {
    expect_malformed(cmd.expire("k", 1s, {.nx = true, .xx = true}), "PEXPIRE: nx excludes xx, gt and lt");
    expect_malformed(cmd.expire("k", 1s, {.nx = true, .gt = true}), "PEXPIRE: nx excludes xx, gt and lt");
    expect_malformed(cmd.expireat("k", {}, {.nx = true, .lt = true}), "PEXPIREAT: nx excludes xx, gt and lt");
    expect_malformed(cmd.expire("k", 1s, {.gt = true, .lt = true}), "PEXPIRE: gt and lt exclude each other");
}

TEST(KeyCommands, CopiesAndDumps) {
    using namespace std::string_view_literals;
    expect_sends(cmd.copy("a", "b"), {"COPY", "a", "b"});
    expect_sends(cmd.copy("a", "b", {.db = 3, .replace = true}), {"COPY", "a", "b", "DB", "3", "REPLACE"});
    expect_sends(cmd.dump("k"), {"DUMP", "k"});
    expect_sends(cmd.restore("k", "\0\r\n"sv), {"RESTORE", "k", "0", "\0\r\n"sv});
    expect_sends(cmd.restore("k", "d", {.ttl = 2s, .replace = true}), {"RESTORE", "k", "2000", "d", "REPLACE"});
    expect_malformed(cmd.restore("k", "d", {.ttl = -1ms}), "RESTORE: the time to live must not be negative");
}

TEST(KeyCommands, Scan) {
    expect_sends(cmd.scan(0), {"SCAN", "0"});
    expect_sends(cmd.scan(18446744073709551615U), {"SCAN", "18446744073709551615"});
    expect_sends(cmd.scan(7, {.match = "a*", .count = 100, .type = "hash"}),
                 {"SCAN", "7", "MATCH", "a*", "COUNT", "100", "TYPE", "hash"});
}

TEST(KeyCommands, TimeToLiveTellsThreeAnswersApart) {
    const auto ttl = cmd.ttl("k");
    const auto some = *ttl.read(reply::integer(1500));
    EXPECT_TRUE(some.key_exists());
    EXPECT_FALSE(some.forever());
    EXPECT_EQ(some.remaining(), 1500ms);
    const auto forever = *ttl.read(reply::integer(-1));
    EXPECT_TRUE(forever.key_exists());
    EXPECT_TRUE(forever.forever());
    EXPECT_EQ(forever.remaining(), std::nullopt);
    const auto missing = *ttl.read(reply::integer(-2));
    EXPECT_FALSE(missing.key_exists());
    EXPECT_FALSE(missing.forever());
    EXPECT_EQ(missing.remaining(), std::nullopt);
    EXPECT_EQ(ttl.read(reply::integer(-3)).error(), errc::reply_range);
    EXPECT_EQ(ttl.read(reply::nil()).error(), errc::reply_type);
}

TEST(KeyCommands, ScanReadsItsPage) {
    const auto scan = cmd.scan(0);
    const auto page = scan.read(
        reply::array({reply::string("18446744073709551615"), reply::array({reply::string("a"), reply::string("b")})}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->cursor, 18446744073709551615U);
    EXPECT_FALSE(page->last());
    EXPECT_EQ(page->items, (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(scan.read(reply::array({reply::string("0"), reply::array({})})).value().last());
}

TEST(KeyCommands, ScanRefusesOtherShapes) {
    const auto scan = cmd.scan(0);
    EXPECT_FALSE(scan.read(reply::array({reply::string("x"), reply::array({})})));
    EXPECT_FALSE(scan.read(reply::array({reply::string("18446744073709551616"), reply::array({})})));
    EXPECT_FALSE(scan.read(reply::array({reply::string(""), reply::array({})})));
    EXPECT_FALSE(scan.read(reply::array({reply::string("0"), reply::string("a")})));
    EXPECT_EQ(scan.read(reply::array({reply::string("0")})).error(), errc::reply_type);
    EXPECT_EQ(scan.read(reply::nil()).error(), errc::reply_type);
}

TEST(KeyCommands, RenameAnswersNothingButSuccess) {
    EXPECT_TRUE(cmd.rename("a", "b").read(reply::status("OK")));
    EXPECT_EQ(cmd.rename("a", "b").read(reply::integer(1)).error(), errc::reply_type);
}

}  // namespace
}  // namespace redoubt
