// One connection: commands out, replies to those who asked, its end and its next life.
#include "core/connection/connection.hpp"

#include <cerrno>

#include "tests/unit/core/connection/connection_harness.hpp"

namespace redoubt::core {
namespace {

using test::TestOperation;
using admission = Connection::admission;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(ConnectionTest, ACallersCommandLeavesAtOnceAndItsReplyFindsIt) {
    adopt();
    auto& a = submit("a");
    auto& b = submit("b");
    EXPECT_THAT(answer(), ElementsAre("ECHO a", "ECHO b"));
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), ok("b"));
    const auto f = connection_.figures();
    EXPECT_EQ(f.commands, 2U);
    EXPECT_EQ(f.sends, 2U);
    EXPECT_EQ(f.bytes_out, a.command->bytes().size() + b.command->bytes().size());
    EXPECT_EQ(f.bytes_in, bulk("a").size() + bulk("b").size());
    EXPECT_EQ(f.in_flight, 0U);
}

TEST_F(ConnectionTest, OnTheIoThreadCommandsOfADispatchLeaveTogether) {
    adopt();
    {
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch dispatch(reactor_);
        for (int i = 0; i < 10; ++i) submit(std::to_string(i));
        EXPECT_EQ(socket_.send_calls, 0U);
    }
    EXPECT_EQ(socket_.send_calls, 1U);
    EXPECT_EQ(answer().size(), 10U);
    run();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ops_[static_cast<std::size_t>(i)]->outcome(), ok(std::to_string(i)));
}

TEST_F(ConnectionTest, ALongDispatchDoesNotKeepEverythingToItsEnd) {
    adopt();
    const ReactorTesting here(reactor_);
    const Reactor::Dispatch dispatch(reactor_);
    for (int i = 0; i < 40; ++i) submit("x");
    EXPECT_GE(socket_.send_calls, 1U);
    EXPECT_GE(answer().size(), 16U);
}

TEST_F(ConnectionTest, OutsideADispatchTheIoThreadFlushesSoon) {
    adopt();
    {
        const ReactorTesting here(reactor_);
        submit("x");
        EXPECT_EQ(socket_.send_calls, 0U);
    }
    run();
    answer();
    run();
    EXPECT_EQ(ops_[0]->outcome(), ok("x"));
}

TEST_F(ConnectionTest, ThousandsInFlightAllGetTheirOwn) {
    adopt();
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 100; ++i) submit(std::to_string(round * 1000 + i));
        answer();
        run();
    }
    for (std::size_t i = 0; i < ops_.size(); ++i) {
        ASSERT_EQ(ops_[i]->outcome(), ok(std::to_string(i / 100 * 1000 + i % 100)));
    }
}

// -- replies that are errors --

TEST_F(ConnectionTest, AnErrorReplyFailsItsCommandOnly) {
    adopt();
    auto& a = submit("a");
    auto& b = submit("b");
    (void)socket_.commands();
    socket_.say("-WRONGTYPE Operation against a key\r\n" + bulk("b"));
    run();
    EXPECT_EQ(a.outcome(), failed(errc::wrong_type, fate::answered, phase::reply));
    EXPECT_EQ(a.failure().node(), "redis://test");
    EXPECT_EQ(a.failure().text(), "WRONGTYPE Operation against a key");
    EXPECT_EQ(b.outcome(), ok("b"));
    EXPECT_TRUE(connection_.up());
}

TEST_F(ConnectionTest, AnErrorReplyOfAScriptMayBePartial) {
    adopt();
    TestOperation op(reactor_, command("EVAL", "return 1", 0));
    ASSERT_EQ(connection_.submit(op), admission::accepted);
    socket_.say("-OOM command not allowed\r\n");
    run();
    EXPECT_EQ(op.outcome(), failed(errc::out_of_memory, fate::unknown, phase::reply));
    EXPECT_TRUE(op.failure().partial());
}

