// What a connection tells those who watch over it: silence, refusals, whether it owed replies; and its end when idle.
#include <gmock/gmock.h>

#include <cerrno>

#include "core/connection/connection.hpp"
#include "tests/unit/core/connection/connection_harness.hpp"

namespace redoubt::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConnectionWatchTest : public ConnectionTest {
protected:
    void on_silence(Connection& c, errc reason) noexcept override {
        EXPECT_EQ(&c, &connection_);
        EXPECT_TRUE(reactor_.on_thread());
        silences_.push_back(reason);
    }
    void on_refusal(Connection& c, errc code) noexcept override {
        EXPECT_EQ(&c, &connection_);
        EXPECT_TRUE(reactor_.on_thread());
        refusals_.push_back(code);
    }
    void on_down(Connection& c, const error& why) noexcept override {
        owed_.push_back(c.failed_with_replies_owed());
        ConnectionTest::on_down(c, why);
    }
    test::TestOperation& time_out(std::string text, errc reason = errc::attempt_timeout) {
        auto& op = submit(std::move(text));
        EXPECT_TRUE(connection_.cancel(op, reason));
        run();
        return op;
    }
    /// One command that is answered by this error.
    void refuse(const std::string& words, Command<reply> c = command("GET", "k")) {
        ops_.push_back(std::make_unique<test::TestOperation>(reactor_, std::move(c)));
        ASSERT_EQ(connection_.submit(*ops_.back()), Connection::admission::accepted);
        socket_.say('-' + words + "\r\n");
        run();
        ASSERT_TRUE(ops_.back()->failed());
    }
    bool end_if_idle() {
        const bool ended = connection_.fail_if_idle(connection_.node_error(errc::closed, fate::unknown, phase::none));
        run();
        return ended;
    }
    std::vector<errc> silences_;
    std::vector<errc> refusals_;
    std::vector<bool> owed_;
};

// -- silence --

TEST_F(ConnectionWatchTest, ATimeoutAfterSendingIsToldOnceUntilSomebodyAsksAgain) {
    adopt();
    time_out("a");
    time_out("b");
    EXPECT_THAT(silences_, ElementsAre(errc::attempt_timeout));
    connection_.expect_silence();
    EXPECT_EQ(silences_.size(), 1U);
    time_out("c", errc::deadline_exceeded);
    EXPECT_THAT(silences_, ElementsAre(errc::attempt_timeout, errc::deadline_exceeded));
}

TEST_F(ConnectionWatchTest, ItIsToldOnTheIoThreadAndNotToTheCaller) {
    adopt();
    auto& op = submit("a");
    connection_.cancel(op, errc::attempt_timeout);
    EXPECT_THAT(silences_, IsEmpty());
    run();
    EXPECT_EQ(silences_.size(), 1U);
}

TEST_F(ConnectionWatchTest, WhatACallerWantedToEndIsNoSilence) {
    adopt();
    for (const auto reason : {errc::cancelled, errc::closed}) time_out("a", reason);
    EXPECT_THAT(silences_, IsEmpty());
}

TEST_F(ConnectionWatchTest, NeitherIsACommandThatHadNotLeft) {
    adopt();
    socket_.sends = {{EAGAIN, 0}};
    submit("x");  // it waits with the writer
    time_out("a");
    EXPECT_THAT(silences_, IsEmpty());
    EXPECT_EQ(ops_.back()->outcome(), failed(errc::attempt_timeout, fate::not_applied, phase::queue));
}

TEST_F(ConnectionWatchTest, ANewLifeBeginsUnwatched) {
    adopt();
    time_out("a");
    connection_.fail(errc::closed);
    run();
    socket_.reconnect();
    adopt();
    time_out("b");
    EXPECT_EQ(silences_.size(), 2U);
}

TEST_F(ConnectionWatchTest, ReceivesMoveWithEveryByteAndAreDated) {
    const auto before = steady_now_ns();
    adopt();
    const auto up = connection_.last_receive_ns();
    EXPECT_GE(up, before);
    const auto count = connection_.receives();
    submit("a");
    socket_.say("$1\r");
    run();
    EXPECT_EQ(connection_.receives(), count + 1) << "half a reply is a sign of life";
    const auto first = connection_.last_receive_ns();
    EXPECT_GT(first, up);
    answer();
    run();
    EXPECT_GT(connection_.last_receive_ns(), first);
}

// -- refusals --

TEST_F(ConnectionWatchTest, StatesOfTheServerAreTold) {
    adopt();
    refuse("READONLY You can't write against a read only replica.");
    refuse("NOAUTH Authentication required.");
    refuse("LOADING Redis is loading the dataset in memory");
    refuse("BUSY Redis is busy running a script.");
    refuse("MASTERDOWN Link with MASTER is down");
    refuse("DENIED Redis is running in protected mode");
    EXPECT_THAT(refusals_, ElementsAre(errc::read_only, errc::no_auth, errc::loading, errc::busy, errc::master_down,
                                       errc::denied));
    EXPECT_TRUE(connection_.up());
}

TEST_F(ConnectionWatchTest, OtherErrorsAreNot) {
    adopt();
    for (const auto* words : {"ERR syntax error", "WRONGTYPE no", "OOM no", "MISCONF no", "NOREPLICAS no", "NOPERM no",
                              "BUSYGROUP exists", "BUSYKEY exists", "UNBLOCKED no"}) {
        refuse(words);
    }
    EXPECT_THAT(refusals_, IsEmpty());
}

TEST_F(ConnectionWatchTest, AScriptCanSayAnythingAndIsNotBelieved) {
    adopt();
    for (const auto* words : {"READONLY x", "NOAUTH x", "LOADING x", "BUSY x", "MASTERDOWN x"}) {
        refuse(words, command("EVAL", "return redis.error_reply('x')", 0));
    }
    EXPECT_THAT(refusals_, IsEmpty());
}

// -- the end --

TEST_F(ConnectionWatchTest, EndsWhenIdle) {
    adopt();
    EXPECT_TRUE(end_if_idle());
    expect_down(errc::closed);
    EXPECT_FALSE(connection_.fail_if_idle(errc::closed)) << "it is over";
}

TEST_F(ConnectionWatchTest, GoesOnWhileItOwesAReply) {
    adopt();
    auto& op = submit("a");
    EXPECT_FALSE(end_if_idle());
    answer();
    run();
    EXPECT_EQ(op.outcome(), ok("a"));
    EXPECT_TRUE(end_if_idle());
}

TEST_F(ConnectionWatchTest, GoesOnWhileItOwesAReplyThatNobodyWaitsFor) {
    adopt();
    time_out("a");
    EXPECT_FALSE(end_if_idle());
}

TEST_F(ConnectionWatchTest, GoesOnWhileSomethingIsUnsent) {
    adopt();
    socket_.sends = {{EAGAIN, 0}};
    submit("a");
    EXPECT_FALSE(connection_.fail_if_idle(errc::closed));
    EXPECT_TRUE(connection_.up());
}

TEST_F(ConnectionWatchTest, RemembersWhetherItOwedReplies) {
    adopt();
    submit("a");
    socket_.hang_up();
    run();
    socket_.reconnect();
    adopt();
    socket_.hang_up();
    run();
    socket_.reconnect();
    adopt();
    time_out("b");
    socket_.hang_up();
    run();
    EXPECT_THAT(owed_, ElementsAre(true, false, true)) << "an abandoned one is still owed";
}

}  // namespace
}  // namespace redoubt::core
