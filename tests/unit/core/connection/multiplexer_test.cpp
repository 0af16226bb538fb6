// Every step of the multiplexer in every state; fates and cuts to the byte.
#include "core/connection/multiplexer.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::MockLayer;
using test::TestOperation;
using state = Multiplexer::state;
using holder = Multiplexer::holder;
using admission = Multiplexer::admission;
using duty = Multiplexer::duty;
using departure = Multiplexer::departure;

class MultiplexerTest : public ::testing::Test {
protected:
    static constexpr std::size_t ceiling = 200;

    TestOperation& op(std::string text) {
        ops_.push_back(std::make_unique<TestOperation>(reactor_, command("ECHO", std::move(text))));
        return *ops_.back();
    }
    TestOperation& appended(std::string text) {
        auto& o = op(std::move(text));
        EXPECT_EQ(mux_.append(o), admission::accepted);
        return o;
    }
    static std::string bytes(std::initializer_list<const TestOperation*> list) {
        std::string all;
        for (const auto* o : list) all += o->command->bytes();
        return all;
    }
    /// Sends n bytes of what is ready as the writer.
    void send(std::size_t n) {
        ASSERT_GE(mux_.next_to_send().size(), n);
        mux_.sent(n);
    }
    /// From up: fails the connection and gives both roles back.
    void fail_and_release() {
        duty d = mux_.fail();
        if (mux_.writer() != holder::none) d = mux_.release_writer();
        if (mux_.reader() != holder::none) d = mux_.release_reader();
        EXPECT_EQ(d, duty::sweep);
    }
    void enter(state s) {
        if (s == state::down) return;
        mux_.open();
        if (s == state::up) return;
        EXPECT_EQ(mux_.fail(), duty::none);
        if (s == state::failing) return;
        EXPECT_EQ(mux_.release_reader(), duty::sweep);
    }
    fate fate_of(const Operation& o) {
        const auto left = mux_.sweep_next();
        EXPECT_EQ(left.op, &o);
        return left.outcome;
    }

    Reactor reactor_;
    ::testing::StrictMock<MockLayer> owner_;
    std::vector<std::unique_ptr<TestOperation>> ops_;
    Multiplexer mux_{owner_, ceiling};
};

// -- states and events --

struct row {
    state in;
    admission append;
    bool take_writer;
    state after_fail;
};

TEST_F(MultiplexerTest, OnlyUpAcceptsCommandsWritersAndFailures) {
    const row rows[] = {
        {state::down, admission::not_up, false, state::down},
        {state::up, admission::accepted, true, state::failing},
        {state::failing, admission::not_up, false, state::failing},
        {state::sweeping, admission::not_up, false, state::sweeping},
    };
    for (const auto& r : rows) {
        SCOPED_TRACE(static_cast<int>(r.in));
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        enter(r.in);
        ASSERT_EQ(mux_.current(), r.in);
        auto& o = op("x");
        EXPECT_EQ(mux_.append(o), r.append);
        EXPECT_EQ(o.holder.load(), r.append == admission::accepted ? &owner_ : nullptr);
        EXPECT_EQ(mux_.take_writer(holder::caller), r.take_writer);
        EXPECT_EQ(mux_.fail(), duty::none);
        EXPECT_EQ(mux_.current(), r.after_fail);
    }
}

TEST_F(MultiplexerTest, AnOperationThatIsNotHereIsUnknownInEveryState) {
    auto& stranger = op("x");
    for (const auto s : {state::down, state::up, state::failing, state::sweeping}) {
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        enter(s);
        EXPECT_EQ(mux_.leave(stranger), departure::unknown_operation);
    }
}

TEST_F(MultiplexerTest, CommandsCollectedLeaveWithoutTraceInEveryStateThatHasThem) {
    for (const auto s : {state::up, state::failing, state::sweeping}) {
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        mux_.open();
        auto& o = appended("x");
        if (s != state::up) mux_.fail();
        if (s == state::sweeping) mux_.release_reader();
        ASSERT_EQ(mux_.current(), s);
        EXPECT_EQ(mux_.leave(o), departure::not_applied);
        EXPECT_EQ(o.holder.load(), nullptr);
        EXPECT_EQ(mux_.in_flight(), 0U);
        EXPECT_EQ(mux_.unsent_bytes(), 0U);
        EXPECT_EQ(mux_.leave(o), departure::unknown_operation);
    }
}

