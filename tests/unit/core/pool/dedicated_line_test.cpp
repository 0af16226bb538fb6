// A dedicated client's line: waiting for a connection, losing it, giving it back. Without a pool and without a server.
#include "core/pool/dedicated_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/core/connection/connection_harness.hpp"

namespace redoubt::core {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t ms = 1'000'000;

/// What a pool would do, by hand.
struct Source final : LeaseSource {
    const std::string& node() const noexcept override { return name; }
    std::optional<error> refusal() const noexcept override { return refuses; }
    error too_late(errc code) const noexcept override {
        return {code, fate::not_applied, phase::lease, {.text = "all are in use"}};
    }
    void request(AsyncLease::taker t) override {
        ++requests;
        EXPECT_FALSE(taken) << "one at a time";
        taken = std::move(t);
    }
    void cancel_request() noexcept override {
        ++cancelled;
        taken = nullptr;
    }
    void when_room(Connection&, std::function<void()> told) override { room = std::move(told); }
    void give_back(Connection&, bool used_up) noexcept override {
        room = nullptr;
        returned.emplace_back(used_up ? "used up" : "clean");
    }
    std::string next_name() override { return "name"; }

    std::string name = "redis://test";
    std::optional<error> refuses;
    AsyncLease::taker taken;
    std::function<void()> room;
    int requests = 0;
    int cancelled = 0;
    std::vector<std::string> returned;
};

class DedicatedLineTest : public ConnectionTest {
protected:
    DedicatedLineTest() {
        auto source = std::make_unique<Source>();
        source_ = source.get();
        line_ = std::make_shared<DedicatedLine>(reactor_, std::move(source));
        when_room_ = [this] {
            if (source_->room) source_->room();
        };
    }
    ~DedicatedLineTest() override {
        line_->end();
        run();
    }

    test::TestOperation& begin(Command<reply> c, std::int64_t until_ns = never_ns, bool given = false) {
        ops_.push_back(std::make_unique<test::TestOperation>(reactor_, std::move(c), Operation::origin::asynchronous));
        auto& op = *ops_.back();
        const ReactorTesting here(reactor_);
        DedicatedLine::set_times(op, given, until_ns);
        line_->expect();
        line_->start(op);
        return op;
    }
    test::TestOperation& echo(const std::string& text) { return begin(command("ECHO", text)); }
    void grant() {
        adopt();
        {
            const ReactorTesting here(reactor_);
            const Reactor::Dispatch dispatch(reactor_);
            ASSERT_TRUE(source_->taken);
            std::exchange(source_->taken, nullptr)(&connection_);
        }
        run();
    }
    void have_connection() {
        auto& first = echo("first");
        run();
        grant();
        answer();
        run();
        ASSERT_EQ(first.outcome(), ok("first"));
        received_.clear();
    }
    void lose_connection() {
        socket_.hang_up();
        run();
        ASSERT_FALSE(connection_.up());
        socket_.reconnect();
    }
    void answer_all() {
        answer();
        run();
    }

