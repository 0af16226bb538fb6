// Calling threads that read replies: who is called, what each reads, where the token goes.
#include <atomic>
#include <thread>
#include <vector>

#include "core/stack/blocking_operation.hpp"
#include "tests/unit/core/connection/connection_harness.hpp"

namespace redoubt::core {
namespace {

class Leading : public ConnectionTest {
protected:
    void SetUp() override { adopt(); }

    /// A command whose caller can read.
    test::TestOperation& call(std::string text) {
        auto& op = make(std::move(text), Operation::origin::blocking, true);
        op.started_ns = steady_now_ns();
        EXPECT_EQ(connection_.submit(op), Connection::admission::accepted);
        return op;
    }
    /// One that the I/O thread starts and completes.
    test::TestOperation& start_async(std::string text, std::int64_t started_ns = steady_now_ns()) {
        auto& op = make(std::move(text), Operation::origin::asynchronous);
        const ReactorTesting here(reactor_);
        op.started_ns = started_ns;
        EXPECT_EQ(connection_.submit(op), Connection::admission::accepted);
        connection_flush();
        return op;
    }
    void connection_flush() { const Reactor::Dispatch dispatch(reactor_); }
};

TEST_F(Leading, ALoneCallerReadsItsReply) {
    auto& a = call("a");
    ASSERT_TRUE(a.called());
    answer();
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(connection_.in_flight(), 0U);
}

TEST_F(Leading, TheIoThreadStaysOutOfIt) {
    auto& a = call("a");
    answer();
    run();
    EXPECT_FALSE(a.over());
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    auto& b = call("b");
    ASSERT_TRUE(b.called());
    answer();
    run();
    EXPECT_FALSE(b.over());
    b.lead();
    EXPECT_EQ(b.outcome(), ok("b"));
}

TEST_F(Leading, TheLeaderCompletesThoseBeforeAndBehindIt) {
    auto& a = call("a");
    auto& b = call("b");
    auto& c = call("c");
    EXPECT_FALSE(b.called());
    answer();
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), ok("b"));
    EXPECT_EQ(c.outcome(), ok("c"));
    EXPECT_FALSE(b.called());
}

TEST_F(Leading, TheOldestThatWaitsFollows) {
    auto& a = call("a");
    auto& b = call("b");
    auto& c = call("c");
    socket_.say(bulk("a"));
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_TRUE(b.called());
    EXPECT_FALSE(c.called());
    socket_.say(bulk("b") + bulk("c"));
    b.lead();
    EXPECT_EQ(b.outcome(), ok("b"));
    EXPECT_EQ(c.outcome(), ok("c"));
}

TEST_F(Leading, HalfAReplyGoesOnWithTheNextReader) {
    auto& a = call("a");
    auto& b = call("b");
    const auto both = bulk("a") + bulk("b");
    socket_.say(both.substr(0, both.size() - 3));
    a.lead();
    ASSERT_TRUE(b.called());
    socket_.say(both.substr(both.size() - 3));
    b.lead();
    EXPECT_EQ(b.outcome(), ok("b"));
}

TEST_F(Leading, BytesOneByOne) {
    socket_.every_receive = {.bytes_max = 1};
    auto& a = call("a");
    auto& b = call("b");
    answer();
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    b.lead();
    EXPECT_EQ(b.outcome(), ok("b"));
}

TEST_F(Leading, AnAsynchronousOneAtTheHeadGetsTheIoThread) {
    auto& a = call("a");
    auto& x = start_async("x");
    socket_.say(bulk("a"));
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    socket_.say(bulk("x"));
    run();
    EXPECT_EQ(x.outcome(), ok("x"));
}

TEST_F(Leading, WhatALeaderReadsForAsynchronousOnesGoesOnOnTheIoThread) {
    auto& a = call("a");
    auto& x = start_async("x");
    answer();
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_FALSE(x.over());
    run();
    EXPECT_EQ(x.outcome(), ok("x"));
}