TEST_F(MultiplexerTest, CommandsWithTheWriterAreAbandonedInEveryStateThatHasThem) {
    for (const auto s : {state::up, state::failing, state::sweeping}) {
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        mux_.open();
        auto& o = appended("x");
        ASSERT_TRUE(mux_.take_writer(holder::caller));
        ASSERT_FALSE(mux_.next_to_send().empty());
        if (s != state::up) mux_.fail();
        if (s == state::sweeping) {
            mux_.release_writer();
            ASSERT_EQ(mux_.release_reader(), duty::sweep);
        }
        EXPECT_EQ(mux_.leave(o), departure::abandoned);
        EXPECT_EQ(o.holder.load(), nullptr);
        EXPECT_EQ(mux_.in_flight(), 1U) << "the reply is still owed";
        EXPECT_EQ(mux_.leave(o), departure::unknown_operation);
    }
}

TEST_F(MultiplexerTest, NothingIsSentOnceItFailed) {
    mux_.open();
    appended("x");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    ASSERT_FALSE(mux_.next_to_send().empty());
    mux_.fail();
    EXPECT_TRUE(mux_.next_to_send().empty());
}

TEST_F(MultiplexerTest, ADecodedReplyIsDeliveredWhileItFails) {
    mux_.open();
    auto& o = appended("x");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(mux_.next_to_send().size());
    mux_.fail();
    Operation* out = nullptr;
    EXPECT_EQ(mux_.take(&out, 1), 1U);
    EXPECT_EQ(out, &o);
}

TEST_F(MultiplexerTest, GoesDownWhenTheSweepFindsNothingLeftAndOpensAgain) {
    mux_.open();
    auto& o = appended("x");
    fail_and_release();
    EXPECT_EQ(fate_of(o), fate::not_applied);
    EXPECT_EQ(mux_.current(), state::sweeping);
    EXPECT_EQ(mux_.sweep_next().op, nullptr);
    EXPECT_EQ(mux_.current(), state::down);
    mux_.open();
    EXPECT_EQ(mux_.current(), state::up);
    EXPECT_EQ(mux_.unsent_bytes(), 0U);
    EXPECT_EQ(mux_.reader(), holder::watch);
    auto& again = appended("y");
    ASSERT_TRUE(mux_.take_writer(holder::reactor));
    EXPECT_EQ(mux_.next_to_send(), again.command->bytes());
}

// -- roles --

TEST_F(MultiplexerTest, TheWriterIsTakenOnceAndOnlyForBytes) {
    mux_.open();
    EXPECT_FALSE(mux_.take_writer(holder::caller)) << "nothing to write";
    appended("x");
    EXPECT_TRUE(mux_.take_writer(holder::caller));
    EXPECT_EQ(mux_.writer(), holder::caller);
    EXPECT_FALSE(mux_.take_writer(holder::reactor));
    EXPECT_EQ(mux_.writer(), holder::caller);
    mux_.park_writer();
    EXPECT_EQ(mux_.writer(), holder::reactor);
    EXPECT_FALSE(mux_.take_writer(holder::caller)) << "parked is held";
    send(mux_.next_to_send().size());
    EXPECT_TRUE(mux_.next_to_send().empty());
    EXPECT_EQ(mux_.release_writer(), duty::none);
    EXPECT_EQ(mux_.writer(), holder::none);
}

TEST_F(MultiplexerTest, TheReleaseOfTheLastRoleSweeps) {
    for (const bool writer_first : {true, false}) {
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        mux_.open();
        appended("x");
        ASSERT_TRUE(mux_.take_writer(holder::caller));
        EXPECT_EQ(mux_.fail(), duty::none) << "both roles are held";
        EXPECT_EQ(writer_first ? mux_.release_writer() : mux_.release_reader(), duty::none);
        EXPECT_EQ(mux_.current(), state::failing);
        EXPECT_EQ(writer_first ? mux_.release_reader() : mux_.release_writer(), duty::sweep);
        EXPECT_EQ(mux_.current(), state::sweeping);
        EXPECT_EQ(mux_.fail(), duty::none);
    }
}

TEST_F(MultiplexerTest, WhoFailsItWithBothRolesFreeSweeps) {
    mux_.open();
    ASSERT_EQ(mux_.release_reader(), duty::none);
    EXPECT_EQ(mux_.fail(), duty::sweep);
    EXPECT_EQ(mux_.fail(), duty::none) << "once";
}

