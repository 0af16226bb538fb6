// Commands on the server and the connection: bytes and replies.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>

#include "tests/unit/core/commands/expect_sends.hpp"

namespace redoubt {
namespace {

using testing::expect_sends;
using namespace std::chrono_literals;

TEST(ServerCommands, SendTheirWords) {
    expect_sends(cmd.ping(), {"PING"});
    expect_sends(cmd.echo("hello"), {"ECHO", "hello"});
    expect_sends(cmd.info(), {"INFO"});
    expect_sends(cmd.info("memory"), {"INFO", "memory"});
    expect_sends(cmd.dbsize(), {"DBSIZE"});
    expect_sends(cmd.time(), {"TIME"});
    expect_sends(cmd.flushdb(), {"FLUSHDB"});
    expect_sends(cmd.flushdb(flush_mode::async), {"FLUSHDB", "ASYNC"});
    expect_sends(cmd.flushall(), {"FLUSHALL"});
    expect_sends(cmd.flushall(flush_mode::sync), {"FLUSHALL", "SYNC"});
    expect_sends(cmd.object_encoding("k"), {"OBJECT", "ENCODING", "k"});
    expect_sends(cmd.memory_usage("k"), {"MEMORY", "USAGE", "k"});
    expect_sends(cmd.client_id(), {"CLIENT", "ID"});
    expect_sends(cmd.client_list(), {"CLIENT", "LIST"});
    expect_sends(cmd.client_getname(), {"CLIENT", "GETNAME"});
    expect_sends(cmd.config_get("max*"), {"CONFIG", "GET", "max*"});
}

TEST(ServerCommands, ReadTheClock) {
    const auto time = cmd.time();
    EXPECT_EQ(*time.read(reply::array({reply::string("1700000000"), reply::string("12345")})),
              std::chrono::system_clock::time_point(1700000000s + 12345us));
    EXPECT_FALSE(time.read(reply::array({reply::string("now"), reply::string("0")})));
    EXPECT_EQ(time.read(reply::array({reply::string("1700000000")})).error(), errc::reply_type);
    EXPECT_EQ(time.read(reply::nil()).error(), errc::reply_type);
}

TEST(ServerCommands, ReadTexts) {
    EXPECT_EQ(*cmd.ping().read(reply::status("PONG")), "PONG");
    EXPECT_EQ(*cmd.client_getname().read(reply::nil()), std::nullopt);
    EXPECT_EQ(*cmd.config_get("m*").read(reply::array({reply::string("maxmemory"), reply::string("0")})),
              (std::map<std::string, std::string>{{"maxmemory", "0"}}));
    EXPECT_TRUE(cmd.flushdb().read(reply::status("OK")));
}

}  // namespace
}  // namespace redoubt
