// Deadlines: where they come from, and what happens when they pass.
#include "core/stack/deadline.hpp"

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
using ::testing::Invoke;
using ::testing::Return;
using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;

class DeadlineTest : public ::testing::Test {
protected:
    DeadlineTest() { io_.set_now(start_); }

    void expect_held() {
        EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& op) { next_.hold(op); }));
    }

    Reactor reactor_;
    ReactorTesting io_{reactor_};
    std::int64_t start_ = steady_now_ns();
    ::testing::StrictMock<MockLayer> next_;
    DeadlineLayer layer_{next_, 3s};
};

TEST_F(DeadlineTest, TheUsualOneIsForThoseWithoutTheirOwn) {
    TestOperation op(reactor_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
    layer_.start(op);
    EXPECT_EQ(op.deadline_ns, start_ + 3000 * ms);
    EXPECT_EQ(op.started_ns, start_);
    EXPECT_EQ(op.outcome(), "ok: \"x\"");
}

TEST_F(DeadlineTest, TheCallersOwnStays) {
    for (const auto own : {start_ + 7, never_ns}) {
        TestOperation op(reactor_);
        op.deadline_ns = own;
        op.deadline_set = true;
        EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
        layer_.start(op);
        EXPECT_EQ(op.deadline_ns, own);
        EXPECT_EQ(op.outcomes, 1);
    }
}

TEST_F(DeadlineTest, NoneAtAll) {
    DeadlineLayer unlimited(next_, 0s);
    TestOperation op(reactor_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
    unlimited.start(op);
    EXPECT_EQ(op.deadline_ns, never_ns);
}

TEST_F(DeadlineTest, ALongUsualOneDoesNotOverflow) {
    DeadlineLayer distant(next_, std::chrono::nanoseconds(never_ns));
    TestOperation op(reactor_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Reply("x")));
    distant.start(op);
    EXPECT_EQ(op.deadline_ns, never_ns);
}

TEST_F(DeadlineTest, OneThatHasPassedFailsBeforeAnythingElse) {
    for (const auto passed : {start_, start_ - 1, std::int64_t{0}}) {
        for (const auto from : {Operation::origin::blocking, Operation::origin::asynchronous}) {
            TestOperation op(reactor_, command("PING"), from);
            op.deadline_ns = passed;
            op.deadline_set = true;
            layer_.start(op);
            EXPECT_EQ(op.outcome(),
                      TestOperation::failed_text(errc::deadline_exceeded, fate::not_applied, phase::none));
            EXPECT_FALSE(op.linked());
        }
    }
}

TEST_F(DeadlineTest, OnlyAsynchronousOperationsAreWatched) {
    expect_held();
    TestOperation blocking(reactor_);
    layer_.start(blocking);
    EXPECT_FALSE(blocking.linked()) << "its caller watches its time";
    expect_held();
    TestOperation asynchronous(reactor_, command("PING"), Operation::origin::asynchronous);
    layer_.start(asynchronous);
    EXPECT_TRUE(asynchronous.linked());
    asynchronous.succeed(reply::status("OK"));
    EXPECT_FALSE(asynchronous.linked());
    blocking.succeed(reply::status("OK"));
}

TEST_F(DeadlineTest, OneWithoutADeadlineIsNotWatched) {
    DeadlineLayer unlimited(next_, 0s);
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    unlimited.start(op);
    EXPECT_FALSE(op.linked());
    op.succeed(reply::status("OK"));
    EXPECT_EQ(op.outcomes, 1);
}

TEST_F(DeadlineTest, TheTickTakesItBackFromItsHolderWhenItsTimeIsOver) {
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    layer_.start(op);
    io_.set_now(start_ + 2999 * ms);
    io_.tick();
    EXPECT_FALSE(op.over());
    EXPECT_CALL(next_, cancel(_, errc::deadline_exceeded)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    io_.set_now(start_ + 3010 * ms);
    io_.tick();
    EXPECT_EQ(op.outcome(), TestOperation::failed_text(errc::deadline_exceeded, fate::unknown, phase::sent));
    EXPECT_FALSE(op.linked());
}

TEST_F(DeadlineTest, WhileItIsHandedOnTheNextTickAsksAgain) {
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    layer_.start(op);
    op.holder.store(nullptr);
    io_.set_now(start_ + 3010 * ms);
    io_.tick();
    EXPECT_FALSE(op.over());
    EXPECT_TRUE(op.linked());
    next_.hold(op);
    EXPECT_CALL(next_, cancel(_, _)).WillOnce(Return(false)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    for (int tick = 1; tick <= 2; ++tick) {
        io_.set_now(start_ + (3010 + 5 * tick) * ms);
        io_.tick();
        EXPECT_EQ(op.over(), tick == 2);
    }
    EXPECT_EQ(op.outcomes, 1);
}

TEST_F(DeadlineTest, AnOperationThatEndsIsForgottenByTheTick) {
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    layer_.start(op);
    op.holder.store(nullptr);
    op.fail(errc::connection_lost);
    io_.set_now(start_ + 4000 * ms);
    io_.tick();
    EXPECT_EQ(op.outcomes, 1);
    EXPECT_TRUE(op.failure() == errc::connection_lost);
}

TEST_F(DeadlineTest, DescribesItself) {
    EXPECT_CALL(next_, describe()).WillRepeatedly(Return("next"));
    EXPECT_EQ(layer_.describe(), "deadline(3s) > next");
    EXPECT_EQ(DeadlineLayer(next_, 0s).describe(), "deadline(none) > next");
}

}  // namespace
}  // namespace redoubt::core
