// A connection that listens: every reply to one listener, asked for or not.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/unit/core/connection/connection_harness.hpp"

namespace redoubt::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Listening : public ConnectionTest, protected Connection::PushListener {
protected:
    ~Listening() override { listen(nullptr); }  // the connection outlives what it would tell
    void on_push(reply&& value) noexcept override {
        EXPECT_TRUE(reactor_.on_thread());
        heard_.push_back(value.describe());
        if (on_heard) on_heard();
    }
    void on_push_down(const error& why) noexcept override {
        EXPECT_FALSE(connection_.up());
        EXPECT_EQ(downs_.size(), 0U) << "before the owner hears";
        ends_.push_back(why.kind());
    }
    void listen(Connection::PushListener* to) {
        const ReactorTesting here(reactor_);
        connection_.listen(to);
    }
    bool push(const std::string& bytes) {
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch dispatch(reactor_);
        return connection_.push(bytes);
    }

    static constexpr auto ping = "*1\r\n$4\r\nPING\r\n";
    std::vector<std::string> heard_;
    std::vector<errc> ends_;
    std::function<void()> on_heard;
};

TEST_F(Listening, EveryReplyReachesTheListenerInOrder) {
    adopt();
    listen(this);
    socket_.say("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n+PONG\r\n-ERR no\r\n:5\r\n");
    run();
    EXPECT_THAT(heard_, ElementsAre("[\"message\", \"c\", \"x\"]", "PONG", testing::HasSubstr("ERR no"), "5"));
    EXPECT_TRUE(connection_.up());
    listen(nullptr);
}

TEST_F(Listening, WhatIsPushedLeavesAtTheEndOfTheDispatch) {
    adopt();
    listen(this);
    {
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch dispatch(reactor_);
        EXPECT_TRUE(connection_.push(ping));
        EXPECT_TRUE(connection_.push(ping));
        EXPECT_EQ(socket_.send_calls, 0U);
    }
    EXPECT_EQ(socket_.send_calls, 1U);
    EXPECT_THAT(socket_.commands(), ElementsAre("PING", "PING"));
    EXPECT_EQ(connection_.in_flight(), 0U) << "no reply is owed to anybody";
    EXPECT_EQ(connection_.figures().commands, 2U);
}

TEST_F(Listening, AFullBufferRefusesUntilThereIsRoom) {
    adopt();
    listen(this);
    socket_.every_send = {.error = EAGAIN};
    EXPECT_TRUE(push(std::string(output_max, 'x')));
    EXPECT_FALSE(push(ping));
    socket_.every_send = {};
    run();
    EXPECT_TRUE(push(ping));
}

TEST_F(Listening, NothingCanBePushedWhenDown) {
    EXPECT_FALSE(push(ping));
    adopt();
    listen(this);
    connection_.fail(errc::closed);
    EXPECT_FALSE(push(ping));
}

TEST_F(Listening, HearsOfTheEndOnceAndBeforeTheOwner) {
    adopt();
    listen(this);
    socket_.say("+last\r\n");
    socket_.hang_up();
    run();
    EXPECT_THAT(heard_, ElementsAre("last"));
    EXPECT_THAT(ends_, ElementsAre(errc::connection_lost));
    expect_down(errc::connection_lost);
}

TEST_F(Listening, MayFailTheConnectionFromWhatItHears) {
    adopt();
    listen(this);
    on_heard = [this] { connection_.fail(errc::protocol_error); };
    socket_.say("+bad\r\n");
    run();
    EXPECT_THAT(ends_, ElementsAre(errc::protocol_error));
}

TEST_F(Listening, WhoStopsListeningHearsNothingMoreEvenInTheMiddle) {
    adopt();
    listen(this);
    on_heard = [this] { connection_.listen(nullptr); };
    socket_.say("+1\r\n+2\r\n");
    run();
    socket_.say("+3\r\n");
    run();
    EXPECT_THAT(heard_, ElementsAre("1"));
    EXPECT_TRUE(connection_.up()) << "replies that nobody wants are dropped";
    socket_.hang_up();
    run();
    EXPECT_THAT(ends_, IsEmpty());
}

TEST_F(Listening, TheNextLifeIsAnOrdinaryOne) {
    adopt();
    listen(this);
    socket_.hang_up();
    run();
    socket_.reconnect();
    adopt();
    auto& op = submit("a");
    answer();
    run();
    EXPECT_EQ(op.outcome(), ok("a"));
    EXPECT_THAT(heard_, IsEmpty());
}

TEST_F(Listening, BytesThatAreNoReplyEndIt) {
    adopt();
    listen(this);
    socket_.say("+fine\r\n?what\r\n");
    run();
    EXPECT_THAT(heard_, ElementsAre("fine"));
    EXPECT_THAT(ends_, ElementsAre(errc::protocol_error));
}

}  // namespace
}  // namespace redoubt::core
