// The limiter in the stack: order, rejections, permits that are handed on.
#include "core/stack/limiter_layer.hpp"

#include <deque>
#include <functional>

#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::Fail;
using test::MockLayer;
using test::Reply;
using test::TakeBack;
using test::TestOperation;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Invoke;
using ::testing::NiceMock;
using ::testing::Return;

class LimiterLayerTest : public ::testing::Test {
protected:
    LimiterLayerTest() {
        ON_CALL(next_, start(_)).WillByDefault(Invoke([this](Operation& op) {
            started_.push_back(&op);
            next_.hold(op);
        }));
    }
    TestOperation& op(Operation::origin from = Operation::origin::blocking) {
        return ops_.emplace_back(reactor_, command("PING"), from);
    }
    static void answer(TestOperation& o) {
        o.holder.store(nullptr);
        o.succeed(reply::status("OK"));
    }

    Reactor reactor_;
    NiceMock<MockLayer> next_;
    std::deque<TestOperation> ops_;
    std::vector<Operation*> started_;
    LimiterLayer layer_{next_, 2, 3};
};

TEST_F(LimiterLayerTest, AsManyAsTheLimitAreUnderWayTheOthersWaitInOrder) {
    for (int i = 0; i < 5; ++i) layer_.start(op());
    EXPECT_THAT(started_, ElementsAre(&ops_[0], &ops_[1]));
    EXPECT_EQ(layer_.limiter().snapshot().waiting, 3U);
    for (std::size_t i = 2; i < 5; ++i) EXPECT_EQ(ops_[i].holder.load(), &layer_);
    answer(ops_[1]);
    answer(ops_[0]);
    answer(ops_[2]);
    EXPECT_THAT(started_, ElementsAre(&ops_[0], &ops_[1], &ops_[2], &ops_[3], &ops_[4]));
    answer(ops_[3]);
    answer(ops_[4]);
    for (auto& o : ops_) EXPECT_EQ(o.outcome(), "ok: OK");
    EXPECT_EQ(layer_.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerTest, AFullLineRejects) {
    for (int i = 0; i < 5; ++i) layer_.start(op());
    auto& late = op();
    layer_.start(late);
    EXPECT_EQ(late.outcome(), TestOperation::failed_text(errc::limiter_full, fate::not_applied, phase::limiter));
    EXPECT_EQ(late.holder.load(), nullptr);
    EXPECT_EQ(started_.size(), 2U);
    for (int i = 0; i < 5; ++i) answer(ops_[static_cast<std::size_t>(i)]);
}

TEST_F(LimiterLayerTest, CloseEndsThoseInLineAndThoseThatComeLater) {
    for (int i = 0; i < 4; ++i) layer_.start(op());
    layer_.close();
    const auto closed = TestOperation::failed_text(errc::closed, fate::not_applied, phase::limiter);
    EXPECT_EQ(ops_[2].outcome(), closed);
    EXPECT_EQ(ops_[3].outcome(), closed);
    EXPECT_FALSE(ops_[0].over()) << "under way: theirs is another end";
    auto& late = op();
    layer_.start(late);
    EXPECT_EQ(late.outcome(), closed);
    answer(ops_[0]);
    answer(ops_[1]);
    EXPECT_EQ(started_.size(), 2U);
    EXPECT_EQ(layer_.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerTest, ACancelledWaiterLeavesTheLine) {
    for (int i = 0; i < 4; ++i) layer_.start(op());
    EXPECT_TRUE(ops_[2].cancel(errc::cancelled));
    EXPECT_EQ(ops_[2].outcome(), TestOperation::failed_text(errc::cancelled, fate::not_applied, phase::limiter));
    EXPECT_FALSE(ops_[2].cancel(errc::cancelled)) << "nobody holds it any more";
    EXPECT_EQ(ops_[2].outcomes, 1);
    answer(ops_[0]);
    EXPECT_THAT(started_, ElementsAre(&ops_[0], &ops_[1], &ops_[3]));
    answer(ops_[1]);
    answer(ops_[3]);
    EXPECT_EQ(layer_.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerTest, OneThatWentOnIsTakenBackFromItsHolder) {
    layer_.start(op());
    EXPECT_FALSE(layer_.cancel(ops_[0], errc::cancelled)) << "it does not wait here";
    EXPECT_FALSE(ops_[0].over());
    EXPECT_CALL(next_, cancel(_, errc::cancelled)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    EXPECT_TRUE(ops_[0].cancel(errc::cancelled));
    EXPECT_EQ(ops_[0].outcomes, 1);
    EXPECT_EQ(layer_.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerTest, TheTimeOfAWaiterIsReadAnewWhenItStarts) {
    LimiterLayer one(next_, 1, 3);
    one.start(op());
    one.start(op());
    ops_[1].started_ns = 1;
    const auto before = steady_now_ns();
    answer(ops_[0]);
    EXPECT_GE(ops_[1].started_ns, before);
    answer(ops_[1]);
}

// Whoever gives a permit back starts the next: not each within the end of the one before.
TEST_F(LimiterLayerTest, ThousandsOfWaitersThatFailAtOnceDoNotPileUp) {
    LimiterLayer one(next_, 1, 100'000);
    one.start(op());
    const char* lowest = nullptr;
    const char* highest = nullptr;
    ON_CALL(next_, start(_)).WillByDefault(Invoke([&](Operation& o) {
        const auto* const here = static_cast<const char*>(__builtin_frame_address(0));
        if (lowest == nullptr || here < lowest) lowest = here;
        if (highest == nullptr || here > highest) highest = here;
        o.fail(errc::not_connected);
    }));
    for (int i = 0; i < 20'000; ++i) one.start(op());
    answer(ops_[0]);
    test::run_ready(reactor_);  // not all of them at once
    for (auto& o : ops_) ASSERT_EQ(o.outcomes, 1);
    EXPECT_LT(highest - lowest, 16 * 1024) << "bytes of stack";
    EXPECT_EQ(one.limiter().snapshot().in_use, 0U);
    EXPECT_EQ(one.limiter().snapshot().waiting, 0U);
}

TEST_F(LimiterLayerTest, AnEndThatStartsAnotherOperationKeepsTheOrder) {
    LimiterLayer one(next_, 1, 10);
    one.start(op());
    one.start(op());
    auto& third = op();
    ops_[0].on_finished = [&](TestOperation&) { one.start(third); };
    answer(ops_[0]);
    EXPECT_THAT(started_, ElementsAre(&ops_[0], &ops_[1]));
    answer(ops_[1]);
    EXPECT_THAT(started_, ElementsAre(&ops_[0], &ops_[1], &third));
    answer(third);
    EXPECT_EQ(one.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerTest, TwoLimitersInOneStack) {
    LimiterLayer inner(next_, 1, 10);
    LimiterLayer outer(inner, 2, 10);
    for (int i = 0; i < 4; ++i) outer.start(op());
    EXPECT_THAT(started_, ElementsAre(&ops_[0]));
    EXPECT_EQ(ops_[1].holder.load(), &inner);
    EXPECT_EQ(ops_[2].holder.load(), &outer);
    for (std::size_t i = 0; i < 4; ++i) {
        ASSERT_EQ(started_.size(), i + 1);
        answer(ops_[i]);
    }
    for (auto& o : ops_) EXPECT_EQ(o.outcome(), "ok: OK");
    EXPECT_EQ(inner.limiter().snapshot().in_use, 0U);
    EXPECT_EQ(outer.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerTest, AnAsynchronousWaiterGoesOnOnItsThread) {
    LimiterLayer one(next_, 1, 10);
    auto& blocking = op();
    auto& waiter = op(Operation::origin::asynchronous);
    one.start(blocking);
    {
        const ReactorTesting here(reactor_);
        one.start(waiter);
    }
    answer(blocking);  // not on the I/O thread
    EXPECT_THAT(started_, ElementsAre(&blocking));
    EXPECT_GT(test::run_ready(reactor_), 0U);
    EXPECT_THAT(started_, ElementsAre(&blocking, &waiter));
    answer(waiter);
    EXPECT_FALSE(waiter.over());
    test::run_ready(reactor_);
    EXPECT_EQ(waiter.outcome(), "ok: OK");
    EXPECT_EQ(one.limiter().snapshot().in_use, 0U);
}

// -- the ceiling of bytes --

class LimiterLayerBytesTest : public LimiterLayerTest {
protected:
    LimiterLayerBytesTest() {
        while (ops_.size() < 8) op();
    }
    const std::size_t size_ = command("PING").bytes().size();
    QueuedBytes bytes_{3 * size_};
    LimiterLayer one_{next_, 1, 10, {}, &bytes_};
    const std::string rejected_ = TestOperation::failed_text(errc::limiter_full, fate::not_applied, phase::limiter);
};

TEST_F(LimiterLayerBytesTest, WhatNeedNotWaitIsNotCounted) {
    one_.start(ops_[0]);
    EXPECT_EQ(bytes_.bytes(), 0U);
    answer(ops_[0]);
    EXPECT_EQ(bytes_.bytes(), 0U);
}

TEST_F(LimiterLayerBytesTest, BeyondTheCeilingCallsAreRejectedAtOnce) {
    for (std::size_t i = 0; i < 6; ++i) one_.start(ops_[i]);
    EXPECT_EQ(bytes_.bytes(), 3 * size_);
    EXPECT_FALSE(ops_[3].over());
    for (const std::size_t i : {4U, 5U}) {
        EXPECT_EQ(ops_[i].outcome(), rejected_);
        EXPECT_EQ(ops_[i].holder.load(), nullptr);
    }
    EXPECT_EQ(bytes_.rejected(), 2U);
    answer(ops_[0]);  // one that waited goes on, so there is room again
    EXPECT_EQ(bytes_.bytes(), 2 * size_);
    one_.start(ops_[6]);
    EXPECT_EQ(ops_[6].holder.load(), &one_);
    for (const std::size_t i : {1U, 2U, 3U, 6U}) answer(ops_[i]);
    EXPECT_EQ(bytes_.bytes(), 0U);
    EXPECT_EQ(one_.limiter().snapshot().in_use, 0U);
}

TEST_F(LimiterLayerBytesTest, WhoeverLeavesTheLineMakesRoom) {
    LimiterLayer narrow(next_, 1, 2, {}, &bytes_);
    for (std::size_t i = 0; i < 4; ++i) narrow.start(ops_[i]);
    EXPECT_EQ(ops_[3].outcome(), rejected_) << "by the number of places";
    EXPECT_EQ(bytes_.bytes(), 2 * size_);
    EXPECT_TRUE(ops_[1].cancel(errc::cancelled));
    EXPECT_EQ(bytes_.bytes(), size_);
    narrow.close();
    EXPECT_EQ(bytes_.bytes(), 0U);
    narrow.start(ops_[4]);
    EXPECT_EQ(ops_[4].outcome(), TestOperation::failed_text(errc::closed, fate::not_applied, phase::limiter));
    EXPECT_EQ(bytes_.bytes(), 0U);
    answer(ops_[0]);
}

TEST_F(LimiterLayerBytesTest, TheLinesOfAClientHaveOneSum) {
    LimiterLayer node(next_, 1, 10, {"node", phase::queue}, &bytes_);
    LimiterLayer outer(node, 3, 10, {}, &bytes_);
    for (std::size_t i = 0; i < 5; ++i) outer.start(ops_[i]);  // one under way, two wait for the node, one for a permit
    EXPECT_EQ(ops_[2].holder.load(), &node);
    EXPECT_EQ(ops_[3].holder.load(), &outer);
    EXPECT_EQ(bytes_.bytes(), 3 * size_);
    EXPECT_EQ(ops_[4].outcome(), rejected_);
    for (std::size_t i = 0; i < 4; ++i) answer(ops_[i]);
    EXPECT_EQ(bytes_.bytes(), 0U);
}

TEST_F(LimiterLayerBytesTest, ARepeatedAttemptIsCountedButNotTurnedAway) {
    for (std::size_t i = 0; i < 4; ++i) one_.start(ops_[i]);
    ops_[4].attempts = 1;
    one_.start(ops_[4]);
    EXPECT_EQ(ops_[4].holder.load(), &one_);
    EXPECT_EQ(bytes_.bytes(), 4 * size_);
    for (std::size_t i = 0; i < 5; ++i) answer(ops_[i]);
    EXPECT_EQ(bytes_.bytes(), 0U);
}

TEST_F(LimiterLayerTest, DescribesItself) {
    EXPECT_CALL(next_, describe()).WillOnce(Return("next"));
    EXPECT_EQ(layer_.describe(), "limiter(2) > next");
}

TEST_F(LimiterLayerTest, CallsThatFailAtOnceAndAreMadeAgainLeaveTheThreadItsOtherWork) {
    ON_CALL(next_, start(_)).WillByDefault(Invoke(Fail(error(errc::breaker_open))));
    LimiterLayer one(next_, 1, 10'000);
    resilience::limiter_waiter place;
    ASSERT_EQ(const_cast<resilience::Limiter&>(one.limiter()).acquire(place), resilience::admission::granted);
    constexpr std::size_t calls = 1000;
    std::function<void(TestOperation&)> again = [&](TestOperation&) {
        if (ops_.size() == calls) return;
        auto& next = op();
        next.on_finished = again;
        one.start(next);
    };
    for (int i = 0; i < 2; ++i) {
        auto& first = op();
        first.on_finished = again;
        one.start(first);
    }
    EXPECT_EQ(one.limiter().snapshot().waiting, 2U);
    auto& breaker = op();  // gives a permit back, as an operation whose time is over does
    one.completed(breaker, {});
    EXPECT_LT(ops_.size(), 100U) << "not all at once";
    test::run_ready(reactor_);
    EXPECT_EQ(ops_.size(), calls) << "but all in the end";
    for (auto& o : ops_) EXPECT_EQ(o.outcomes, 1);
}

}  // namespace
}  // namespace redoubt::core