// -- fate --

TEST_F(MultiplexerTest, TheLastByteDecidesTheFateOfEveryPrefix) {
    const auto total = bytes({&op("first"), &op("second one"), &op("3")}).size();
    for (std::size_t written = 0; written <= total; ++written) {
        SCOPED_TRACE(written);
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        mux_.open();
        auto& a = appended("first");
        auto& b = appended("second one");
        auto& c = appended("3");
        ASSERT_TRUE(mux_.take_writer(holder::caller));
        send(written);
        fail_and_release();
        std::size_t end = 0;
        for (const auto* o : {&a, &b, &c}) {
            end += o->command->bytes().size();
            EXPECT_EQ(fate_of(*o), end <= written ? fate::unknown : fate::not_applied);
        }
        EXPECT_EQ(mux_.sweep_next().op, nullptr);
    }
}

TEST_F(MultiplexerTest, FatesCountFromTheOpeningAlsoBehindAnsweredAndCutCommands) {
    mux_.open();
    appended("answered");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(mux_.next_to_send().size());
    Operation* out = nullptr;
    ASSERT_EQ(mux_.take(&out, 1), 1U);
    auto& cut = appended("cut");
    auto& whole = appended("whole");
    auto& broken = appended("broken");
    ASSERT_EQ(mux_.leave(cut), departure::not_applied);
    send(bytes({&whole, &broken}).size() - 1);
    auto& collected = appended("collected");
    fail_and_release();
    EXPECT_EQ(fate_of(whole), fate::unknown);
    EXPECT_EQ(fate_of(broken), fate::not_applied);
    EXPECT_EQ(fate_of(collected), fate::not_applied);
}

TEST_F(MultiplexerTest, TheSweepDropsAbandonedCommandsButCountsTheirBytes) {
    mux_.open();
    auto& gone = appended("gone");
    auto& broken = appended("broken");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(bytes({&gone, &broken}).size() - 1);
    ASSERT_EQ(mux_.leave(gone), departure::abandoned);
    fail_and_release();
    EXPECT_EQ(fate_of(broken), fate::not_applied);
    EXPECT_EQ(mux_.sweep_next().op, nullptr);
}

TEST_F(MultiplexerTest, TheSweepNamesNobodyAsHolder) {
    mux_.open();
    auto& o = appended("x");
    fail_and_release();
    EXPECT_EQ(o.holder.load(), &owner_);
    EXPECT_EQ(fate_of(o), fate::not_applied);
    EXPECT_EQ(o.holder.load(), nullptr);
    EXPECT_EQ(mux_.leave(o), departure::unknown_operation);
}

// -- cuts --

TEST_F(MultiplexerTest, ACutLeavesTheOthersWhereverItIs) {
    for (std::size_t which = 0; which < 3; ++which) {
        SCOPED_TRACE(which);
        Multiplexer fresh(owner_, ceiling);
        std::swap(fresh, mux_);
        mux_.open();
        std::vector<TestOperation*> all{&appended("one"), &appended("second"), &appended("the third")};
        ASSERT_EQ(mux_.leave(*all[which]), departure::not_applied);
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(which));
        auto& later = appended("later");
        ASSERT_TRUE(mux_.take_writer(holder::caller));
        EXPECT_EQ(mux_.next_to_send(), bytes({all[0], all[1], &later}));
        send(all[0]->command->bytes().size());
        fail_and_release();
        EXPECT_EQ(fate_of(*all[0]), fate::unknown);
        EXPECT_EQ(fate_of(*all[1]), fate::not_applied);
        EXPECT_EQ(fate_of(later), fate::not_applied);
    }
}

TEST_F(MultiplexerTest, WhenAllAreCutNothingIsLeftToWrite) {
    mux_.open();
    auto& a = appended("a");
    auto& b = appended("b");
    mux_.leave(b);
    mux_.leave(a);
    EXPECT_EQ(mux_.collected(), 0U);
    EXPECT_FALSE(mux_.take_writer(holder::caller));
}

