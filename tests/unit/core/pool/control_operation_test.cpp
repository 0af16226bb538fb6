// A command of our own: how it ends, within which time, and that it can be used again.
#include "core/pool/control_operation.hpp"

#include <gmock/gmock.h>

#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"

namespace redoubt::core {
namespace {

using test::Fail;
using test::Reply;
using test::TakeBack;
using ::testing::_;
using ::testing::Invoke;

class ControlOperationTest : public ::testing::Test {
protected:
    static constexpr std::int64_t ms = 1'000'000;
    void run(std::int64_t until_ns) {
        op_.run(layer_, command("PING"), until_ns, [this](ControlOperation& o) {
            EXPECT_EQ(&o, &op_);
            EXPECT_FALSE(o.busy()) << "it may be used again from here";
            ++done_;
        });
    }
    Reactor reactor_;
    ReactorTesting here_{reactor_};
    ::testing::StrictMock<test::MockLayer> layer_;
    ControlOperation op_{reactor_};
    int done_ = 0;
    const std::int64_t start_ = steady_now_ns();
};

TEST_F(ControlOperationTest, EndsWithTheReply) {
    EXPECT_FALSE(op_.busy());
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke(Reply("PONG")));
    run(never_ns);
    EXPECT_EQ(done_, 1);
    EXPECT_FALSE(op_.failed());
    EXPECT_EQ(op_.value().text(), "PONG");
}

TEST_F(ControlOperationTest, IsBusyUntilThen) {
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke([this](Operation& op) { layer_.hold(op); }));
    run(never_ns);
    EXPECT_TRUE(op_.busy());
    EXPECT_EQ(done_, 0);
    Reply("PONG")(op_);
    EXPECT_FALSE(op_.busy());
    EXPECT_EQ(done_, 1);
}

TEST_F(ControlOperationTest, ItsTimeEndsItWithoutAnybodyWaiting) {
    here_.set_now(start_);
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke([this](Operation& op) { layer_.hold(op); }));
    EXPECT_CALL(layer_, cancel(_, errc::deadline_exceeded)).WillOnce(Invoke(TakeBack(fate::unknown, phase::sent)));
    run(start_ + 100 * ms);
    here_.set_now(start_ + 90 * ms);
    here_.tick();
    EXPECT_EQ(done_, 0);
    here_.set_now(start_ + 110 * ms);
    here_.tick();
    EXPECT_EQ(done_, 1);
    EXPECT_TRUE(op_.failed());
    EXPECT_EQ(op_.failure(), errc::deadline_exceeded);
    here_.set_now(start_ + 500 * ms);
    here_.tick();
    EXPECT_EQ(done_, 1);
}

TEST_F(ControlOperationTest, OneThatEndedInTimeIsNotTakenBackLater) {
    here_.set_now(start_);
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke(Reply("PONG")));
    run(start_ + 100 * ms);
    here_.set_now(start_ + 500 * ms);
    here_.tick();
    EXPECT_EQ(done_, 1);
}

TEST_F(ControlOperationTest, IsUsedAgainAndKnowsNothingOfTheLastTime) {
    EXPECT_CALL(layer_, start(_))
        .WillOnce(Invoke(Fail(error(errc::loading, fate::not_applied, phase::reply))))
        .WillOnce(Invoke(Reply("PONG")));
    run(never_ns);
    EXPECT_EQ(op_.failure(), errc::loading);
    run(never_ns);
    EXPECT_FALSE(op_.failed());
    EXPECT_EQ(done_, 2);
}

TEST_F(ControlOperationTest, IsUsedAgainFromItsOwnEnd) {
    EXPECT_CALL(layer_, start(_)).WillOnce(Invoke(Reply("a"))).WillOnce(Invoke(Reply("b")));
    std::string seen;
    op_.run(layer_, command("PING"), never_ns, [&](ControlOperation& first) {
        seen += first.value().text();
        first.run(layer_, command("PING"), never_ns, [&](ControlOperation& o) { seen += o.value().text(); });
    });
    EXPECT_EQ(seen, "ab");
}

}  // namespace
}  // namespace redoubt::core