TEST_F(ConnectionTest, OnlyReadsAreSafeToRetryWhenTheirFateIsUnknown) {
    adopt();
    TestOperation read(reactor_, command("GET", "k"));
    TestOperation write(reactor_, command("INCR", "k"));
    ASSERT_EQ(connection_.submit(read), admission::accepted);
    ASSERT_EQ(connection_.submit(write), admission::accepted);
    socket_.hang_up();
    run();
    EXPECT_EQ(read.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    EXPECT_TRUE(read.failure().safe_to_retry());
    EXPECT_EQ(write.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    EXPECT_FALSE(write.failure().safe_to_retry());
}

// -- leaving --

TEST_F(ConnectionTest, ALateReplyIsDroppedAndTheNextGoesToItsOwn) {
    adopt();
    auto& late = submit("late");
    auto& next = submit("next");
    EXPECT_TRUE(connection_.cancel(late, errc::attempt_timeout));
    EXPECT_EQ(late.outcome(), failed(errc::attempt_timeout, fate::unknown, phase::sent));
    EXPECT_EQ(connection_.in_flight(), 2U) << "the reply is still owed";
    auto& third = submit("third");
    answer();
    run();
    EXPECT_EQ(late.outcomes, 1);
    EXPECT_EQ(next.outcome(), ok("next"));
    EXPECT_EQ(third.outcome(), ok("third"));
    EXPECT_FALSE(connection_.cancel(next, errc::attempt_timeout)) << "its outcome is there";
    EXPECT_EQ(next.outcomes, 1);
}

TEST_F(ConnectionTest, WhatHasNotLeftIsCutAndNeverSent) {
    adopt();
    socket_.sends.push_back({.error = EAGAIN});
    auto& a = submit("a");  // with the writer
    auto& b = submit("b");  // collected
    auto& c = submit("c");
    EXPECT_TRUE(connection_.cancel(b, errc::cancelled));
    EXPECT_EQ(b.outcome(), failed(errc::cancelled, fate::not_applied, phase::queue));
    run();
    EXPECT_THAT(answer(), ElementsAre("ECHO a", "ECHO c"));
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(c.outcome(), ok("c"));
}

// -- room --

TEST_F(ConnectionTest, AFullBufferRefusesThenTellsOfRoom) {
    adopt();
    socket_.sends.push_back({.error = EAGAIN});
    submit(std::string(2000, 'x'));
    submit(std::string(2000, 'y'));
    auto& refused = make(std::string(1000, 'z'));
    EXPECT_EQ(connection_.submit(refused), admission::full);
    EXPECT_FALSE(refused.over()) << "left as it was";
    EXPECT_EQ(refused.holder.load(), nullptr);
    connection_.start(refused);
    EXPECT_EQ(refused.outcome(), failed(errc::connection_full, fate::not_applied, phase::queue));
    EXPECT_EQ(rooms_, 0);
    run();
    EXPECT_EQ(rooms_, 1);
    auto& again = make(std::string(1000, 'z'));
    EXPECT_EQ(connection_.submit(again), admission::accepted);
    answer();
    run();
    EXPECT_EQ(again.outcomes, 1);
    EXPECT_EQ(rooms_, 1) << "nobody was refused since";
}

TEST_F(ConnectionTest, RoomThatCancelledCommandsLeaveIsToldToo) {
    adopt();
    const ReactorTesting here(reactor_);
    {
        const Reactor::Dispatch dispatch(reactor_);
        auto& first = submit(std::string(2000, 'x'));
        auto& second = submit(std::string(2000, 'y'));
        EXPECT_EQ(connection_.submit(make(std::string(1000, 'z'))), admission::full);
        EXPECT_TRUE(connection_.cancel(first, errc::cancelled));
        EXPECT_TRUE(connection_.cancel(second, errc::cancelled));
    }
    while (reactor_.context().poll() != 0) {
    }
    EXPECT_EQ(socket_.send_calls, 0U);
    EXPECT_EQ(rooms_, 1);
}

// -- the end --

TEST_F(ConnectionTest, TakesNothingWhenDown) {
    auto& before = make("x");
    EXPECT_EQ(connection_.submit(before), admission::not_up);
    connection_.start(before);
    EXPECT_EQ(before.outcome(), failed(errc::closed, fate::not_applied, phase::queue));
    EXPECT_FALSE(connection_.cancel(before, errc::cancelled));
    adopt();
    socket_.hang_up();
    run();
    auto& after = make("x");
    connection_.start(after);
    EXPECT_EQ(after.outcome(), failed(errc::connection_lost, fate::not_applied, phase::queue));
    EXPECT_EQ(after.failure().node(), "redis://test");
}

TEST_F(ConnectionTest, RepliesAreDeliveredBeforeTheEnd) {
    adopt();
    auto& a = submit("a");
    auto& b = submit("b");
    socket_.say(bulk("a"));
    socket_.hang_up();
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    expect_down(errc::connection_lost);
}

TEST_F(ConnectionTest, TheEndWithinAReplyLeavesItUnknown) {
    for (std::size_t cut = 0; cut < bulk("a").size(); ++cut) {
        if (cut != 0) socket_.reconnect();
        adopt();
        auto& a = submit("a");
        if (cut != 0) socket_.say(bulk("a").substr(0, cut));
        socket_.hang_up();
        run();
        EXPECT_EQ(a.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent)) << cut;
        expect_down(errc::connection_lost);
    }
}

TEST_F(ConnectionTest, TheEndWhileIdleBringsItDown) {
    adopt();
    socket_.hang_up();
    run();
    expect_down(errc::connection_lost);
}

TEST_F(ConnectionTest, AReplyNobodyAskedForIsAProtocolError) {
    adopt();
    socket_.say("+SURPRISE\r\n");
    run();
    expect_down(errc::protocol_error);
    EXPECT_THAT(downs_.back().text(), HasSubstr("SURPRISE"));
}

TEST_F(ConnectionTest, OneReplyTooManyFailsOnlyWhatComesAfterIt) {
    adopt();
    auto& a = submit("a");
    socket_.every_send = {.error = EAGAIN};
    auto& b = submit("b");  // with the writer
    auto& c = submit("c");  // collected
    socket_.say(bulk("a") + bulk("b") + "+SURPRISE\r\n");
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), ok("b"));
    EXPECT_EQ(c.outcome(), failed(errc::protocol_error, fate::not_applied, phase::queue));
    expect_down(errc::protocol_error);
}

