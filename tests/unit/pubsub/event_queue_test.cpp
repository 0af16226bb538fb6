// Readers that wait with a handler: who gets what, when, and on which thread.
#include "pubsub/event_queue.hpp"

#include <gtest/gtest.h>

#include "tests/support/reactor_testing.hpp"

namespace redoubt::pubsub {
namespace {

using time_point = EventQueue::time_point;

class Reader final : public detail::next_waiter {
public:
    explicit Reader(core::Reactor& reactor) : reactor_(reactor) {}
    void complete(result<event>&& outcome, bool elsewhere) noexcept override {
        ++times;
        was_elsewhere = elsewhere;
        on_io_thread = reactor_.on_thread();
        got = std::move(outcome);
        if (then) then();
    }
    std::string text() const {
        if (times != 1) return std::to_string(times) + " times";
        if (!got) return make_error_code(got.error().kind()).message();
        if (const auto* const m = std::get_if<message>(&*got)) return m->payload;
        return std::holds_alternative<closed>(*got) ? "closed event" : "another event";
    }
    int times = 0;
    bool was_elsewhere = false;
    bool on_io_thread = false;
    result<event> got;
    std::function<void()> then;

private:
    core::Reactor& reactor_;
};

class Queue : public testing::Test {
protected:
    std::shared_ptr<Reader> reader() { return std::make_shared<Reader>(reactor_); }
    void run() { test::run_ready(reactor_); }
    static message say(std::string payload) { return {"c", {}, std::move(payload)}; }
    static std::string said(errc code) { return make_error_code(code).message(); }
    result<event> poll() { return queue_->next(time_point{}, {}); }

    core::Reactor reactor_;
    std::shared_ptr<EventQueue> queue_ =
        std::make_shared<EventQueue>(reactor_, subscribe_options{.buffer_messages = 3});
};

TEST_F(Queue, ReadersAreServedInOrderOnTheIoThread) {
    const auto one = reader();
    const auto two = reader();
    queue_->start(one);
    queue_->start(two);
    run();
    EXPECT_EQ(one->times, 0);
    queue_->push(say("1"));
    queue_->push(say("2"));
    EXPECT_EQ(one->times, 0) << "never on the thread of the writer's caller";
    run();
    EXPECT_EQ(one->text(), "1");
    EXPECT_EQ(two->text(), "2");
    EXPECT_TRUE(one->on_io_thread);
    EXPECT_FALSE(one->was_elsewhere);
}

TEST_F(Queue, WhatIsThereAlreadyIsNotHandedOverInline) {
    queue_->push(say("1"));
    const auto one = reader();
    queue_->start(one);
    EXPECT_EQ(one->times, 0);
    run();
    EXPECT_EQ(one->text(), "1");
}

TEST_F(Queue, AReaderMayReadAgainFromItsHandler) {
    for (const auto* const p : {"1", "2", "3"}) queue_->push(say(p));
    std::vector<std::shared_ptr<Reader>> all;
    std::function<void()> again = [&] {
        all.push_back(reader());
        if (all.size() < 3) all.back()->then = again;
        queue_->start(all.back());
    };
    again();
    run();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2]->text(), "3");
}

