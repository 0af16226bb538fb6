// The fake server plays what its scripts say, and tells when the peer did something else.
#include "tests/support/fake_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "tests/support/eventually.hpp"
#include "tools/support/raw_redis.hpp"

namespace redoubt::test {
namespace {

using lab::RawRedis;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FakeServer, plays_expected_commands_and_replies_on_both_sockets) {
    FakeServer server;
    for (const auto& url : {server.unix_url(), server.tcp_url()}) {
        server.then(Conversation().expect({"GET", "k"}).reply("$1\r\nv\r\n").expect_close());
        RawRedis redis(lab::parse_server_url(url));
        EXPECT_EQ(redis.text({"GET", "k"}), "v");
    }
    EXPECT_TRUE(server.await_played(2));
}

TEST(FakeServer, answers_by_a_function_and_in_pieces) {
    FakeServer server;
    server.then(Conversation().expect_any().reply_in_pieces("+PONG\r\n", 1).answer([](const words& command) {
        return ":" + std::to_string(command.size()) + "\r\n";
    }));
    RawRedis redis({.path = server.unix_path()});
    EXPECT_EQ(redis.text({"PING"}), "PONG");
    EXPECT_EQ(redis.integer({"A"}), 1);
    EXPECT_EQ(redis.integer({"A", "B", "C"}), 3);
}

TEST(FakeServer, a_gate_holds_the_reply_back) {
    FakeServer server;
    server.then(Conversation().expect({"PING"}).wait_for("go").reply("+PONG\r\n"));
    RawRedis redis({.path = server.unix_path()});
    std::string answer;
    std::thread caller([&] { answer = redis.text({"PING"}); });
    EXPECT_TRUE(eventually([&] { return server.accepted() == 1; }));
    server.open("go");
    caller.join();
    EXPECT_EQ(answer, "PONG");
}

TEST(FakeServer, silence_lasts_until_the_caller_gives_up) {
    FakeServer server;
    server.then(Conversation().ignore()).then(Conversation().read_nothing());
    for (int i = 0; i < 2; ++i) {
        RawRedis redis({.path = server.unix_path()}, std::chrono::milliseconds(20));
        EXPECT_THROW(redis.text({"PING"}), std::runtime_error);
    }
}

TEST(FakeServer, hangs_up_as_told) {
    FakeServer server;
    server.then(Conversation().expect_any().close())
        .then(Conversation().expect_any().half_close().expect_close())
        .then(Conversation().expect_any().reset());
    for (int i = 0; i < 3; ++i) {
        RawRedis redis({.host = "127.0.0.1", .port = server.port()});
        EXPECT_THROW(redis.text({"PING"}), std::runtime_error);
    }
    EXPECT_TRUE(server.await_played(3));
}

TEST(FakeServer, tells_what_differs_from_the_script) {
    FakeServer server;
    server.then(Conversation().expect({"GET", "k"}))
        .then(Conversation().expect_bytes("HELLO"))
        .then(Conversation().expect({"PING"}));
    for (int i = 0; i < 2; ++i) {
        RawRedis redis({.path = server.unix_path()});
        EXPECT_THROW(redis.text({"PING"}), std::runtime_error);
    }
    { RawRedis redis({.path = server.unix_path()}); }
    EXPECT_TRUE(server.await_played(3));
    EXPECT_THAT(server.take_failures(),
                testing::UnorderedElementsAre(HasSubstr("expected \"GET k\", got \"PING\""), HasSubstr("the bytes"),
                                              HasSubstr("ended while \"PING\" was expected")));
    EXPECT_THAT(server.take_failures(), IsEmpty());
}

TEST(FakeServer, a_connection_without_a_script_is_a_failure) {
    FakeServer server;
    RawRedis redis({.path = server.unix_path()});
    EXPECT_THROW(redis.text({"PING"}), std::runtime_error);
    EXPECT_TRUE(eventually([&] { return server.accepted() == 1; }));
    server.stop();
    EXPECT_THAT(server.take_failures(), ElementsAre(HasSubstr("has no script")));
}

TEST(FakeServer, a_script_without_a_connection_is_a_failure) {
    EXPECT_NONFATAL_FAILURE(
        {
            FakeServer server;
            server.then(Conversation().expect_any());
        },
        "1 scripts found no connection");
}

TEST(FakeServer, otherwise_serves_every_further_connection) {
    FakeServer server;
    server.otherwise(Conversation().answer([](const words&) { return "+OK\r\n"; }));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(RawRedis({.path = server.unix_path()}).text({"X"}), "OK");
    EXPECT_EQ(server.accepted(), 3U);
}

}  // namespace
}  // namespace redoubt::test