TEST_F(MultiplexerTest, BytesWithTheWriterAreNeverCut) {
    mux_.open();
    auto& a = appended("a");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    const auto view = mux_.next_to_send();
    ASSERT_EQ(mux_.leave(a), departure::abandoned);
    EXPECT_EQ(mux_.next_to_send(), bytes({&a}));
    EXPECT_EQ(mux_.next_to_send().data(), view.data()) << "a send may be reading them";
}

TEST_F(MultiplexerTest, WhatIsCollectedMeanwhileIsSentAfterwards) {
    mux_.open();
    auto& a = appended("a");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    ASSERT_EQ(mux_.next_to_send(), bytes({&a}));
    auto& b = appended("b");
    EXPECT_EQ(mux_.collected(), 1U);
    send(3);
    EXPECT_EQ(mux_.next_to_send(), bytes({&a}).substr(3));
    send(mux_.next_to_send().size());
    EXPECT_EQ(mux_.next_to_send(), bytes({&b}));
    EXPECT_EQ(mux_.collected(), 0U);
}

// -- replies --

TEST_F(MultiplexerTest, AnAbandonedCommandKeepsItsPlace) {
    mux_.open();
    auto& a = appended("a");
    auto& b = appended("b");
    auto& c = appended("c");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(mux_.next_to_send().size());
    ASSERT_EQ(mux_.leave(b), departure::abandoned);
    Operation* out[3] = {};
    ASSERT_EQ(mux_.take(out, 3), 3U);
    EXPECT_THAT(out, ::testing::ElementsAre(&a, nullptr, &c));
    EXPECT_EQ(a.holder.load(), nullptr);
    EXPECT_EQ(mux_.in_flight(), 0U);
}

TEST_F(MultiplexerTest, MoreRepliesThanCommandsAreNoticed) {
    mux_.open();
    Operation* out[4] = {};
    EXPECT_EQ(mux_.take(out, 1), 0U);
    auto& a = appended("a");
    EXPECT_EQ(mux_.take(out, 1), 0U) << "not yet with the writer: nobody can have answered it";
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(mux_.next_to_send().size());
    appended("collected");
    EXPECT_EQ(mux_.take(out, 4), 1U);
    EXPECT_EQ(out[0], &a);
}

TEST_F(MultiplexerTest, RepliesAreTakenInBatchesOfAnySize) {
    mux_.open();
    auto& a = appended("a");
    auto& b = appended("b");
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(mux_.next_to_send().size());
    Operation* out = nullptr;
    EXPECT_EQ(mux_.take(&out, 0), 0U);
    EXPECT_EQ(mux_.take(&out, 1), 1U);
    EXPECT_EQ(out, &a);
    EXPECT_EQ(mux_.take(&out, 1), 1U);
    EXPECT_EQ(out, &b);
}

// -- the ceiling --

TEST_F(MultiplexerTest, TheCeilingCountsWhatIsUnsentToTheByte) {
    mux_.open();
    auto& a = appended("a");
    const auto left = ceiling - a.command->bytes().size();
    auto fits = std::string(left, 'x');
    while (op(fits).command->bytes().size() > left) fits.pop_back();
    ASSERT_EQ(op(fits).command->bytes().size(), left);
    auto& over = op(fits + 'x');
    EXPECT_EQ(mux_.append(over), admission::full);
    EXPECT_EQ(over.holder.load(), nullptr);
    EXPECT_EQ(mux_.in_flight(), 1U);
    EXPECT_EQ(mux_.unsent_bytes(), a.command->bytes().size());
    EXPECT_EQ(mux_.append(op(fits)), admission::accepted);
    EXPECT_EQ(mux_.unsent_bytes(), ceiling);
    EXPECT_EQ(mux_.append(op("")), admission::full);
}

TEST_F(MultiplexerTest, ALargerCommandIsAdmittedWhenNothingElseIsUnsent) {
    mux_.open();
    auto& large = op(std::string(2 * ceiling, 'x'));
    auto& small = appended("a");
    EXPECT_EQ(mux_.append(large), admission::full);
    ASSERT_TRUE(mux_.take_writer(holder::caller));
    send(small.command->bytes().size());
    EXPECT_EQ(mux_.append(large), admission::accepted) << "unanswered is not unsent";
    EXPECT_EQ(mux_.append(op("b")), admission::full);
    send(large.command->bytes().size() - 1);
    EXPECT_EQ(mux_.append(op("b")), admission::accepted) << "bytes with the writer count until they are sent";
}

}  // namespace
}  // namespace redoubt::core