TEST_F(Leading, BehindAsynchronousOnesTheIoThreadReads) {
    auto& x = start_async("x");
    auto& a = call("a");
    EXPECT_FALSE(a.called());
    answer();
    run();
    EXPECT_EQ(x.outcome(), ok("x"));
    EXPECT_EQ(a.outcome(), ok("a"));
}

TEST_F(Leading, NobodyTakesTheTokenSoonAfterAnAsynchronousOne) {
    auto& x = start_async("x");
    answer();
    run();
    auto& a = make("a", Operation::origin::blocking, true);
    a.started_ns = x.started_ns + 500'000;
    ASSERT_EQ(connection_.submit(a), Connection::admission::accepted);
    EXPECT_FALSE(a.called());
    answer();
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    auto& b = make("b", Operation::origin::blocking, true);
    b.started_ns = x.started_ns + 2'000'000;
    ASSERT_EQ(connection_.submit(b), Connection::admission::accepted);
    EXPECT_TRUE(b.called());
    answer();
    b.lead();
}

TEST_F(Leading, TheIoThreadGivesWayWhenOnlyCallersThatCanReadAreLeft) {
    auto& x = start_async("x", steady_now_ns() - 2'000'000);
    auto& a = call("a");
    auto& b = call("b");
    EXPECT_FALSE(a.called());
    socket_.say(bulk("x"));
    run();
    EXPECT_EQ(x.outcome(), ok("x"));
    ASSERT_TRUE(a.called());
    socket_.say(bulk("a") + bulk("b"));
    run();
    EXPECT_FALSE(a.over());
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), ok("b"));
}

TEST_F(Leading, ALeaderWhoseTimeIsOverLeaves) {
    auto& a = make("a", Operation::origin::blocking, true);
    a.started_ns = steady_now_ns();
    a.deadline_ns = a.started_ns + 1'000'000;
    ASSERT_EQ(connection_.submit(a), Connection::admission::accepted);
    auto& b = call("b");
    a.lead();
    EXPECT_EQ(a.outcome(), failed(errc::deadline_exceeded, fate::unknown, phase::sent));
    ASSERT_TRUE(b.called());
    answer();
    b.lead();
    EXPECT_EQ(b.outcome(), ok("b"));
    EXPECT_EQ(connection_.in_flight(), 0U);
}

TEST_F(Leading, OneThatWasCalledAndLeavesHandsOn) {
    auto& a = call("a");
    auto& b = call("b");
    socket_.say(bulk("a"));
    a.lead();
    ASSERT_TRUE(b.called());
    auto& c = call("c");
    ASSERT_TRUE(b.cancel(errc::cancelled));
    EXPECT_FALSE(b.called());
    ASSERT_TRUE(c.called());
    socket_.say(bulk("b") + bulk("c"));
    c.lead();
    EXPECT_EQ(c.outcome(), ok("c"));
}

TEST_F(Leading, RepliesToThoseWhoHaveLeftAreReadByTheIoThread) {
    auto& a = call("a");
    ASSERT_TRUE(a.cancel(errc::cancelled));
    EXPECT_EQ(connection_.in_flight(), 1U);
    answer();
    run();
    EXPECT_EQ(connection_.in_flight(), 0U);
    EXPECT_TRUE(connection_.up());
}

TEST_F(Leading, OneThatIsStartedAgainWhileItLeadsGoesOnLeading) {
    auto& a = call("a");
    int answered = 0;
    a.on_finished = [&](test::TestOperation& op) {
        if (++answered == 2) return;
        op.outcomes = 0;
        ASSERT_EQ(connection_.submit(op), Connection::admission::accepted);
        socket_.say(bulk("2"));
    };
    socket_.say(bulk("1"));
    a.lead();
    EXPECT_EQ(answered, 2);
    EXPECT_EQ(a.outcome(), ok("2"));
    EXPECT_EQ(socket_.commands().size(), 2U);
}

