// Commands as values: where their bytes live, how they are copied, what makes them malformed, what a name tells.
#include <gtest/gtest.h>

#include <redoubt/commands.hpp>
#include <string>
#include <vector>

#include "tests/unit/core/commands/expect_sends.hpp"
#include "tests/unit/core/protocol/allocation_count.hpp"

namespace redoubt {
namespace {
struct User {
    std::int64_t id = 0;
    std::string name;
};
}  // namespace

template <> struct codec<User> {
    static void encode(const User& u, writer& w) {
        if (u.id < 0) w.fail();
        w.append(u.id).append(' ').append(u.name);
    }
    static result<User> decode(reply_view v) {
        const auto space = v.text().find(' ');
        if (space == std::string_view::npos) return reply_mismatch(v, "a user");
        return User{std::stoll(std::string(v.text().substr(0, space))), std::string(v.text().substr(space + 1))};
    }
};

namespace {

using testing::AllocationCount;
using testing::expect_malformed;
using testing::resp;

static_assert(sizeof(Command<bool>) <= 168);
static_assert(std::is_nothrow_move_constructible_v<Command<bool>> && std::is_nothrow_move_assignable_v<Command<bool>>);
static_assert(std::is_same_v<decltype(cmd.get("k")), Command<std::optional<std::string>>>);
static_assert(std::is_same_v<decltype(command("X").as<int>()), Command<int>>);

// A command whose bytes are `size` in all: "*2\r\n$4\r\nECHO\r\n" + "$<nn>\r\n" + text + "\r\n".
Command<std::string> of_size(std::size_t size) {
    const std::size_t around = 14 + (size >= 14 + 7 + 100 + 1 ? 6 : 5) + 2;
    return cmd.echo(std::string(size - around, 'x'));
}

TEST(CommandBytes, GetAndSetOfUsualSizesAllocateNothing) {
    const std::string key(16, 'k');
    const std::string value(64, 'v');
    const AllocationCount count;
    const auto get = cmd.get(key);
    const auto set = cmd.set(key, value);
    const auto copy = set;
    const auto incr = command("INCRBY", key, 12);
    EXPECT_EQ(count.so_far().allocations, 0U);
    EXPECT_EQ(get.heap_bytes() + set.heap_bytes() + copy.heap_bytes() + incr.heap_bytes(), 0U);
    EXPECT_EQ(copy.bytes(), resp({"SET", key, value}));
}

TEST(CommandBytes, LeaveTheObjectAtOneByteTooMany) {
    const auto last = of_size(128);
    const auto first = of_size(129);
    ASSERT_EQ(last.bytes().size(), 128U);
    ASSERT_EQ(first.bytes().size(), 129U);
    EXPECT_EQ(last.heap_bytes(), 0U);
    EXPECT_GE(first.heap_bytes(), 129U);
    EXPECT_EQ(first.bytes().substr(0, 14), last.bytes().substr(0, 14));
}

TEST(CommandBytes, CopiesAreDeep) {
    for (const std::size_t size : {40U, 128U, 129U, 5000U}) {
        auto one = of_size(size);
        const auto two = one;
        EXPECT_EQ(one.bytes(), two.bytes());
        EXPECT_NE(one.bytes().data(), two.bytes().data());
        const std::string before(two.bytes());
        one = cmd.echo("other");
        EXPECT_EQ(two.bytes(), before);
    }
}

TEST(CommandBytes, MovesTakeTheHeapBlockAndLeaveNothing) {
    auto one = of_size(5000);
    const char* const block = one.bytes().data();
    const std::string bytes(one.bytes());
    const AllocationCount count;
    auto two = std::move(one);
    EXPECT_EQ(count.so_far().allocations, 0U);
    EXPECT_EQ(two.bytes().data(), block);
    EXPECT_EQ(one.bytes(), "");  // NOLINT: moved-from is documented as empty
    EXPECT_EQ(one.name(), "");
    auto three = of_size(40);
    three = std::move(two);
    EXPECT_EQ(three.bytes(), bytes);
}

TEST(CommandBytes, AssignmentBetweenAllSizes) {
    for (const std::size_t from : {40U, 129U, 5000U}) {
        for (const std::size_t to : {40U, 129U, 5000U}) {
            const auto source = of_size(from);
            auto copied = of_size(to);
            copied = source;
            EXPECT_EQ(copied.bytes(), source.bytes());
            auto moved = of_size(to);
            moved = of_size(from);
            EXPECT_EQ(moved.bytes(), source.bytes());
        }
    }
}

TEST(CommandBytes, SelfAssignmentChangesNothing) {
    for (const std::size_t size : {40U, 5000U}) {
        auto one = of_size(size);
        auto& same = one;
        one = same;
        EXPECT_EQ(one.bytes(), of_size(size).bytes());
        one = std::move(same);
        EXPECT_EQ(one.bytes(), of_size(size).bytes());
    }
}

TEST(CommandBytes, GrowOverManyArguments) {
    std::vector<std::string> keys;
    std::string expected = "*1001\r\n$3\r\nDEL\r\n";
    for (int i = 0; i != 1000; ++i) {
        keys.push_back("key:" + std::to_string(i));
        expected += "$" + std::to_string(keys.back().size()) + "\r\n" + keys.back() + "\r\n";
    }
    const auto del = cmd.del(keys);
    EXPECT_EQ(del.bytes(), expected);
    EXPECT_EQ(del.size(), 1001U);
    EXPECT_EQ(del.argument(1000), "key:999");
    EXPECT_EQ(del.argument(1001), "");
}

TEST(Command, CarriesAnyBytes) {
    const std::string binary("\0\r\n$5\r\n*\xff", 9);
    const auto set = cmd.set(binary, binary);
    EXPECT_EQ(set.bytes(), resp({"SET", binary, binary}));
    EXPECT_EQ(set.argument(1), binary);
    EXPECT_EQ(set.argument(2), binary);
    EXPECT_EQ(cmd.set("", "").bytes(), resp({"SET", "", ""}));
}

TEST(Command, WritesNumbersInTheirShortestForm) {
    const auto all =
        command("X", 0, -1, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::uint64_t>::max(), 0.1,
                1e300, -0.5, std::numeric_limits<double>::infinity());
    EXPECT_EQ(all.bytes(),
              resp({"X", "0", "-1", "-9223372036854775808", "18446744073709551615", "0.1", "1e+300", "-0.5", "inf"}));
}

TEST(Command, UserTypesGoThroughTheirCodecBothWays) {
    const auto set = cmd.set("u:7", User{7, "Ann"});
    EXPECT_EQ(set.bytes(), resp({"SET", "u:7", "7 Ann"}));
    const auto read = cmd.get<User>("u:7").read(reply::string("7 Ann"));
    ASSERT_TRUE(read && *read);
    EXPECT_EQ((*read)->name, "Ann");
    EXPECT_EQ(cmd.get<User>("u:7").read(reply::string("x")).error(), errc::reply_type);
    EXPECT_EQ(cmd.set("u", User{7, std::string(300, 'n')}).argument(2), "7 " + std::string(300, 'n'));
}

TEST(Command, AUserTypeThatCannotBeWrittenIsNeverSent) {
    expect_malformed(cmd.set("u", User{-1, ""}), "SET: an argument that its codec could not write");
}

TEST(Command, AsChangesOnlyHowTheReplyIsRead) {
    const auto text = command("GET", "k");
    const auto number = text.as<std::int64_t>();
    EXPECT_EQ(number.bytes(), text.bytes());
    EXPECT_EQ(number.flags(), text.flags());
    EXPECT_EQ(*number.read(reply::string("12")), 12);
    EXPECT_EQ(text.read(reply::string("12"))->text(), "12");
    EXPECT_TRUE(command("SELECT", 1).as<void>().read(reply::status("OK")));
}

TEST(Command, AnUntypedReplyIsMovedNotCopied) {
    reply large = reply::string(std::string(5000, 'x'));
    const char* const bytes = large.text().data();
    const auto read = command("GET", "k").read(std::move(large));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text().data(), bytes);
}

TEST(CommandByName, OneWordTwoWordsAnyCase) {
    EXPECT_EQ(command("PING").bytes(), resp({"PING"}));
    EXPECT_EQ(command("XADD", "s", "*", "n", 1).bytes(), resp({"XADD", "s", "*", "n", "1"}));
    EXPECT_EQ(command("CLIENT LIST").bytes(), resp({"CLIENT", "LIST"}));
    EXPECT_EQ(command("client kill", "ID", 7).bytes(), resp({"client", "kill", "ID", "7"}));
    EXPECT_EQ(command("CLIENT LIST").name(), "CLIENT");
    EXPECT_EQ(command_list("DEL", std::vector<int>{1, 2}).bytes(), resp({"DEL", "1", "2"}));
    EXPECT_EQ(command_list("PING", {}).bytes(), resp({"PING"}));
}

TEST(CommandByName, IsClassified) {
    EXPECT_EQ(command("get", "k").flags(), command_flag::read_only);
    EXPECT_EQ(command("SET", "k", "v").flags(), command_flag::none);
    EXPECT_EQ(command("WATCH", "k").flags(), command_flag::connection_state);
    EXPECT_TRUE(has(command("MONITOR").flags(), command_flag::refused));
    EXPECT_TRUE(has(command("EVAL", "return 1", 0).flags(), command_flag::script));
    EXPECT_EQ(command("CLIENT LIST").flags(), command("CLIENT", "LIST").flags());
    EXPECT_TRUE(has(command("CLIENT SETNAME", "n").flags(), command_flag::connection_state));
    EXPECT_TRUE(has(command("CLIENT", "REPLY", "OFF").flags(), command_flag::refused));
}

TEST(CommandByName, AnUnknownOneIsSentAndTakenForAWrite) {
    const auto json = command("JSON.SET", "k", "$", "1");
    EXPECT_EQ(json.bytes(), resp({"JSON.SET", "k", "$", "1"}));
    EXPECT_FALSE(json.is_malformed());
    EXPECT_FALSE(has(json.flags(), command_flag::read_only));
    EXPECT_FALSE(has(json.flags(), command_flag::blocking));
}

TEST(CommandByName, KnowsHowLongItMayBlock) {
    struct Case {
        Command<reply> command;
        std::int64_t block_ms;
    };
    const Case cases[] = {
        {command("BLPOP", "q", 10), 10000},
        {command("blpop", "q", "0.25"), 250},
        {command("BRPOP", "q", "r", 1.5), 1500},
        {command("BLPOP", "q", 0), -1},
        {command("BLMOVE", "a", "b", "LEFT", "RIGHT", 2), 2000},
        {command("BZPOPMIN", "z", 3), 3000},
        {command("BLMPOP", 4, 1, "q", "LEFT"), 4000},
        {command("XREAD", "BLOCK", 500, "STREAMS", "s", "$"), 500},
        {command("XREADGROUP", "GROUP", "g", "c", "COUNT", 1, "BLOCK", 0, "STREAMS", "s", ">"), -1},
        {command("WAIT", 1, 100), 100},
        {command("WAIT", 1, 0), -1},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.command.bytes()));
        EXPECT_TRUE(has(c.command.flags(), command_flag::blocking));
        EXPECT_EQ(c.command.block_ms(), c.block_ms);
    }
    EXPECT_EQ(command("XREAD", "COUNT", 1, "STREAMS", "s", "0").flags(), command_flag::read_only);
    EXPECT_EQ(command("XREAD", "COUNT", 1, "STREAMS", "s", "0").block_ms(), 0);
}

