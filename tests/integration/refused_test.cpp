// Calls that a client refuses before or after sending: commands for other connections, malformed ones, replies too
// large.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <redoubt/client.hpp>

#include "tests/support/clients.hpp"
#include "tests/support/redis_fixture.hpp"

namespace redoubt::test {
namespace {

using testing::HasSubstr;

class Refused : public RedisFixture {};

TEST_F(Refused, commands_that_change_the_connection_need_one_of_their_own) {
    const auto client = connected(options_for(server()));
    const std::vector<Command<reply>> all{command("SELECT", 1),
                                          command("MULTI"),
                                          command("exec"),
                                          command("DISCARD"),
                                          command("WATCH", "k"),
                                          command("UNWATCH"),
                                          command("SUBSCRIBE", "c"),
                                          command("PSUBSCRIBE", "c*"),
                                          command("SSUBSCRIBE", "c"),
                                          command("UNSUBSCRIBE"),
                                          command("AUTH", "p"),
                                          command("HELLO", 3),
                                          command("RESET"),
                                          command("QUIT"),
                                          command("READONLY"),
                                          command("READWRITE"),
                                          command("ASKING"),
                                          command("CLIENT TRACKING", "ON"),
                                          command("CLIENT", "tracking", "on"),
                                          command("CLIENT NO-EVICT", "ON"),
                                          command("CLIENT SETNAME", "x"),
                                          command("BLPOP", "k", 1),
                                          command("BRPOP", "k", 0),
                                          command("BLMOVE", "a", "b", "LEFT", "LEFT", 0),
                                          command("BZPOPMIN", "z", 0),
                                          command("XREAD", "BLOCK", 0, "STREAMS", "s", "$"),
                                          command("WAIT", 0, 0)};
    for (const auto& c : all) {
        const auto r = client.run(c);
        ASSERT_FALSE(r) << c.name();
        EXPECT_EQ(r.error(), errc::needs_dedicated) << c.name();
        EXPECT_EQ(r.error(), condition::rejected);
        EXPECT_EQ(r.error().fate(), fate::not_applied) << c.name();
        EXPECT_THAT(r.error().message(), HasSubstr("client.lease()"));
    }
    EXPECT_EQ(client.stats().pool.commands, 0U);
    EXPECT_TRUE(client.run(command("XREAD", "STREAMS", "s", "0"))) << "without BLOCK it does not wait";
}

TEST_F(Refused, commands_that_end_request_and_reply_run_nowhere) {
    const auto client = connected(options_for(server()));
    auto lease = client.lease().value();
    for (const auto& c : {command("MONITOR"), command("SYNC"), command("PSYNC", "?", -1),
                          command("CLIENT REPLY", "OFF"), command("client", "reply", "skip")}) {
        EXPECT_EQ(client.run(c).error(), errc::refused_command) << c.name();
        const auto r = lease.run(c);
        ASSERT_FALSE(r);
        EXPECT_EQ(r.error(), errc::refused_command) << c.name();
        EXPECT_THAT(r.error().message(), HasSubstr("redis-cli"));
    }
    EXPECT_TRUE(lease.ping());
}

TEST_F(Refused, malformed_commands_say_what_is_wrong) {
    const auto client = connected(options_for(server()));
    const auto r = client.set("k", "v", {.nx = true, .xx = true});
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::invalid_command);
    EXPECT_THAT(r.error().message(), HasSubstr("nx and xx exclude each other"));
    EXPECT_EQ(client.run(command("")).error(), errc::invalid_command);
}

TEST_F(Refused, a_reply_beyond_the_limit_names_it_and_the_next_call_works) {
    auto o = options_for(server());
    o.replies.bulk_bytes_max = 1024;
    const auto client = connected(o);
    ASSERT_TRUE(client.set("k", std::string(1025, 'x')).value());
    ASSERT_TRUE(client.set("small", std::string(1024, 'x')).value());
    const auto r = client.get("k");
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error(), errc::reply_limit);
    EXPECT_EQ(r.error().fate(), fate::unknown);
    EXPECT_THAT(r.error().message(), HasSubstr("bulk_bytes_max"));
    EXPECT_EQ(client.get("small").value().value_or("").size(), 1024U);
}

}  // namespace
}  // namespace redoubt::test