TEST_F(Leading, TheEndOfTheStreamIsNoticedByTheLeader) {
    auto& a = call("a");
    auto& b = call("b");
    socket_.hang_up();
    a.lead();
    EXPECT_EQ(a.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    EXPECT_EQ(b.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    run();
    expect_down(errc::connection_lost);
}

TEST_F(Leading, BytesThatWereThereBeforeTheCommandAreNotItsReply) {
    auto& a = call("a");
    answer();
    a.lead();
    socket_.say(bulk("whose?"));
    auto& b = call("b");
    ASSERT_TRUE(b.called());
    b.lead();
    EXPECT_EQ(b.outcome(), failed(errc::protocol_error, fate::not_applied, phase::queue));
    EXPECT_TRUE(socket_.commands().empty()) << "it was not sent";
    run();
    expect_down(errc::protocol_error);
}

TEST_F(Leading, HalfAReplyThatNobodyAskedForIsNotItsBeginning) {
    auto& a = call("a");
    answer();
    socket_.say("$5\r\nwh");
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_FALSE(connection_.settled());
    auto& b = call("b");
    b.lead();
    EXPECT_EQ(b.outcome(), failed(errc::protocol_error, fate::not_applied, phase::queue));
    run();
}

TEST_F(Leading, AnEndThatWasThereBeforeTheCommandKeepsItFromBeingSent) {
    auto& a = call("a");
    answer();
    a.lead();
    socket_.hang_up();
    auto& b = call("b");
    b.lead();
    EXPECT_EQ(b.outcome(), failed(errc::connection_lost, fate::not_applied, phase::queue));
    run();
    expect_down(errc::connection_lost);
    EXPECT_FALSE(connection_.failed_with_replies_owed()) << "lost while idle";
}

TEST_F(Leading, IsSettledWhenNothingIsOwedAndNothingHasCome) {
    EXPECT_TRUE(connection_.settled());
    auto& a = call("a");
    EXPECT_FALSE(connection_.settled());
    answer();
    a.lead();
    EXPECT_TRUE(connection_.settled());
    socket_.say("+x");
    EXPECT_FALSE(connection_.settled());
}

TEST_F(Leading, RepliesThatCameBeforeASendFailedMeanwhileAreDelivered) {
    const std::string large(9'000, 'x');
    auto& a = call("a");
    auto& b = call("b");
    auto& c = call("c");
    socket_.say(bulk("a") + bulk(large) + bulk(large));  // more than one receive
    a.on_finished = [&](test::TestOperation&) {
        socket_.sends = {{.error = EPIPE}};
        auto& late = make("late", Operation::origin::blocking, true);
        EXPECT_EQ(connection_.submit(late), Connection::admission::accepted);
    };
    a.lead();
    EXPECT_FALSE(connection_.up());
    for (auto* const op : {&b, &c}) {
        ASSERT_TRUE(op->over());
        EXPECT_FALSE(op->failed()) << op->outcome();
    }
    EXPECT_EQ(ops_.back()->outcome(), failed(errc::write_failed, fate::not_applied, phase::queue));
    run();
}

TEST_F(Leading, BytesThatKeepComingDoNotHoldALeaderBeyondItsTime) {
    constexpr std::size_t size = 60'000;
    auto& a = make("a", Operation::origin::blocking, true);
    a.started_ns = steady_now_ns();
    a.deadline_ns = a.started_ns + 1'000'000;
    ASSERT_EQ(connection_.submit(a), Connection::admission::accepted);
    socket_.say("$100000\r\n" + std::string(size, 'x'));
    socket_.every_receive = {.bytes_max = 1};
    a.lead();
    EXPECT_EQ(a.outcome(), failed(errc::deadline_exceeded, fate::unknown, phase::sent));
    EXPECT_LT(socket_.receive_calls, size);
    socket_.every_receive = {};
    socket_.hang_up();
    run();
}

TEST_F(Leading, TheEndOfAnIdleStreamIsNoticedByTheIoThread) {
    auto& a = call("a");
    answer();
    a.lead();
    run();
    socket_.hang_up();
    run();
    expect_down(errc::connection_lost);
}

TEST_F(Leading, AnEndThatWasReportedWhileACallerReadIsNotForgotten) {
    auto& a = call("a");
    run();
    socket_.every_receive = {.bytes_max = bulk("a").size()};
    socket_.say(bulk("a"));
    socket_.hang_up();
    run();  // the report comes, and is none of the I/O thread's business
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    run();
    expect_down(errc::connection_lost);
}

TEST_F(Leading, AReplyBeforeTheEndIsStillDelivered) {
    auto& a = call("a");
    auto& b = call("b");
    socket_.say(bulk("a"));
    socket_.hang_up();
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    ASSERT_TRUE(b.called());
    b.lead();
    EXPECT_EQ(b.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    run();
}

TEST_F(Leading, AFailureElsewhereEndsTheLeader) {
    auto& a = call("a");
    connection_.fail(connection_.node_error(errc::closed, fate::unknown, phase::none));
    run();
    EXPECT_EQ(downs_.size(), 0U) << "the token is out";
    a.lead();
    EXPECT_EQ(a.outcome(), failed(errc::closed, fate::unknown, phase::sent));
    run();
    expect_down(errc::closed);
}

TEST_F(Leading, RepliesThatCameBeforeASendFailedAreDelivered) {
    auto& a = call("a");
    socket_.say(bulk("a"));
    socket_.sends = {{.error = EPIPE}};
    auto& b = call("b");
    EXPECT_FALSE(connection_.up());
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), failed(errc::write_failed, fate::not_applied, phase::queue));
    run();
}

TEST_F(Leading, NobodyWaitsForRoomInTheSocketButTheIoThread) {
    socket_.sends = {{.error = EAGAIN}};
    auto& a = call("a");
    EXPECT_TRUE(socket_.commands().empty());
    run();
    answer();
    a.lead();
    EXPECT_EQ(a.outcome(), ok("a"));
}

TEST_F(Leading, BytesThatNobodyAskedForEndAnIdleConnection) {
    auto& a = call("a");
    answer();
    a.lead();
    run();  // asks for visits
    ReactorTesting(reactor_).visit();
    socket_.say(bulk("whose?"));
    run();
    EXPECT_TRUE(connection_.up()) << "busy a moment ago";
    ReactorTesting(reactor_).visit();
    run();
    expect_down(errc::protocol_error);
}

TEST_F(Leading, ABlockedThreadIsWokenToReadAndReadsForAll) {
    constexpr int rounds = 200;
    for (int i = 0; i < rounds; ++i) {
        const Command<reply> command = redoubt::command("ECHO", i);
        std::atomic<int> answered{0};
        std::vector<std::thread> callers;
        for (int t = 0; t < 3; ++t) {
            callers.emplace_back([&] {
                BlockingOperation op(reactor_);
                op.command = &command;
                op.started_ns = steady_now_ns();
                ASSERT_EQ(connection_.submit(op), Connection::admission::accepted);
                op.wait({});
                EXPECT_FALSE(op.failed());
                ++answered;
            });
        }
        for (int seen = 0; seen < 3;) seen += static_cast<int>(answer().size());
        for (auto& c : callers) c.join();
        EXPECT_EQ(answered, 3);
    }
    run();
}

TEST(ReadByTheIoThread, CallersAreNeverCalled) {
    struct Quiet final : Connection::Listener {
        void on_down(Connection&, const error&) noexcept override {}
        void on_room(Connection&) noexcept override {}
    } listener;
    Reactor reactor;
    test::FaultySocket socket;
    Connection connection(reactor, listener, {.node = "redis://test", .output_bytes_max = 4096, .callers_lead = false},
                          test::FaultySocket::calls());
    {
        const ReactorTesting here(reactor);
        connection.adopt(socket.descriptor());
    }
    for (const auto* const text : {"a", "b"}) {
        test::TestOperation op(reactor, command("ECHO", text), Operation::origin::blocking, true);
        op.started_ns = steady_now_ns();
        ASSERT_EQ(connection.submit(op), Connection::admission::accepted);
        EXPECT_FALSE(op.called());
        socket.say(std::string("+") + text + "\r\n");
        test::run_ready(reactor);
        EXPECT_EQ(op.outcomes, 1);
    }
    connection.fail(errc::closed);
    test::run_ready(reactor);
}

}  // namespace
}  // namespace redoubt::core
