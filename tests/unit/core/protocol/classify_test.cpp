// Which commands read, block, change their connection, or are refused.
#include "core/protocol/classify.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace redoubt::core {
namespace {

command_flag flags(std::vector<std::string_view> argv) { return classify(argv); }
std::int64_t blocks(std::vector<std::string_view> argv) { return block_ms(argv); }

TEST(Classify, ReadsAndWrites) {
    for (const auto& argv : std::vector<std::vector<std::string_view>>{{"GET", "k"},
                                                                       {"mget", "a"},
                                                                       {"PING"},
                                                                       {"Info"},
                                                                       {"CONFIG", "GET", "*"},
                                                                       {"CLUSTER", "slots"},
                                                                       {"OBJECT", "freq", "k"},
                                                                       {"XINFO", "STREAM", "k"},
                                                                       {"CLIENT", "ID"},
                                                                       {"SORT_RO", "k"},
                                                                       {"COMMAND", "COUNT"},
                                                                       {"XREAD", "STREAMS", "block", "0"}}) {
        EXPECT_EQ(flags(argv), command_flag::read_only) << argv[0];
    }
    for (const auto& argv :
         std::vector<std::vector<std::string_view>>{{"SET", "k", "v"},
                                                    {"INCR", "k"},
                                                    {"CONFIG", "SET", "a", "b"},
                                                    {"SORT", "k"},
                                                    {"PUBLISH", "c", "m"},
                                                    {"GETEX", "k"},
                                                    {"CONFIG"},
                                                    {"CLIENT", "KILL", "x"},
                                                    {"XREADGROUP", "GROUP", "BLOCK", "BLOCK", "STREAMS", "k", ">"},
                                                    {"CLUSTER", "FAILOVER"},
                                                    {"SCRIPT", "FLUSH"}}) {
        EXPECT_EQ(flags(argv), command_flag::none) << argv[0];
    }
}

TEST(Classify, StateOfTheConnection) {
    for (const auto* name :
         {"SUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE", "PUNSUBSCRIBE", "SSUBSCRIBE", "SUNSUBSCRIBE", "MULTI", "EXEC",
          "DISCARD",   "WATCH",       "UNWATCH",    "SELECT",       "AUTH",       "HELLO",        "RESET", "QUIT",
          "READONLY",  "READWRITE",   "ASKING",     "MONITOR",      "SYNC",       "PSYNC"}) {
        EXPECT_TRUE(has(flags({name}), command_flag::connection_state)) << name;
    }
    for (const auto* sub : {"TRACKING", "no-evict", "NO-TOUCH", "SetName", "CACHING", "REPLY"}) {
        EXPECT_TRUE(has(flags({"client", sub}), command_flag::connection_state)) << sub;
    }
    for (const auto* sub : {"LIST", "KILL", "GETNAME", "PAUSE", ""}) {
        EXPECT_FALSE(has(flags({"client", sub}), command_flag::connection_state)) << sub;
    }
    EXPECT_FALSE(has(flags({"GET", "TRACKING"}), command_flag::connection_state));
}

TEST(Classify, RefusedEverywhere) {
    EXPECT_TRUE(has(flags({"monitor"}), command_flag::refused));
    EXPECT_TRUE(has(flags({"SYNC"}), command_flag::refused));
    EXPECT_TRUE(has(flags({"PSYNC", "?", "-1"}), command_flag::refused));
    EXPECT_TRUE(has(flags({"CLIENT", "REPLY", "OFF"}), command_flag::refused));
    EXPECT_FALSE(has(flags({"CLIENT", "LIST"}), command_flag::refused));
    EXPECT_FALSE(has(flags({"MULTI"}), command_flag::refused));
}

TEST(Classify, ScriptsAndUnknownCommands) {
    EXPECT_EQ(flags({"EVAL", "s", "0"}), command_flag::script);
    EXPECT_EQ(flags({"FCALL_RO", "f", "0"}), command_flag::script | command_flag::read_only);
    EXPECT_EQ(flags({"JSON.GET", "k"}), command_flag::script);
    EXPECT_TRUE(has(flags({"MIGRATE"}), command_flag::script));
    EXPECT_FALSE(has(flags({"SCRIPT", "LOAD", "s"}), command_flag::script));
    EXPECT_EQ(flags({}), command_flag::malformed);
    EXPECT_EQ(flags({""}), command_flag::malformed);
}

TEST(Classify, BlockingAndForHowLong) {
    EXPECT_EQ(flags({"BLPOP", "k", "1"}), command_flag::blocking);
    EXPECT_EQ(flags({"XREAD", "BLOCK", "5", "STREAMS", "k", "$"}), command_flag::blocking | command_flag::read_only);
    EXPECT_EQ(flags({"XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "block", "5", "STREAMS", "k", ">"}),
              command_flag::blocking);
    EXPECT_TRUE(has(flags({"WAIT", "1", "0"}), command_flag::blocking));
    EXPECT_TRUE(has(flags({"WAITAOF", "1", "0", "0"}), command_flag::blocking));

    EXPECT_EQ(blocks({"BLPOP", "k", "1.5"}), 1500);
    EXPECT_EQ(blocks({"BLPOP", "k", "0"}), -1);
    EXPECT_EQ(blocks({"BZPOPMIN", "a", "b", "0.0001"}), 1);
    EXPECT_EQ(blocks({"BLMOVE", "a", "b", "LEFT", "RIGHT", "2"}), 2000);
    EXPECT_EQ(blocks({"BRPOPLPUSH", "a", "b", "3"}), 3000);
    EXPECT_EQ(blocks({"BLMPOP", "0.25", "1", "k", "LEFT"}), 250);
    EXPECT_EQ(blocks({"BZMPOP", "4", "1", "k", "MIN"}), 4000);
    EXPECT_EQ(blocks({"WAIT", "2", "70"}), 70);
    EXPECT_EQ(blocks({"WAITAOF", "1", "0", "80"}), 80);
    EXPECT_EQ(blocks({"XREAD", "COUNT", "BLOCK", "BLOCK", "90", "STREAMS", "k", "0"}), 90);
    EXPECT_EQ(blocks({"XREAD", "BLOCK", "0", "STREAMS", "k", "0"}), -1);
    EXPECT_EQ(blocks({"XREAD", "STREAMS", "BLOCK", "0"}), 0);
    for (const std::string_view wrong : {"", "x", "1x", "-1", "nan"})
        EXPECT_EQ(blocks({"BLPOP", "k", wrong}), 0) << wrong;
    EXPECT_EQ(blocks({"BLPOP", "k", "1e300"}), -1);
    EXPECT_EQ(blocks({"GET", "k", "5"}), 0);
    EXPECT_EQ(blocks({"BLPOP"}), 0);
}

}  // namespace
}  // namespace redoubt::core
