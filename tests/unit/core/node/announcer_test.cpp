// What a listener is told, in which order, on which thread.
#include "core/node/announcer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/reactor_testing.hpp"

namespace redoubt::core {
namespace {

using test::run_ready;
using testing::ElementsAre;
using testing::IsEmpty;

struct Notes final : Listener {
    explicit Notes(Reactor& r) : reactor(r) {}
    void on_breaker(const breaker_change& c) override {
        note("breaker " + std::string(to_string(c.from)) + " > " + std::string(to_string(c.to)) + ": " + c.text);
    }
    void on_health(const health_change_event& c) override {
        note("health " + std::string(to_string(c.from)) + " > " + std::string(to_string(c.to)));
    }
    void on_connection(const connection_change& c) override { note(std::string(to_string(c.what)) + ' ' + c.node); }
    void note(std::string what) {
        EXPECT_TRUE(reactor.on_thread());
        lines.push_back(std::move(what));
        if (then) then();
    }
    Reactor& reactor;
    std::vector<std::string> lines;
    std::function<void()> then;
};

class AnnouncerTest : public testing::Test {
protected:
    void trip(std::int64_t now_ns = 1) { node_->breaker().trip(now_ns, "by hand"); }

    Reactor reactor_;
    std::shared_ptr<Node> node_ = std::make_shared<Node>("redis://a:1", node_policy{});
    std::shared_ptr<Notes> notes_ = std::make_shared<Notes>(reactor_);
    Announcer announcer_{reactor_, notes_, node_};
};

TEST_F(AnnouncerTest, NothingIsToldFromWithinTheChange) {
    const ReactorTesting here(reactor_);
    announcer_.tell(connection_event::connected);
    trip();
    node_->heard(Node::probe_answer::alive, 1);
    EXPECT_THAT(notes_->lines, IsEmpty());
}

TEST_F(AnnouncerTest, ChangesOfAllKindsKeepTheirOrder) {
    node_->heard(Node::probe_answer::alive, 1);
    announcer_.tell(connection_event::connected);
    announcer_.tell(connection_event::lost, errc::connection_lost);
    trip();
    node_->heard(Node::probe_answer::quarantined, 2);
    announcer_.tell(connection_event::connected);
    run_ready(reactor_);
    EXPECT_THAT(notes_->lines,
                ElementsAre("health unknown > healthy", "connected redis://a:1", "lost redis://a:1",
                            "breaker closed > open: by hand", "health healthy > quarantined", "connected redis://a:1"));
}

// A post from the I/O thread stands behind what the loop finds elsewhere: the order must not depend on that.
TEST_F(AnnouncerTest, WhatTheIoThreadSaysFirstIsToldFirst) {
    reactor_.post([&] {
        announcer_.tell(connection_event::lost);
        std::thread([&] { trip(); }).join();
    });
    run_ready(reactor_);
    EXPECT_THAT(notes_->lines, ElementsAre("lost redis://a:1", "breaker closed > open: by hand"));
}

TEST_F(AnnouncerTest, WhatAListenerCausesIsToldAfterItHasReturned) {
    bool inside = false;
    notes_->then = [&] {
        EXPECT_FALSE(inside);
        inside = true;
        if (notes_->lines.size() == 1) trip();
        inside = false;
    };
    announcer_.tell(connection_event::lost);
    announcer_.tell(connection_event::connected);
    run_ready(reactor_);
    EXPECT_THAT(notes_->lines,
                ElementsAre("lost redis://a:1", "connected redis://a:1", "breaker closed > open: by hand"));
}

TEST_F(AnnouncerTest, AListenerThatThrowsIsCountedAndHearsTheNext) {
    notes_->then = [&] { throw std::runtime_error("no"); };
    announcer_.tell(connection_event::lost);
    announcer_.tell(connection_event::connected);
    run_ready(reactor_);
    EXPECT_EQ(notes_->lines.size(), 2U);
    EXPECT_EQ(announcer_.exceptions(), 2U);
}

TEST_F(AnnouncerTest, EveryListenerOfANodeHearsOfIt) {
    Reactor second_reactor;
    const auto second = std::make_shared<Notes>(second_reactor);
    Announcer other(second_reactor, second, node_);
    trip();
    announcer_.tell(connection_event::lost);
    run_ready(reactor_);
    run_ready(second_reactor);
    EXPECT_THAT(notes_->lines, ElementsAre("breaker closed > open: by hand", "lost redis://a:1"));
    EXPECT_THAT(second->lines, ElementsAre("breaker closed > open: by hand")) << "connections are each client's own";
}

TEST_F(AnnouncerTest, NothingIsToldOnceStopped) {
    announcer_.tell(connection_event::lost);
    announcer_.stop();
    trip();
    run_ready(reactor_);
    EXPECT_THAT(notes_->lines, IsEmpty());
    announcer_.forget();
    EXPECT_EQ(notes_.use_count(), 1);
}

TEST_F(AnnouncerTest, WithoutAListenerNothingIsQueued) {
    Reactor idle;
    Announcer none(idle, nullptr, node_);
    none.tell(connection_event::lost);
    trip();
    EXPECT_EQ(run_ready(idle), 0U);
}

// Changes decided by several threads at once: each begins where the one before it ended.
TEST_F(AnnouncerTest, HealthChangesOfManyThreadsFormAChain) {
    std::vector<std::thread> threads;
    std::vector<health_change_event> seen;
    struct Chain final : Listener {
        explicit Chain(std::vector<health_change_event>& s) : seen(s) {}
        void on_health(const health_change_event& c) override { seen.push_back(c); }
        std::vector<health_change_event>& seen;
    };
    Announcer chain(reactor_, std::make_shared<Chain>(seen), node_);
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 500; ++i) {
                node_->heard(t % 2 == 0 ? Node::probe_answer::alive : Node::probe_answer::quarantined, 1);
            }
        });
    }
    for (auto& t : threads) t.join();
    run_ready(reactor_);
    ASSERT_GE(seen.size(), 2U);
    for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_EQ(seen[i].from, seen[i - 1].to) << i;
    EXPECT_EQ(seen.size(), node_->health_figures().changes);
}

}  // namespace
}  // namespace redoubt::core