TEST(CommandByName, ManyArgumentsAreClassifiedToo) {
    std::vector<std::string> queues(100, "q");
    queues.push_back("7");
    const auto blpop = command_list("BLPOP", queues);
    EXPECT_EQ(blpop.block_ms(), 7000);
    EXPECT_EQ(blpop.size(), 102U);
}

TEST(CommandByName, ANameThatCannotBeOneIsRefused) {
    using namespace std::string_view_literals;
    expect_malformed(command(""), "command(): a command begins with its name");
    expect_malformed(command(" GET", "k"), "command(): a command begins with its name");
    expect_malformed(command("GET ", "k"), "command(): its name ends with a space");
    expect_malformed(command("GE\0T"sv, "k"), "command(): its name has a control character in it");
    expect_malformed(command("GET\r\n", "k"), "command(): its name has a control character in it");
    expect_malformed(command("SET k v"), "command(): its name has more than two words: give each argument by itself");
    expect_malformed(command_list("", {}), "command_list(): a command begins with its name");
}

TEST(CommandBuilder, BuildsWhatWasAnnounced) {
    command_builder builder("ZADD", 4, command_flag::none);
    builder.add("z").word("NX").add_all({1.5, "m"});
    builder.block_ms(5);
    const Command<std::int64_t> zadd(std::move(builder).finish());
    EXPECT_EQ(zadd.bytes(), resp({"ZADD", "z", "NX", "1.5", "m"}));
    EXPECT_EQ(zadd.block_ms(), 5);
}

