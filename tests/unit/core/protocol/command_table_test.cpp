// Every command is found, in any case; nothing else is; keys are where the server says.
#include "core/protocol/command_table.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace redoubt::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::size_t> keys(std::vector<std::string_view> argv) {
    std::vector<std::size_t> found;
    for_each_key(argv, [&](std::size_t i) { found.push_back(i); });
    return found;
}

std::string upper(std::string_view s) {
    std::string u{s};
    for (char& c : u) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return u;
}

TEST(CommandTable, FindsEveryCommandInAnyCase) {
    ASSERT_GT(all_commands().size(), 200u);
    for (const auto& command : all_commands()) {
        EXPECT_EQ(find_command(command.name), &command) << command.name;
        EXPECT_EQ(find_command(upper(command.name)), &command) << command.name;
    }
    EXPECT_NE(find_command("gEt"), nullptr);
}

TEST(CommandTable, FindsNothingElse) {
    for (const std::string_view name : {"", "ge", "gett", "get ", " get", "GE\x14", "g\xe5t", "client|list",
                                        "nosuchcommand", "averyveryverylongnameofacommand"}) {
        EXPECT_EQ(find_command(name), nullptr) << name;
    }
    EXPECT_EQ(find_command(std::string_view{"get\0", 4}), nullptr);
}

TEST(CommandTable, KnowsTraits) {
    const auto* get = find_command("GET");
    ASSERT_NE(get, nullptr);
    EXPECT_EQ(get->arity, 2);
    EXPECT_EQ(get->first_key, 1);
    EXPECT_EQ(get->last_key, 1);
    EXPECT_EQ(get->key_step, 1);
    EXPECT_TRUE(has(get->traits, trait::readonly));
    EXPECT_FALSE(has(get->traits, trait::write));
    const auto* mset = find_command("mset");
    ASSERT_NE(mset, nullptr);
    EXPECT_EQ(mset->last_key, -1);
    EXPECT_EQ(mset->key_step, 2);
    EXPECT_TRUE(has(mset->traits, trait::write));
    EXPECT_TRUE(has(find_command("blpop")->traits, trait::blocking));
    EXPECT_TRUE(has(find_command("eval")->traits, trait::movable_keys));
}

TEST(CommandTable, KnowsSubcommands) {
    const auto* client = find_command("client");
    ASSERT_NE(client, nullptr);
    const auto* list = find_subcommand(*client, "LIST");
    ASSERT_NE(list, nullptr);
    EXPECT_EQ(list->name, "list");
    EXPECT_EQ(find_subcommand(*client, "lis"), nullptr);
    EXPECT_EQ(find_subcommand(*find_command("get"), "list"), nullptr);
    EXPECT_TRUE(has(find_subcommand(*find_command("object"), "encoding")->traits, trait::readonly));
    EXPECT_TRUE(has(kind_of(*client, "RePlY"), category::refused));
    EXPECT_TRUE(has(kind_of(*client, "no-touch"), category::connection_state));
    EXPECT_EQ(kind_of(*client, "kill"), category::none);
}

TEST(CommandTable, FindsKeysAtFixedPlaces) {
    EXPECT_THAT(keys({"GET", "k"}), ElementsAre(1));
    EXPECT_THAT(keys({"mget", "a", "b", "c"}), ElementsAre(1, 2, 3));
    EXPECT_THAT(keys({"MSET", "a", "1", "b", "2"}), ElementsAre(1, 3));
    EXPECT_THAT(keys({"BLPOP", "a", "b", "0"}), ElementsAre(1, 2));
    EXPECT_THAT(keys({"RENAME", "a", "b"}), ElementsAre(1, 2));
    EXPECT_THAT(keys({"BITOP", "AND", "d", "a", "b"}), ElementsAre(2, 3, 4));
    EXPECT_THAT(keys({"OBJECT", "ENCODING", "k"}), ElementsAre(2));
    EXPECT_THAT(keys({"XGROUP", "CREATE", "k", "g", "$"}), ElementsAre(2));
    EXPECT_THAT(keys({"PING"}), IsEmpty());
    EXPECT_THAT(keys({"OBJECT", "HELP"}), IsEmpty());
}

TEST(CommandTable, FindsKeysThatAreCountedOrNamed) {
    EXPECT_THAT(keys({"EVAL", "return 1", "2", "a", "b", "x"}), ElementsAre(3, 4));
    EXPECT_THAT(keys({"EVALSHA", "sha", "0", "x"}), IsEmpty());
    EXPECT_THAT(keys({"FCALL", "f", "1", "a"}), ElementsAre(3));
    EXPECT_THAT(keys({"ZUNIONSTORE", "d", "2", "a", "b", "WEIGHTS", "1", "2"}), ElementsAre(1, 3, 4));
    EXPECT_THAT(keys({"SINTERCARD", "2", "a", "b", "LIMIT", "1"}), ElementsAre(2, 3));
    EXPECT_THAT(keys({"BLMPOP", "0", "2", "a", "b", "LEFT"}), ElementsAre(3, 4));
    EXPECT_THAT(keys({"XREAD", "COUNT", "2", "STREAMS", "a", "b", "0", "0"}), ElementsAre(4, 5));
    EXPECT_THAT(keys({"xreadgroup", "group", "g", "c", "block", "5", "streams", "a", ">"}), ElementsAre(7));
    EXPECT_THAT(keys({"MIGRATE", "h", "1", "", "0", "5", "KEYS", "a", "b"}), ::testing::Contains(8));
    EXPECT_THAT(keys({"SORT", "a"}), ElementsAre(1));
    EXPECT_THAT(keys({"GEORADIUS", "a", "0", "0", "1", "m", "STORE", "d"}), ElementsAre(1, 7));
}

TEST(CommandTable, MalformedCommandsHaveNoKeys) {
    EXPECT_THAT(keys({}), IsEmpty());
    EXPECT_THAT(keys({"GET"}), IsEmpty());
    EXPECT_THAT(keys({"EVAL", "s"}), IsEmpty());
    EXPECT_THAT(keys({"EVAL", "s", "5", "a"}), IsEmpty());
    EXPECT_THAT(keys({"EVAL", "s", "-1", "a"}), IsEmpty());
    EXPECT_THAT(keys({"EVAL", "s", "4294967295", "a"}), IsEmpty());
    EXPECT_THAT(keys({"EVAL", "s", "1x", "a"}), IsEmpty());
    EXPECT_THAT(keys({"XREAD", "STREAMS"}), IsEmpty());
    EXPECT_THAT(keys({"XREAD", "COUNT", "1"}), IsEmpty());
    EXPECT_THAT(keys({"CLIENT"}), IsEmpty());
    EXPECT_THAT(keys({"OBJECT", "NOSUCH", "a"}), IsEmpty());
    EXPECT_THAT(keys({"nosuchcommand", "a"}), IsEmpty());
}

}  // namespace
}  // namespace redoubt::core