TEST_F(Queue, AReaderThatAsksAgainForEverDoesNotKeepTheIoThread) {
    queue_->finish(errc::closed);
    int asked = 0;
    int when_others_ran = 0;
    std::function<void()> again = [&] {
        if (++asked == 10'000) return;
        const auto next = reader();
        next->then = again;
        queue_->start(next);
    };
    again();
    reactor_.post([&] { when_others_ran = asked; });
    run();
    EXPECT_EQ(asked, 10'000);
    EXPECT_LT(when_others_ran, 1'000);
}

TEST_F(Queue, AtTheEndOfTheLoopAllAreServedHoweverMany) {
    std::vector<std::shared_ptr<Reader>> all(1'000);
    for (auto& r : all) queue_->start(r = reader());
    queue_->finish(errc::closed);
    queue_->loop_ends();
    for (const auto& r : all) EXPECT_EQ(r->times, 1);
}

TEST_F(Queue, ACancelledReaderHasTakenNothing) {
    const auto one = reader();
    queue_->start(one);
    queue_->cancel(one);
    EXPECT_EQ(one->times, 0) << "not inline";
    queue_->push(say("1"));
    run();
    EXPECT_EQ(one->text(), said(errc::cancelled));
    EXPECT_TRUE(one->on_io_thread);
    const auto next = poll();
    ASSERT_TRUE(next);
    EXPECT_EQ(std::get<message>(*next).payload, "1");
    queue_->cancel(one);
    run();
    EXPECT_EQ(one->times, 1) << "too late";
}

TEST_F(Queue, AThreadGetsWhatIsThereAndNothingTooLate) {
    EXPECT_EQ(poll().error(), errc::deadline_exceeded);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(queue_->next(time_point::max(), stop.get_token()).error(), errc::cancelled);
    queue_->push(say("1"));
    EXPECT_EQ(std::get<message>(*queue_->next(time_point::max(), stop.get_token())).payload, "1")
        << "what is there is better than a refusal";
}

TEST_F(Queue, BehindAnOpenGapNobodyIsServed) {
    const auto one = reader();
    queue_->start(one);
    queue_->open_gap({});
    queue_->push(say("1"));
    run();
    EXPECT_EQ(one->times, 0);
    EXPECT_EQ(poll().error(), errc::deadline_exceeded);
    queue_->tell_gap();
    run();
    EXPECT_EQ(one->text(), "another event");
    EXPECT_EQ(std::get<message>(*poll()).payload, "1");
}

TEST_F(Queue, TheEndComesAfterWhatIsThereAndOnceOnly) {
    const auto one = reader();
    queue_->push(say("1"));
    queue_->finish(errc::closed);
    queue_->finish(errc::reply_limit);
    EXPECT_TRUE(queue_->push(say("2")));
    queue_->open_gap({});
    EXPECT_EQ(std::get<message>(*poll()).payload, "1");
    EXPECT_EQ(std::get<closed>(*poll()).reason, errc::closed);
    EXPECT_EQ(poll().error(), errc::closed);
    queue_->start(one);
    run();
    EXPECT_EQ(one->text(), said(errc::closed));
}

TEST_F(Queue, AllWhoWaitHearOfTheEnd) {
    const auto one = reader();
    const auto two = reader();
    queue_->start(one);
    queue_->start(two);
    queue_->finish(errc::closed);
    run();
    EXPECT_EQ(one->text(), "closed event");
    EXPECT_EQ(two->text(), said(errc::closed));
}

TEST_F(Queue, WhenTheLoopEndsNobodyIsLeftWaiting) {
    const auto one = reader();
    queue_->start(one);
    queue_->finish(errc::closed);
    queue_->loop_ends();
    EXPECT_EQ(one->text(), "closed event");
    const auto late = reader();
    queue_->start(late);
    EXPECT_EQ(late->text(), said(errc::closed));
    EXPECT_TRUE(late->was_elsewhere);
}

TEST_F(Queue, AHandlerMayDropTheLastReference) {
    const auto one = reader();
    one->then = [&] { queue_.reset(); };
    queue_->start(one);
    queue_->push(say("1"));
    run();
    EXPECT_EQ(one->text(), "1");
}

TEST_F(Queue, SaysWhenItOverflows) {
    queue_ =
        std::make_shared<EventQueue>(reactor_, subscribe_options{.buffer_messages = 1, .overflow = overflow::close});
    EXPECT_TRUE(queue_->push(say("1")));
    EXPECT_FALSE(queue_->push(say("2")));
    EXPECT_EQ(queue_->stats().buffered, 1U);
    EXPECT_EQ(queue_->stats().dropped, 1U);
    EXPECT_EQ(queue_->stats().messages, 2U);
}

}  // namespace
}  // namespace redoubt::pubsub