TEST_F(ConnectionTest, AMalformedReplyDeliversNothingAfterIt) {
    adopt();
    auto& a = submit("a");
    auto& b = submit("b");
    auto& c = submit("c");
    socket_.say(bulk("a") + "?what\r\n" + bulk("c"));
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), failed(errc::protocol_error, fate::unknown, phase::sent));
    EXPECT_EQ(c.outcome(), failed(errc::protocol_error, fate::unknown, phase::sent));
    expect_down(errc::protocol_error);
}

TEST_F(ConnectionTest, EndsOnceHoweverOftenItFails) {
    adopt();
    auto& a = submit("a");
    connection_.fail(errc::closed);
    connection_.fail(errc::cancelled);
    EXPECT_FALSE(connection_.up());
    socket_.hang_up();
    run();
    connection_.fail(errc::cancelled);
    run();
    EXPECT_EQ(a.outcome(), failed(errc::closed, fate::unknown, phase::sent));
    EXPECT_EQ(downs_.size(), 1U);
    EXPECT_EQ(socket_.shutdowns, 1U);
    EXPECT_EQ(socket_.closed.size(), 1U);
}

TEST_F(ConnectionTest, ANewLifeRemembersNothingOfTheOldOne) {
    adopt();
    submit("old");
    auto& abandoned = submit("abandoned");
    connection_.cancel(abandoned, errc::attempt_timeout);
    socket_.say("$3\r\nol");
    run();
    socket_.hang_up();
    run();
    socket_.reconnect();
    adopt();
    auto& a = submit("new");
    EXPECT_THAT(answer(), ElementsAre("ECHO new"));
    run();
    EXPECT_EQ(a.outcome(), ok("new"));
}

TEST_F(ConnectionTest, AsynchronousOperationsAreOverBeforeTheOwnerHears) {
    adopt();
    auto& op = make("a", Operation::origin::asynchronous);
    op.on_finished = [this](TestOperation&) {
        EXPECT_TRUE(reactor_.on_thread());
        EXPECT_TRUE(downs_.empty());
    };
    {
        const ReactorTesting here(reactor_);
        connection_.submit(op);
    }
    run();
    socket_.hang_up();
    run();
    EXPECT_EQ(op.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    expect_down(errc::connection_lost);
}

TEST_F(ConnectionTest, ItMayFailFromTheEndOfOneOfItsOperations) {
    adopt();
    auto& a = submit("a");
    auto& b = submit("b");
    auto& c = submit("c");
    a.on_finished = [this](TestOperation&) {
        connection_.fail(connection_.node_error(errc::closed, fate::unknown, phase::none));
    };
    socket_.say(bulk("a") + bulk("b"));
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), ok("b")) << "its reply was there";
    EXPECT_EQ(c.outcome(), failed(errc::closed, fate::unknown, phase::sent));
    expect_down(errc::closed);
}

TEST_F(ConnectionTest, DescribesItself) { EXPECT_EQ(connection_.describe(), "connection[redis://test]"); }

}  // namespace
}  // namespace redoubt::core
