// Every typed command against a real server: what it is documented to answer is what comes back.
#include <algorithm>
#include <redoubt/client.hpp>

#include "tests/support/redis_fixture.hpp"

namespace redoubt {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

strings sorted(strings all) {
    std::sort(all.begin(), all.end());
    return all;
}

class CommandsOnServer : public test::RedisFixture {
protected:
    void SetUp() override {
        RedisFixture::SetUp();
        client = Client::open(server().url()).value();
    }
    void TearDown() override {
        client = Client();
        RedisFixture::TearDown();
    }

    Client client;
};

TEST_F(CommandsOnServer, Strings) {
    EXPECT_EQ(client.get("k").value(), std::nullopt);
    EXPECT_TRUE(client.set("k", "v").value());
    EXPECT_FALSE(client.set("k", "w", {.nx = true}).value());
    EXPECT_FALSE(client.set("none", "w", {.xx = true}).value());
    EXPECT_EQ(client.set_get("k", "w").value(), "v");
    EXPECT_EQ(client.append("k", "xyz").value(), 4);
    EXPECT_EQ(client.getrange("k", 1, -1).value(), "xyz");
    EXPECT_EQ(client.setrange("k", 1, "_").value(), 4);
    EXPECT_EQ(client.strlen("k").value(), 4);
    EXPECT_EQ(client.getex("k", {.ex = 100s}).value(), "w_yz");
    EXPECT_GT(client.ttl("k").value().remaining(), 90s);
    EXPECT_EQ(client.getdel("k").value(), "w_yz");
    ASSERT_TRUE(client.mset({{"a", 1}, {"b", "two"}}));
    EXPECT_EQ(client.mget({"a", "b", "c"}).value(),
              (std::vector<std::optional<std::string>>{"1", "two", std::nullopt}));
    EXPECT_FALSE(client.msetnx({{"c", 1}, {"a", 2}}).value());
    ASSERT_TRUE(client.mset({{"x", "ohmytext"}, {"y", "mynewtext"}}));
    EXPECT_EQ(client.lcs("x", "y").value(), "mytext");
    EXPECT_EQ(client.lcs_length("x", "y").value(), 6);
}

TEST_F(CommandsOnServer, ExpiriesOfSet) {
    const auto in_an_hour = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()) + 1h;
    ASSERT_TRUE(client.set("px", 1, {.px = 100'000ms}));
    ASSERT_TRUE(client.set("exat", 1, {.exat = in_an_hour}));
    ASSERT_TRUE(client.set("pxat", 1, {.pxat = in_an_hour}));
    EXPECT_LE(client.ttl("px").value().remaining(), 100s);
    EXPECT_GT(client.ttl("exat").value().remaining(), 59min);
    EXPECT_GT(client.ttl("pxat").value().remaining(), 59min);
    ASSERT_TRUE(client.set("px", 2, {.keepttl = true}));
    EXPECT_TRUE(client.ttl("px").value().remaining().has_value());
}

TEST_F(CommandsOnServer, Counters) {
    EXPECT_EQ(client.incr("n").value(), 1);
    EXPECT_EQ(client.incrby("n", 10).value(), 11);
    EXPECT_EQ(client.decr("n").value(), 10);
    EXPECT_EQ(client.decrby("n", 30).value(), -20);
    EXPECT_EQ(client.incrbyfloat("n", 0.5).value(), -19.5);
    const auto failed = client.incr("n");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().fate(), fate::answered);
}

TEST_F(CommandsOnServer, Keys) {
    ASSERT_TRUE(client.mset({{"a", 1}, {"b", 2}, {"c", 3}}));
    EXPECT_EQ(client.exists({"a", "b", "a", "z"}).value(), 3);
    EXPECT_EQ(client.touch({"a", "z"}).value(), 1);
    EXPECT_EQ(client.type("a").value(), "string");
    EXPECT_EQ(client.type("z").value(), "none");
    EXPECT_FALSE(client.ttl("z").value().key_exists());
    EXPECT_TRUE(client.ttl("a").value().forever());
    EXPECT_FALSE(client.persist("a").value());
    EXPECT_TRUE(client.expire("a", 100s, {.nx = true}).value());
    EXPECT_FALSE(client.expire("a", 50s, {.gt = true}).value());
    EXPECT_TRUE(client.expire("a", 50s, {.xx = true, .lt = true}).value());
    EXPECT_TRUE(client.expireat("a", std::chrono::system_clock::now() + 1h).value());
    EXPECT_TRUE(client.persist("a").value());
    EXPECT_TRUE(client.rename("a", "d"));
    EXPECT_FALSE(client.renamenx("d", "b").value());
    EXPECT_TRUE(client.copy("d", "e").value());
    EXPECT_FALSE(client.copy("d", "e").value());
    EXPECT_TRUE(client.copy("d", "e", {.replace = true}).value());
    EXPECT_TRUE(client.copy("d", "e", {.db = 1}).value());
    EXPECT_TRUE(client.randomkey().value().has_value());
    EXPECT_EQ(sorted(client.keys("[bc]").value()), (strings{"b", "c"}));
    EXPECT_EQ(client.dump("z").value(), std::nullopt);
    const auto dumped = client.dump("b").value();
    ASSERT_TRUE(dumped);
    EXPECT_FALSE(client.restore("c", *dumped));
    EXPECT_TRUE(client.restore("c", *dumped, {.ttl = 10s, .replace = true}));
    EXPECT_EQ(client.get("c").value(), "2");
    EXPECT_EQ(client.del({"b", "z"}).value(), 1);
    EXPECT_EQ(client.unlink("c").value(), 1);
}

TEST_F(CommandsOnServer, Scans) {
    std::map<std::string, int> all;
    strings expected;
    for (int i = 0; i != 500; ++i) {
        all["key:" + std::to_string(i)] = i;
        expected.push_back("key:" + std::to_string(i));
    }
    ASSERT_TRUE(client.mset(all));
    ASSERT_TRUE(client.hset("hash", all));
    ASSERT_TRUE(client.sadd("set", expected));
    strings keys;
    std::map<std::string, int> fields;
    strings members;
    for (std::uint64_t cursor = 0;;) {
        const auto page = client.scan(cursor, {.match = "key:*", .count = 50, .type = "string"}).value();
        keys.insert(keys.end(), page.items.begin(), page.items.end());
        if (page.last()) break;
        cursor = page.cursor;
    }
    for (std::uint64_t cursor = 0;;) {
        const auto page = client.hscan<int>("hash", cursor).value();
        fields.insert(page.items.begin(), page.items.end());
        if (page.last()) break;
        cursor = page.cursor;
    }
    for (std::uint64_t cursor = 0;;) {
        const auto page = client.sscan("set", cursor, {.count = 50}).value();
        members.insert(members.end(), page.items.begin(), page.items.end());
        if (page.last()) break;
        cursor = page.cursor;
    }
    expected = sorted(expected);
    EXPECT_EQ(sorted(keys), expected);
    EXPECT_EQ(sorted(members), expected);
    EXPECT_EQ(fields, all);
}

TEST_F(CommandsOnServer, Hashes) {
    EXPECT_EQ(client.hset("h", {{"name", "Ann"}, {"age", 7}}).value(), 2);
    EXPECT_FALSE(client.hset("h", "age", 8).value());
    EXPECT_FALSE(client.hsetnx("h", "age", 9).value());
    EXPECT_EQ(client.hget<int>("h", "age").value(), 8);
    EXPECT_EQ(client.hget("h", "none").value(), std::nullopt);
    EXPECT_EQ(client.hmget("h", {"name", "none"}).value(),
              (std::vector<std::optional<std::string>>{"Ann", std::nullopt}));
    EXPECT_EQ(client.hgetall("h").value(), (std::map<std::string, std::string>{{"age", "8"}, {"name", "Ann"}}));
    EXPECT_TRUE(client.hgetall("none").value().empty());
    EXPECT_TRUE(client.hexists("h", "name").value());
    EXPECT_EQ(sorted(client.hkeys("h").value()), (strings{"age", "name"}));
    EXPECT_EQ(sorted(client.hvals("h").value()), (strings{"8", "Ann"}));
    EXPECT_EQ(client.hlen("h").value(), 2);
    EXPECT_EQ(client.hstrlen("h", "name").value(), 3);
    EXPECT_EQ(client.hincrby("h", "age", -3).value(), 5);
    EXPECT_EQ(client.hincrbyfloat("h", "age", 0.25).value(), 5.25);
    EXPECT_TRUE(client.hrandfield("h").value().has_value());
    EXPECT_EQ(client.hrandfield("h", 5).value().size(), 2U);
    EXPECT_EQ(client.hrandfield_with_values("h", -5).value().size(), 5U);
    EXPECT_EQ(client.hdel("h", {"name", "none"}).value(), 1);
}

TEST_F(CommandsOnServer, Lists) {
    EXPECT_EQ(client.lpushx("l", "x").value(), 0);
    EXPECT_EQ(client.rpushx("l", "x").value(), 0);
    EXPECT_EQ(client.rpush("l", {"b", "c", "b"}).value(), 3);
    EXPECT_EQ(client.lpush("l", "a").value(), 4);
    EXPECT_EQ(client.lrange("l", 0, -1).value(), (strings{"a", "b", "c", "b"}));
    EXPECT_EQ(client.llen("l").value(), 4);
    EXPECT_EQ(client.lindex("l", -2).value(), "c");
    EXPECT_EQ(client.lindex("l", 9).value(), std::nullopt);
    EXPECT_EQ(client.lpos("l", "b").value(), 1);
    EXPECT_EQ(client.lpos("l", "b", {.rank = -1}).value(), 3);
    EXPECT_EQ(client.lpos("l", "z").value(), std::nullopt);
    EXPECT_EQ(client.lpos_all("l", "b").value(), (std::vector<std::int64_t>{1, 3}));
    EXPECT_EQ(client.lpos_all("l", "z").value(), std::vector<std::int64_t>());
    EXPECT_TRUE(client.lset("l", 0, "A"));
    EXPECT_EQ(client.linsert("l", list_side::after, "A", "B").value(), 5);
    EXPECT_EQ(client.linsert("l", list_side::before, "z", "B").value(), -1);
    EXPECT_EQ(client.lrem("l", 0, "b").value(), 2);
    EXPECT_EQ(client.lmove("l", "m", list_end::left, list_end::right).value(), "A");
    EXPECT_EQ(client.lmove("none", "m", list_end::left, list_end::right).value(), std::nullopt);
    const auto taken = client.lmpop({"none", "l"}, list_end::right, 5).value();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->key, "l");
    EXPECT_EQ(taken->items, (strings{"c", "B"}));
    EXPECT_FALSE(client.lmpop("none", list_end::left).value().has_value());
    ASSERT_TRUE(client.rpush("n", {1, 2, 3, 4, 5, 6}));
    EXPECT_TRUE(client.ltrim("n", 1, -1));
    EXPECT_EQ(client.lpop<int>("n").value(), 2);
    EXPECT_EQ(client.rpop<int>("n").value(), 6);
    EXPECT_EQ(client.rpop<int>("n", 2).value(), (std::vector<int>{5, 4}));
    EXPECT_EQ(client.lpop<int>("n", 9).value(), std::vector<int>{3});
    EXPECT_EQ(client.lpop("n", 9).value(), strings());
    EXPECT_EQ(client.lpop("n").value(), std::nullopt);
}

TEST_F(CommandsOnServer, Sets) {
    EXPECT_EQ(client.sadd("s", {"a", "b", "c", "a"}).value(), 3);
    EXPECT_EQ(client.sadd("t", {"b", "c", "d"}).value(), 3);
    EXPECT_EQ(client.srem("s", {"c", "z"}).value(), 1);
    EXPECT_EQ(sorted(client.smembers("s").value()), (strings{"a", "b"}));
    EXPECT_TRUE(client.sismember("s", "a").value());
    EXPECT_EQ(client.smismember("s", {"z", "a"}).value(), (std::vector<bool>{false, true}));
    EXPECT_EQ(client.scard("s").value(), 2);
    EXPECT_EQ(sorted(client.sunion({"s", "t"}).value()), (strings{"a", "b", "c", "d"}));
    EXPECT_EQ(client.sinter({"s", "t"}).value(), strings{"b"});
    EXPECT_EQ(client.sdiff({"s", "t"}).value(), strings{"a"});
    EXPECT_EQ(client.sunionstore("u", {"s", "t"}).value(), 4);
    EXPECT_EQ(client.sinterstore("i", {"s", "t"}).value(), 1);
    EXPECT_EQ(client.sdiffstore("d", {"t", "s"}).value(), 2);
    EXPECT_EQ(client.sintercard({"u", "t"}).value(), 3);
    EXPECT_EQ(client.sintercard({"u", "t"}, 2).value(), 2);
    EXPECT_TRUE(client.smove("s", "t", "a").value());
    EXPECT_FALSE(client.smove("s", "t", "z").value());
    EXPECT_EQ(client.srandmember("s").value(), "b");
    EXPECT_EQ(client.srandmember("s", -3).value(), (strings{"b", "b", "b"}));
    EXPECT_EQ(client.spop("s").value(), "b");
    EXPECT_EQ(client.spop("s").value(), std::nullopt);
    EXPECT_EQ(client.spop("s", 3).value(), strings());
}

TEST_F(CommandsOnServer, ServerAndConnection) {
    EXPECT_EQ(client.ping().value(), "PONG");
    EXPECT_EQ(client.echo("hello").value(), "hello");
    EXPECT_NE(client.info().value().find("redis_version:"), std::string::npos);
    EXPECT_NE(client.info("memory").value().find("used_memory:"), std::string::npos);
    ASSERT_TRUE(client.set("k", "v"));
    EXPECT_EQ(client.dbsize().value(), 1);
    const auto difference = client.time().value() - std::chrono::system_clock::now();
    EXPECT_LT(difference, 1min);
    EXPECT_GT(difference, -1min);
    EXPECT_EQ(client.object_encoding("k").value(), "embstr");
    EXPECT_EQ(client.object_encoding("none").value(), std::nullopt);
    EXPECT_GT(client.memory_usage("k").value(), 0);
    EXPECT_EQ(client.memory_usage("none").value(), std::nullopt);
    EXPECT_GT(client.client_id().value(), 0);
    EXPECT_NE(client.client_list().value().find("cmd=client|list"), std::string::npos);
    EXPECT_TRUE(client.client_getname());
    EXPECT_EQ(client.config_get("databases").value(), (std::map<std::string, std::string>{{"databases", "16"}}));
    EXPECT_TRUE(client.flushdb());
    EXPECT_TRUE(client.flushall(flush_mode::async));
    EXPECT_EQ(client.dbsize().value(), 0);
}

TEST_F(CommandsOnServer, WhatIsMalformedIsNeverSent) {
    const auto failed = client.set("k", "v", {.nx = true, .xx = true});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), errc::invalid_command);
    EXPECT_EQ(failed.error().fate(), fate::not_applied);
    EXPECT_EQ(failed.error().text(), "SET: nx and xx exclude each other");
    EXPECT_EQ(client.run(command("")).error(), errc::invalid_command);
}

}  // namespace
}  // namespace redoubt
