// Callers that sleep: woken by an outcome, or by their own deadline.
#include "core/stack/blocking_operation.hpp"

#include <atomic>
#include <thread>

#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"

namespace redoubt::core {
namespace {

using test::MockLayer;
using test::Reply;
using test::TakeBack;
using ::testing::_;
using ::testing::Invoke;
using ::testing::Return;
using ::testing::StrictMock;
using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;

class BlockingOperationTest : public ::testing::Test {
protected:
    BlockingOperationTest() { op_.command = &command_; }

    Reactor reactor_;
    StrictMock<MockLayer> holder_;
    Command<reply> command_ = command("PING");
    BlockingOperation op_{reactor_};
};

TEST_F(BlockingOperationTest, AnOutcomeThatIsThereNeedsNoSleep) {
    EXPECT_CALL(holder_, start(_)).WillOnce(Invoke(Reply("x")));
    holder_.start(op_);
    op_.wait(0ns);
    EXPECT_FALSE(op_.failed());
    EXPECT_EQ(op_.value().text(), "x");
}

// Without a deadline only the wake ends the sleep: a lost one hangs here.
TEST_F(BlockingOperationTest, AnOutcomeOfAnotherThreadWakesIt) {
    std::atomic<BlockingOperation*> handed{nullptr};
    constexpr int rounds = 2000;
    std::thread other([&] {
        for (int i = 0; i < rounds; ++i) {
            BlockingOperation* op = nullptr;
            while ((op = handed.exchange(nullptr)) == nullptr) std::this_thread::yield();
            for (int pause = i % 32; pause != 0; --pause) std::this_thread::yield();
            op->succeed(reply::integer(i));
        }
    });
    for (int i = 0; i < rounds; ++i) {
        BlockingOperation op(reactor_);
        op.command = &command_;
        handed = &op;
        op.wait(0ns);
        ASSERT_EQ(op.value().integer(), i);
    }
    other.join();
}

TEST_F(BlockingOperationTest, AnOutcomeFromADispatchOfTheIoThreadWakesItAtTheEndOfTheDispatch) {
    std::thread io([&] {
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch dispatch(reactor_);
        op_.succeed(reply::status("OK"));
    });
    op_.wait(0ns);
    EXPECT_EQ(op_.value().text(), "OK");
    io.join();
}

TEST_F(BlockingOperationTest, ItsOwnDeadlineTakesItBackFromItsHolder) {
    const auto start = steady_now_ns();
    op_.deadline_ns = start + 3 * ms;
    holder_.hold(op_);
    EXPECT_CALL(holder_, cancel(_, errc::deadline_exceeded)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    op_.wait(0ns);
    EXPECT_GE(steady_now_ns(), start + 3 * ms) << "not before its time";
    EXPECT_TRUE(op_.failure() == errc::deadline_exceeded);
    EXPECT_EQ(op_.failure().fate(), fate::unknown);
}

TEST_F(BlockingOperationTest, AnAttemptThatBeganBeforeTheSleepEndsInItsTime) {
    const auto start = steady_now_ns();
    op_.deadline_ns = start + 60'000 * ms;
    op_.attempt_timeout_ns = 3 * ms;
    op_.begin_attempt(start);
    holder_.hold(op_);
    EXPECT_CALL(holder_, cancel(_, errc::attempt_timeout)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    op_.wait(3ms);
    EXPECT_TRUE(op_.failure() == errc::attempt_timeout);
}

TEST_F(BlockingOperationTest, AnAttemptThatBeginsDuringTheSleepEndsInItsTime) {
    const auto start = steady_now_ns();
    op_.deadline_ns = start + 60'000 * ms;
    op_.attempt_timeout_ns = 3 * ms;
    holder_.hold(op_);
    EXPECT_CALL(holder_, cancel(_, errc::attempt_timeout)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    std::thread other([&] { op_.begin_attempt(steady_now_ns()); });
    op_.wait(3ms);
    EXPECT_TRUE(op_.failure() == errc::attempt_timeout);
    EXPECT_LT(steady_now_ns(), start + 30'000 * ms) << "not at the deadline";
    other.join();
}

TEST_F(BlockingOperationTest, APauseThatBeginsDuringTheSleepEndsInItsTime) {
    op_.deadline_ns = steady_now_ns() + 120'000 * ms;
    op_.attempt_timeout_ns = 60'000 * ms;
    op_.begin_attempt(steady_now_ns());
    std::atomic<std::int64_t> paused_until{0};
    EXPECT_CALL(holder_, cancel(_, errc::attempt_timeout)).WillOnce(Invoke([&](Operation& op, errc) {
        EXPECT_GE(steady_now_ns(), paused_until.load());
        op.holder.store(nullptr);
        op.succeed(reply::status("OK"));
        return true;
    }));
    std::thread other([&] {
        std::this_thread::yield();
        paused_until = steady_now_ns() + 5 * ms;
        op_.pause_until(paused_until);
        holder_.hold(op_);
    });
    const auto start = steady_now_ns();
    op_.wait(60s);
    EXPECT_LT(steady_now_ns(), start + 30'000 * ms) << "not when the attempt would have been over";
    other.join();
}

TEST_F(BlockingOperationTest, AHolderThatRefusesIsAskedAgain) {
    op_.deadline_ns = steady_now_ns() + 2 * ms;
    holder_.hold(op_);
    EXPECT_CALL(holder_, cancel(_, errc::deadline_exceeded))
        .WillOnce(Return(false))
        .WillOnce(Return(false))
        .WillOnce(Invoke(TakeBack(fate::not_applied, phase::queue)));
    op_.wait(0ns);
    EXPECT_TRUE(op_.failure() == errc::deadline_exceeded);
}

// In transit nobody holds it; the reply that comes then wins.
TEST_F(BlockingOperationTest, AnOutcomeAfterTheDeadlineStillCountsWhileNobodyHoldsIt) {
    op_.deadline_ns = steady_now_ns() + 1 * ms;
    std::thread other([&] {
        while (steady_now_ns() < op_.deadline_ns + 1 * ms) std::this_thread::yield();
        op_.succeed(reply::status("OK"));
    });
    op_.wait(0ns);
    EXPECT_FALSE(op_.failed());
    other.join();
}

}  // namespace
}  // namespace redoubt::core