    Source* source_;
    std::shared_ptr<DedicatedLine> line_;
};

TEST_F(DedicatedLineTest, AsksForAConnectionWithTheFirstOperationAndKeepsTheOrder) {
    run();
    EXPECT_EQ(source_->requests, 0);
    auto& a = echo("a");
    auto& b = echo("b");
    run();
    EXPECT_EQ(source_->requests, 1) << "one for all";
    EXPECT_FALSE(a.over());
    grant();
    auto& c = echo("c");
    run();
    answer_all();
    EXPECT_THAT(received_, ElementsAre("CLIENT SETNAME name", "ECHO a", "ECHO b", "ECHO c"));
    EXPECT_EQ(a.outcome(), ok("a"));
    EXPECT_EQ(b.outcome(), ok("b"));
    EXPECT_EQ(c.outcome(), ok("c"));
    EXPECT_TRUE(line_->idle());
}

TEST_F(DedicatedLineTest, ARefusedNameChangesNothing) {
    auto& a = echo("a");
    run();
    grant();
    EXPECT_THAT(socket_.commands(), ElementsAre("CLIENT SETNAME name", "ECHO a"));
    socket_.say("-NOPERM no\r\n$1\r\na\r\n");
    run();
    EXPECT_EQ(a.outcome(), ok("a"));
}

TEST_F(DedicatedLineTest, WhoMayNotWaitFailsAtOnce) {
    source_->refuses = error(errc::breaker_open, fate::not_applied, phase::lease);
    EXPECT_EQ(echo("a").outcome(), failed(errc::breaker_open, fate::not_applied, phase::lease));
    run();
    EXPECT_EQ(source_->requests, 0);
}

TEST_F(DedicatedLineTest, ARefusedRequestFailsThoseWhoWaitAndTheNextAsksAgain) {
    auto& a = echo("a");
    auto& b = echo("b");
    // What is started because of a failure is not failed with it, but waits anew.
    test::TestOperation* again = nullptr;
    a.on_finished = [&](auto&) { again = &echo("again"); };
    run();
    {
        const ReactorTesting here(reactor_);
        std::exchange(source_->taken, nullptr)(error(errc::wrong_pass, fate::answered, phase::dial));
    }
    for (auto* const op : {&a, &b}) {
        EXPECT_EQ(op->outcome(), failed(errc::wrong_pass, fate::not_applied, phase::dial));
    }
    run();
    ASSERT_NE(again, nullptr);
    EXPECT_FALSE(again->over());
    EXPECT_EQ(source_->requests, 2);
}

TEST_F(DedicatedLineTest, TheRequestIsTakenBackWhenNobodyWaitsAnyMore) {
    auto& a = echo("a");
    auto& b = echo("b");
    run();
    EXPECT_TRUE(a.cancel(errc::cancelled));
    run();
    EXPECT_EQ(source_->cancelled, 0) << "one still waits";
    EXPECT_TRUE(b.cancel(errc::deadline_exceeded));
    run();
    EXPECT_EQ(source_->cancelled, 1);
    EXPECT_EQ(a.outcome(), failed(errc::cancelled, fate::not_applied, phase::lease));
    EXPECT_EQ(b.outcome(), failed(errc::deadline_exceeded, fate::not_applied, phase::lease));
    EXPECT_EQ(b.failure().text(), "all are in use");
    EXPECT_FALSE(b.cancel(errc::cancelled));
}

TEST_F(DedicatedLineTest, WhoseTimeIsOverIsNotSent) {
    have_connection();
    EXPECT_EQ(begin(command("ECHO", "late"), 1, true).outcome(),
              failed(errc::deadline_exceeded, fate::not_applied, phase::none));
    run();
    EXPECT_THAT(socket_.commands(), IsEmpty());
}

// -- loss --

TEST_F(DedicatedLineTest, AfterALossWithoutStateTheNextOperationAsksAnew) {
    have_connection();
    auto& lost = echo("lost");
    run();
    lose_connection();
    EXPECT_EQ(lost.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    EXPECT_EQ(lost.failure().attempts(), 1U);
    auto& next = echo("next");
    EXPECT_THAT(source_->returned, ElementsAre("clean")) << "its place is free at once";
    run();
    EXPECT_EQ(source_->requests, 2);
    grant();
    answer_all();
    EXPECT_EQ(next.outcome(), ok("next"));
}

TEST_F(DedicatedLineTest, AServerThatHasChangedIsLeftOnceNothingIsOwed) {
    have_connection();
    auto& refused = begin(command("SET", "k", "v"));
    auto& owed = echo("owed");
    run();
    (void)socket_.commands();
    socket_.say("-READONLY You can't write against a read only replica.\r\n");
    run();
    EXPECT_EQ(refused.outcome(), failed(errc::read_only, fate::not_applied, phase::reply));
    auto& meanwhile = echo("meanwhile");
    run();
    EXPECT_EQ(source_->requests, 1) << "a reply is owed";
    EXPECT_THAT(socket_.commands(), ElementsAre("ECHO meanwhile"));
    socket_.say(bulk("owed") + bulk("meanwhile"));
    run();
    EXPECT_EQ(owed.outcome(), ok("owed"));
    EXPECT_EQ(meanwhile.outcome(), ok("meanwhile"));
    auto& next = echo("next");
    run();
    EXPECT_FALSE(next.over());
    EXPECT_EQ(source_->requests, 2);
    EXPECT_THAT(source_->returned, ElementsAre("used up"));
}

TEST_F(DedicatedLineTest, ButNotForEachAnswerAndNotWithItsState) {
    have_connection();
    auto& select = begin(command("SELECT", 3));
    run();
    answer_all();
    ASSERT_FALSE(select.failed());
    begin(command("SET", "k", "v"));
    run();
    (void)socket_.commands();
    socket_.say("-READONLY x\r\n");
    run();
    auto& next = echo("next");
    run();
    answer_all();
    EXPECT_EQ(next.outcome(), ok("next")) << "a new connection would not have its state";
    EXPECT_THAT(source_->returned, IsEmpty());
}

TEST_F(DedicatedLineTest, AConnectionThatTheServerIsAboutToCloseTakesNoMoreCommands) {
    have_connection();
    auto& blocked = begin(command("BLPOP", "k", 0));
    run();
    (void)socket_.commands();
    socket_.say("-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n");
    run();
    EXPECT_EQ(blocked.outcome(), failed(errc::unblocked, fate::not_applied, phase::reply));
    EXPECT_FALSE(connection_.up());
    auto& next = echo("next");
    run();
    EXPECT_FALSE(next.over());
    EXPECT_EQ(source_->requests, 2);
    EXPECT_THAT(socket_.commands(), IsEmpty());
}

TEST_F(DedicatedLineTest, AfterALossWithStateEveryOperationFailsAndSaysWhy) {
    have_connection();
    auto& select = begin(command("SELECT", 3));
    run();
    answer_all();
    EXPECT_FALSE(select.failed());
    lose_connection();
    for (int i = 0; i < 2; ++i) {
        auto& next = echo("next");
        EXPECT_EQ(next.outcome(), failed(errc::connection_lost, fate::not_applied, phase::none));
        EXPECT_THAT(std::string(next.failure().text()), HasSubstr("make a new dedicated client"));
        EXPECT_EQ(next.failure().node(), "redis://test");
    }
    run();
    EXPECT_EQ(source_->requests, 1);
    EXPECT_THAT(source_->returned, ElementsAre("used up"));
}

TEST_F(DedicatedLineTest, WhoWaitsWhenStateIsLostFailsToo) {
    auto& select = begin(command("SELECT", 3));
    const std::string large(output_max, 'x');
    auto& filling = echo(large);
    run();
    when_room_ = {};  // nobody tells that there is room again
    grant();
    EXPECT_THAT(socket_.commands(), ElementsAre("CLIENT SETNAME name", "SELECT 3")) << "no room for the next";
    lose_connection();
    run();
    EXPECT_EQ(select.outcome(), failed(errc::connection_lost, fate::unknown, phase::sent));
    EXPECT_EQ(filling.outcome(), failed(errc::connection_lost, fate::not_applied, phase::none));
    EXPECT_EQ(source_->requests, 1);
}

TEST_F(DedicatedLineTest, AStateCommandThatNeverReachedAConnectionStrandsNobody) {
    auto& select = begin(command("SELECT", 3));
    auto& other = echo("other");
    run();
    EXPECT_TRUE(select.cancel(errc::cancelled));
    grant();
    answer_all();
    EXPECT_EQ(other.outcome(), ok("other"));
    lose_connection();
    EXPECT_FALSE(echo("next").over());
    run();
    EXPECT_EQ(source_->requests, 2);
}

TEST_F(DedicatedLineTest, TheFirstMayBeLargerThanTheBuffer) {
    const std::string large(output_max + 1, 'x');
    auto& op = echo(large);
    run();
    grant();
    run();
    answer_all();
    answer_all();
    ASSERT_TRUE(op.over());
    EXPECT_EQ(op.value().text(), large);
}

TEST_F(DedicatedLineTest, RoomThatOneMakesWhoHasLeftIsNoticed) {
    have_connection();
    socket_.sends = {{.error = EAGAIN}};
    auto& left = echo(std::string(output_max - 100, 'a'));
    {
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch sends(reactor_);
    }
    ASSERT_TRUE(left.cancel(errc::cancelled));
    auto& waits = echo(std::string(output_max - 100, 'b'));
    EXPECT_EQ(waits.holder.load(), line_.get());
    run();
    EXPECT_NE(waits.holder.load(), line_.get()) << "its turn has come, and no reply yet";
    answer_all();
    ASSERT_TRUE(waits.over());
    EXPECT_EQ(waits.value().text(), std::string(output_max - 100, 'b'));
}

TEST_F(DedicatedLineTest, AFullBufferMakesOperationsWaitInOrder) {
    have_connection();
    const std::string large(output_max, 'x');
    {
        const ReactorTesting here(reactor_);
        const Reactor::Dispatch nothing_is_sent_before_its_end(reactor_);
        echo(large);
        begin(command("SELECT", 3));
        echo("third");
    }
    auto& first = *ops_.end()[-3];
    auto& select = *ops_.end()[-2];
    auto& third = *ops_.end()[-1];
    EXPECT_EQ(connection_.in_flight(), 1U) << "the others have no room";
    for (int i = 0; i < 3; ++i) {
        run();
        answer_all();
    }
    EXPECT_EQ(first.value().text(), large);
    EXPECT_FALSE(select.failed());
    EXPECT_EQ(third.outcome(), ok("third"));
    ASSERT_EQ(received_.size(), 3U);
    EXPECT_EQ(received_[1], "SELECT 3");
}

// -- commands that wait on the server --

TEST_F(DedicatedLineTest, TheTimeOfABlockingCommandBeginsWhenItIsSent) {
    auto& pop = begin(command("BLPOP", "q", 1), never_ns - 1);
    run();
    grant();
    ReactorTesting clock(reactor_);
    const auto end = pop.expires_ns();
    EXPECT_LT(end, never_ns - 1);
    clock.set_now(end - 50 * ms);
    clock.tick();
    EXPECT_FALSE(pop.over());
    clock.set_now(end + 50 * ms);
    clock.tick();
    EXPECT_EQ(pop.outcome(), failed(errc::deadline_exceeded, fate::unknown, phase::sent));
}

TEST_F(DedicatedLineTest, ABlockingCommandWaitsForItsConnectionNoLongerThanOthers) {
    const auto until = steady_now_ns() + 60'000 * ms;
    auto& pop = begin(command("BLPOP", "q", 0), until);
    run();
    ReactorTesting clock(reactor_);
    clock.set_now(until + 50 * ms);
    clock.tick();
    EXPECT_EQ(pop.outcome(), failed(errc::deadline_exceeded, fate::not_applied, phase::lease));
}

TEST_F(DedicatedLineTest, OneThatWaitsForEverHasNoEndOnceItIsSent) {
    auto& pop = begin(command("BLPOP", "q", 0), steady_now_ns() + 60'000 * ms);
    run();
    grant();
    EXPECT_EQ(pop.expires_ns(), never_ns);
    auto& limited = begin(command("BLPOP", "q", 0), steady_now_ns() + 60'000 * ms, true);
    EXPECT_LT(limited.expires_ns(), never_ns) << "a deadline that was given holds";
}

// -- the end --

TEST_F(DedicatedLineTest, AtTheEndAnIdleConnectionGoesBackAsItIs) {
    have_connection();
    line_->end();
    EXPECT_THAT(source_->returned, ElementsAre("clean"));
    EXPECT_TRUE(connection_.up());
    EXPECT_TRUE(line_->closed());
    EXPECT_EQ(echo("late").outcome(), failed(errc::closed, fate::not_applied, phase::none));
    line_->end();
    EXPECT_EQ(source_->returned.size(), 1U);
}

TEST_F(DedicatedLineTest, TheEndTakesAlongWhatIsUnderWay) {
    have_connection();
    auto& sent = echo("sent");
    run();
    line_->end();
    run();
    EXPECT_EQ(sent.outcome(), failed(errc::closed, fate::unknown, phase::sent));
    EXPECT_THAT(source_->returned, ElementsAre("clean"));
    EXPECT_FALSE(connection_.up());
}

TEST_F(DedicatedLineTest, TheEndFailsThoseWhoWaitAndTakesTheRequestBack) {
    auto& waiting = echo("waiting");
    run();
    line_->end();
    run();
    EXPECT_EQ(waiting.outcome(), failed(errc::closed, fate::not_applied, phase::none));
    EXPECT_EQ(source_->cancelled, 1);
}

TEST_F(DedicatedLineTest, ItLivesUntilItsLastOperationIsOver) {
    have_connection();
    auto& sent = echo("sent");
    run();
    const std::weak_ptr<DedicatedLine> alive = line_;
    std::exchange(line_, std::make_shared<DedicatedLine>(reactor_, std::make_unique<Source>()))->end();
    EXPECT_FALSE(alive.expired());
    run();
    EXPECT_TRUE(sent.over());
    EXPECT_TRUE(alive.expired());
}

TEST_F(DedicatedLineTest, ItLivesForAnOperationThatIsOnItsWay) {
    EXPECT_TRUE(echo("other").cancel(errc::cancelled));  // something is left to do for the I/O thread
    auto& op = make("late", Operation::origin::asynchronous);
    DedicatedLine::set_times(op, false, never_ns);
    line_->expect();
    op.proceed(*line_);  // from another thread: by way of the inbox
    const std::weak_ptr<DedicatedLine> alive = line_;
    std::exchange(line_, std::make_shared<DedicatedLine>(reactor_, std::make_unique<Source>()))->end();
    {
        const ReactorTesting here(reactor_);
        reactor_.context().poll_one();
    }
    ASSERT_FALSE(op.over()) << "it is still on its way";
    ASSERT_FALSE(alive.expired());
    run();
    EXPECT_EQ(op.outcome(), failed(errc::closed, fate::not_applied, phase::none));
    EXPECT_TRUE(alive.expired());
}

TEST_F(DedicatedLineTest, FinishingLetsWhatIsUnderWayEndWell) {
    have_connection();
    auto& sent = echo("sent");
    run();
    line_->finish();
    EXPECT_EQ(echo("late").outcome(), failed(errc::closed, fate::not_applied, phase::none));
    EXPECT_THAT(source_->returned, IsEmpty());
    answer_all();
    EXPECT_EQ(sent.outcome(), ok("sent"));
    EXPECT_THAT(source_->returned, ElementsAre("clean"));
    EXPECT_TRUE(connection_.up());
}

TEST_F(DedicatedLineTest, FinishingLetsWhoWaitsForAConnectionHaveIt) {
    auto& waiting = echo("waiting");
    run();
    line_->finish();
    run();
    grant();
    answer_all();
    EXPECT_EQ(waiting.outcome(), ok("waiting"));
    EXPECT_THAT(source_->returned, ElementsAre("clean"));
}

TEST_F(DedicatedLineTest, CloseGivesUpWhenItsTimeIsOver) {
    have_connection();
    auto& sent = echo("sent");
    run();
    EXPECT_FALSE(line_->close(0));
    run();
    EXPECT_EQ(sent.outcome(), failed(errc::closed, fate::unknown, phase::sent));
    EXPECT_TRUE(line_->close(0)) << "nothing is left";
}

TEST_F(DedicatedLineTest, AConnectionIsNotGivenBackWhileABlockingCallerMayTouchIt) {
    have_connection();
    {
        const auto c = command("ECHO", "mine");
        DedicatedLine::Call call(reactor_);
        call.command = &c;
        DedicatedLine::set_times(call, true, steady_now_ns() + 60'000 * ms);
        line_->expect();
        line_->start(call);
        answer_all();
        call.wait({});
        EXPECT_FALSE(call.failed());
        line_->end();
        EXPECT_THAT(source_->returned, IsEmpty());
    }
    EXPECT_THAT(source_->returned, ElementsAre("clean"));
}

TEST_F(DedicatedLineTest, DescribesItself) { EXPECT_EQ(line_->describe(), "dedicated[redis://test]"); }

}  // namespace
}  // namespace redoubt::core
