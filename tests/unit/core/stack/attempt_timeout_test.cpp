// Attempts: their number, their limit, and what time they are not charged for.
#include "core/stack/attempt_timeout.hpp"

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

class AttemptTimeoutTest : public ::testing::Test {
protected:
    AttemptTimeoutTest() { io_.set_now(start_); }
    void expect_held() {
        EXPECT_CALL(next_, start(_)).WillOnce(Invoke([this](Operation& op) { next_.hold(op); }));
    }
    void tick_at(std::int64_t ns) {
        io_.set_now(ns);
        io_.tick();
    }

    Reactor reactor_;
    ReactorTesting io_{reactor_};
    std::int64_t start_ = steady_now_ns();
    ::testing::StrictMock<MockLayer> next_;
    AttemptTimeoutLayer layer_{next_, 1s};
    DeadlineLayer top_{layer_, 3s};
};

TEST_F(AttemptTimeoutTest, CountsAttemptsAndLimitsEach) {
    TestOperation op(reactor_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([&](Operation& o) {
        EXPECT_EQ(o.attempts, 1);
        EXPECT_EQ(o.attempt_timeout_ns, 1000 * ms);
        EXPECT_EQ(o.attempt_deadline_ns.load(), start_ + 1000 * ms);
        EXPECT_EQ(o.expires_ns(), start_ + 1000 * ms) << "earlier than the deadline";
        o.succeed(reply::status("OK"));
    }));
    top_.start(op);
    EXPECT_EQ(op.attempts, 1);
    EXPECT_EQ(op.attempt_deadline_ns.load(), never_ns) << "no attempt is under way";
    EXPECT_EQ(op.outcome(), "ok: OK");
}

TEST_F(AttemptTimeoutTest, ErrorsCarryTheNumber) {
    TestOperation op(reactor_);
    op.attempts = 2;
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke(Fail(error(errc::connection_lost, fate::unknown, phase::sent))));
    top_.start(op);
    EXPECT_EQ(op.failure().attempts(), 3U);
    EXPECT_EQ(op.outcome(), TestOperation::failed_text(errc::connection_lost, fate::unknown, phase::sent));
}

TEST_F(AttemptTimeoutTest, CommandsThatWaitOnTheServerAreNotLimited) {
    TestOperation op(reactor_, command("BLPOP", "list", 0));
    ASSERT_TRUE(has(op.command->flags(), command_flag::blocking));
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([](Operation& o) {
        EXPECT_EQ(o.attempts, 1);
        EXPECT_EQ(o.attempt_timeout_ns, 0);
        EXPECT_EQ(o.attempt_deadline_ns.load(), never_ns);
        o.succeed(reply::nil());
    }));
    top_.start(op);
    EXPECT_EQ(op.outcomes, 1);
}

TEST_F(AttemptTimeoutTest, WithoutATimeoutOnlyTheDeadlineLimits) {
    AttemptTimeoutLayer unlimited(next_, 0s);
    TestOperation op(reactor_);
    EXPECT_CALL(next_, start(_)).WillOnce(Invoke([](Operation& o) {
        EXPECT_EQ(o.attempt_deadline_ns.load(), never_ns);
        o.succeed(reply::nil());
    }));
    unlimited.start(op);
}

TEST_F(AttemptTimeoutTest, TheTickEndsAnAttempt) {
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    top_.start(op);
    tick_at(start_ + 999 * ms);
    EXPECT_FALSE(op.over());
    EXPECT_CALL(next_, cancel(_, errc::attempt_timeout)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    tick_at(start_ + 1010 * ms);
    EXPECT_EQ(op.outcome(), TestOperation::failed_text(errc::attempt_timeout, fate::unknown, phase::sent));
    EXPECT_EQ(op.failure().attempts(), 1U);
    EXPECT_FALSE(op.linked());
}

TEST_F(AttemptTimeoutTest, WhenBothAreOverTheDeadlineIsTheReason) {
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    top_.start(op);
    EXPECT_CALL(next_, cancel(_, errc::deadline_exceeded)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    tick_at(start_ + 5000 * ms);
    EXPECT_EQ(op.outcomes, 1);
}

TEST_F(AttemptTimeoutTest, WaitingForAConnectionIsNotTheAttemptsTime) {
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    top_.start(op);
    op.suspend_attempt();
    tick_at(start_ + 2000 * ms);
    EXPECT_FALSE(op.over());
    op.begin_attempt(start_ + 2000 * ms);
    tick_at(start_ + 2990 * ms);
    EXPECT_FALSE(op.over());
    EXPECT_CALL(next_, cancel(_, _)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    tick_at(start_ + 3010 * ms);
    EXPECT_EQ(op.outcomes, 1);
}

TEST_F(AttemptTimeoutTest, AnUnlimitedAttemptCanBeSuspendedToo) {
    DeadlineLayer top(next_, 3s);
    expect_held();
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    top.start(op);
    op.suspend_attempt();
    op.begin_attempt(start_);
    EXPECT_EQ(op.expires_ns(), start_ + 3000 * ms);
    op.holder.store(nullptr);
    op.succeed(reply::nil());
}

TEST_F(AttemptTimeoutTest, DescribesItself) {
    EXPECT_CALL(next_, describe()).WillRepeatedly(Return("next"));
    EXPECT_EQ(top_.describe(), "deadline(3s) > attempt(1s) > next");
    EXPECT_EQ(AttemptTimeoutLayer(next_, 250ms).describe(), "attempt(250ms) > next");
}

}  // namespace
}  // namespace redoubt::core
