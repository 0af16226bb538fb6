// The generated command table against what the server says of its commands.
#include "core/protocol/command_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/protocol/classify.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using core::command_info;
using core::key_count;
using core::trait;
using lab::raw_reply;

const std::map<std::string, trait> trait_of{{"write", trait::write},       {"readonly", trait::readonly},
                                            {"denyoom", trait::denyoom},   {"admin", trait::admin},
                                            {"pubsub", trait::pubsub},     {"noscript", trait::noscript},
                                            {"blocking", trait::blocking}, {"movablekeys", trait::movable_keys},
                                            {"no_multi", trait::no_multi}, {"fast", trait::fast}};

std::map<std::string, raw_reply> fields(const raw_reply& flat) {
    std::map<std::string, raw_reply> all;
    for (std::size_t i = 0; i + 1 < flat.elements.size(); i += 2) all[flat.elements[i].text] = flat.elements[i + 1];
    return all;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

using spec = std::tuple<std::string, long long, key_count, long long, long long, long long>;

/// Nothing for what the server itself cannot tell.
std::optional<spec> spec_of(const raw_reply& said) {
    const auto parts = fields(said);
    const auto begin = fields(parts.at("begin_search"));
    const auto find = fields(parts.at("find_keys"));
    const auto b = fields(begin.at("spec"));
    const auto f = fields(find.at("spec"));
    std::string keyword;
    long long start = 0;
    if (begin.at("type").text == "index") {
        start = b.at("index").integer;
    } else if (begin.at("type").text == "keyword") {
        keyword = lower(b.at("keyword").text);
        start = b.at("startfrom").integer;
    } else {
        return std::nullopt;
    }
    if (find.at("type").text == "range")
        return spec{
            keyword, start, key_count::range, f.at("lastkey").integer, f.at("keystep").integer, f.at("limit").integer};
    if (find.at("type").text == "keynum")
        return spec{keyword,
                    start,
                    key_count::told,
                    f.at("keynumidx").integer,
                    f.at("keystep").integer,
                    f.at("firstkey").integer};
    return std::nullopt;
}

class CommandTableOnServer : public RedisFixture {
protected:
    void compare(const raw_reply& said, const command_info& known) {
        const auto& e = said.elements;
        SCOPED_TRACE(e[0].text);
        EXPECT_EQ(known.name, e[0].text.substr(e[0].text.rfind('|') + 1));
        EXPECT_EQ(known.arity, e[1].integer);
        auto traits = trait::none;
        for (const auto& flag : e[2].elements)
            if (const auto t = trait_of.find(flag.text); t != trait_of.end()) traits = traits | t->second;
        EXPECT_EQ(static_cast<int>(known.traits), static_cast<int>(traits));
        EXPECT_EQ(known.first_key, e[3].integer);
        EXPECT_EQ(known.last_key, e[4].integer);
        EXPECT_EQ(known.key_step, e[5].integer);
        std::vector<spec> said_specs;
        for (const auto& s : e[8].elements)
            if (auto one = spec_of(s)) said_specs.push_back(*one);
        std::vector<spec> known_specs;
        for (const auto& s : core::key_specs_of(known))
            known_specs.emplace_back(std::string(s.keyword), s.begin, s.count, s.last_or_told, s.step,
                                     s.limit_or_first);
        EXPECT_EQ(known_specs, said_specs);
        EXPECT_EQ(known.subcommands, e[9].elements.size());
        for (const auto& sub : e[9].elements) {
            const auto& name = sub.elements[0].text;
            const auto* const found = core::find_subcommand(known, name.substr(name.rfind('|') + 1));
            if (found == nullptr) {
                ADD_FAILURE() << name << " is missing";
            } else {
                compare(sub, *found);
            }
        }
    }
};

TEST_F(CommandTableOnServer, is_what_the_server_says) {
    const auto version = watcher().info("server").at("redis_version");
    if (version.rfind("7.0.", 0) != 0) GTEST_SKIP() << "the table is of 7.0, the server is " << version;
    const auto all = watcher().command({"COMMAND"});
    ASSERT_GT(all.elements.size(), 200U);
    std::set<std::string> names;
    for (const auto& said : all.elements) {
        const auto& name = said.elements[0].text;
        names.insert(name);
        const auto* const known = core::find_command(name);
        if (known == nullptr) {
            ADD_FAILURE() << name << " is missing";
        } else {
            compare(said, *known);
        }
    }
    names.insert("waitaof");  // of a later server, kept by hand
    for (const auto& known : core::all_commands()) EXPECT_EQ(names.count(std::string(known.name)), 1U) << known.name;
}

/// What the server may hold back must never be sent where others wait behind it.
TEST_F(CommandTableOnServer, every_command_that_the_server_calls_blocking_is_one_for_us) {
    for (const auto& said : watcher().command({"COMMAND"}).elements) {
        const auto& e = said.elements;
        const bool blocking = std::any_of(e[2].elements.begin(), e[2].elements.end(),
                                          [](const auto& flag) { return flag.text == "blocking"; });
        if (!blocking) continue;
        const std::vector<std::string_view> argv{e[0].text, "BLOCK", "0", "STREAMS", "s", "$"};
        EXPECT_TRUE(has(core::classify(argv), command_flag::blocking)) << e[0].text;
    }
}

/// GETKEYS tells the keys of a whole command, however they are found.
TEST_F(CommandTableOnServer, keys_are_where_the_server_finds_them) {
    const std::vector<std::vector<std::string>> commands{{"GET", "k"},
                                                         {"SET", "k", "v", "EX", "1"},
                                                         {"MSET", "a", "1", "b", "2"},
                                                         {"DEL", "a", "b", "c"},
                                                         {"BITOP", "AND", "d", "a", "b"},
                                                         {"EVAL", "return 1", "2", "a", "b", "c"},
                                                         {"LMPOP", "2", "a", "b", "LEFT"},
                                                         {"BLPOP", "a", "b", "1"},
                                                         {"XREAD", "COUNT", "1", "STREAMS", "s", "t", "0", "0"},
                                                         {"ZUNIONSTORE", "d", "2", "a", "b"},
                                                         {"SINTERCARD", "2", "a", "b"},
                                                         {"OBJECT", "ENCODING", "k"},
                                                         {"XGROUP", "CREATE", "s", "g", "$"},
                                                         {"RENAME", "a", "b"},
                                                         {"GEORADIUS_RO", "g", "1", "1", "1", "km"},
                                                         {"MIGRATE", "h", "1", "", "0", "1", "KEYS", "a", "b"},
                                                         {"MIGRATE", "h", "1", "k", "0", "1"}};
    for (const auto& c : commands) {
        SCOPED_TRACE(testing::PrintToString(c));
        auto ask = c;
        ask.insert(ask.begin(), {"COMMAND", "GETKEYS"});
        std::vector<std::string> said;
        for (const auto& key : watcher().command(ask).elements) said.push_back(key.text);
        const std::vector<std::string_view> argv(c.begin(), c.end());
        std::vector<std::string> found;
        core::for_each_key(argv, [&](std::size_t i) {
            if (!argv[i].empty()) found.emplace_back(argv[i]);
        });
        std::sort(said.begin(), said.end());
        std::sort(found.begin(), found.end());
        EXPECT_EQ(found, said);
    }
}

}  // namespace
}  // namespace redoubt::test