TEST(CommandBuilder, NoticesAnotherNumberOfArguments) {
    const char* const problem = "GET: another number of arguments than announced";
    expect_malformed(command_builder("GET", 1, command_flag::read_only).finish(), problem);
    command_builder two("GET", 1, command_flag::read_only);
    two.add("a").add("b");
    expect_malformed(std::move(two).finish(), problem);
    command_builder classified("GET", 2, command_flag::none);
    classified.add("a");
    expect_malformed(std::move(classified).finish_classified(), problem);
}

TEST(CommandBuilder, RefusesWhatWouldMakeTheServerCloseTheConnection) {
    // Never read: the size alone decides.
    const std::string_view huge(static_cast<const char*>(nullptr), command_builder::argument_bytes_max + 1);
    expect_malformed(cmd.set("k", huge), "SET: an argument of more than 512 MB");
    const std::vector<std::string_view> many(command_builder::arguments_max);
    expect_malformed(cmd.del(many), "DEL: more than 1048576 arguments");
}

TEST(CommandMalformed, CopiesKeepTheReason) {
    const auto bad = cmd.set("k", "v", {.nx = true, .xx = true});
    const auto copy = bad;
    expect_malformed(copy, bad.problem());
    EXPECT_EQ(copy.size(), 0U);
    EXPECT_EQ(copy.argument(0), "");
}

}  // namespace
}  // namespace redoubt
