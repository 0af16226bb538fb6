// The way of an operation through layers and back.
#include "core/stack/operation.hpp"

#include <vector>

#include "core/stack/layer.hpp"
#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::Fail;
using test::MockLayer;
using test::Reply;
using test::TestOperation;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Invoke;
using ::testing::Return;
using ::testing::StrictMock;

/// Passes on, and writes down what passes by on the way back.
class Recorder final : public Decorator {
public:
    Recorder(Layer& below, std::uint64_t mark, std::vector<std::uint64_t>& seen)
        : Decorator(below), mark_(mark), seen_(seen) {}
    void start(Operation& op) noexcept override { enter(op, {mark_, mark_ * 10}); }
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override {
        seen_.push_back(kept[0]);
        seen_.push_back(kept[1]);
        op.complete();
    }
    std::string describe() const override { return next().describe(); }

private:
    std::uint64_t mark_;
    std::vector<std::uint64_t>& seen_;
};

/// Starts a failed operation again.
class Again final : public Decorator {
public:
    using Decorator::Decorator;
    void start(Operation& op) noexcept override { enter(op); }
    void completed(Operation& op, std::array<std::uint64_t, 2>) noexcept override {
        op.failed() ? enter(op) : op.complete();
    }
    std::string describe() const override { return next().describe(); }
};

class OperationTest : public ::testing::Test {
protected:
    Reactor reactor_;
    StrictMock<MockLayer> last_;
    TestOperation op_{reactor_};
};

TEST_F(OperationTest, TheOutcomePassesTheLayersInReverseWithWhatEachKept) {
    std::vector<std::uint64_t> seen;
    Recorder c(last_, 3, seen);
    Recorder b(c, 2, seen);
    Recorder a(b, 1, seen);
    EXPECT_CALL(last_, start(_)).WillOnce(Invoke(Reply("x")));
    a.start(op_);
    EXPECT_THAT(seen, ElementsAre(3, 30, 2, 20, 1, 10));
    EXPECT_EQ(op_.outcome(), "ok: \"x\"");
}

TEST_F(OperationTest, AsManyLayersAsThereAreFrames) {
    std::vector<std::uint64_t> seen;
    std::vector<std::unique_ptr<Recorder>> layers;
    Layer* below = &last_;
    for (std::size_t i = 0; i < Operation::frames_max; ++i) {
        layers.push_back(std::make_unique<Recorder>(*below, i, seen));
        below = layers.back().get();
    }
    EXPECT_CALL(last_, start(_)).WillOnce(Invoke(Fail(errc::not_connected)));
    below->start(op_);
    EXPECT_EQ(seen.size(), 2 * Operation::frames_max);
    EXPECT_EQ(op_.outcomes, 1);
}

TEST_F(OperationTest, SuccessAfterAFailedAttemptIsASuccess) {
    Again again(last_);
    EXPECT_CALL(last_, start(_)).WillOnce(Invoke(Fail(errc::connection_lost))).WillOnce(Invoke(Reply("x")));
    again.start(op_);
    EXPECT_EQ(op_.outcome(), "ok: \"x\"");
}

TEST_F(OperationTest, ADecoratorPassesCancellationOn) {
    Again again(last_);
    EXPECT_CALL(last_, cancel(_, errc::cancelled)).WillOnce(Return(true));
    EXPECT_TRUE(again.cancel(op_, errc::cancelled));
}

TEST_F(OperationTest, CancelAsksTheHolder) {
    EXPECT_FALSE(op_.cancel(errc::cancelled)) << "in nobody's hands";
    last_.hold(op_);
    EXPECT_CALL(last_, cancel(_, errc::cancelled)).WillOnce(Return(false)).WillOnce(Return(true));
    EXPECT_FALSE(op_.cancel(errc::cancelled));
    EXPECT_TRUE(op_.cancel(errc::cancelled));
}

TEST_F(OperationTest, ExpireKnowsWhichTimeIsOver) {
    last_.hold(op_);
    op_.deadline_ns = 100;
    op_.attempt_deadline_ns = 50;
    EXPECT_EQ(op_.expires_ns(), 50);
    EXPECT_FALSE(op_.expire(49));
    EXPECT_CALL(last_, cancel(_, errc::attempt_timeout)).WillOnce(Return(true));
    EXPECT_TRUE(op_.expire(50));
    EXPECT_CALL(last_, cancel(_, errc::deadline_exceeded)).WillOnce(Return(true));
    EXPECT_TRUE(op_.expire(100));
    op_.attempt_deadline_ns = never_ns;
    EXPECT_EQ(op_.expires_ns(), 100);
    EXPECT_FALSE(op_.expire(99));
}

TEST_F(OperationTest, ABlockingOperationGoesOnWhereverItIs) {
    EXPECT_CALL(last_, start(_)).WillOnce(Invoke(Reply("x")));
    op_.proceed(last_);
    EXPECT_EQ(op_.outcomes, 1);
}

TEST_F(OperationTest, AnAsynchronousOperationGoesOnAndEndsOnItsThreadOnly) {
    TestOperation op(reactor_, command("PING"), Operation::origin::asynchronous);
    op.proceed(last_);
    EXPECT_CALL(last_, start(_)).WillOnce(Invoke([&](Operation& o) {
        EXPECT_TRUE(reactor_.on_thread());
        last_.hold(o);
    }));
    test::run_ready(reactor_);
    op.succeed(reply::status("OK"));
    EXPECT_FALSE(op.over());
    op.on_finished = [&](TestOperation&) { EXPECT_TRUE(reactor_.on_thread()); };
    test::run_ready(reactor_);
    EXPECT_EQ(op.outcome(), "ok: OK");
}

}  // namespace
}  // namespace redoubt::core
