// The I/O thread's loop: its dispatches, what is put off to their end, what comes from other threads.
#include "core/stack/reactor.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <deque>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {
namespace {

using test::MockLayer;
using test::run_ready;
using test::TestOperation;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Invoke;

struct CountedFlush final : Flushable {
    explicit CountedFlush(std::function<void()> f = {}) : then(std::move(f)) {}
    void flush() noexcept override {
        ++count;
        if (then) then();
    }
    int count = 0;
    std::function<void()> then;
};

TEST(Reactor, KnowsItsThread) {
    Reactor reactor;
    Reactor other;
    EXPECT_FALSE(reactor.on_thread());
    EXPECT_FALSE(Reactor::on_any_thread());
    {
        const ReactorTesting here(reactor);
        EXPECT_TRUE(reactor.on_thread());
        EXPECT_FALSE(other.on_thread());
        EXPECT_TRUE(Reactor::on_any_thread());
        EXPECT_FALSE(reactor.in_dispatch());
    }
    EXPECT_FALSE(Reactor::on_any_thread());
}

TEST(Reactor, FlushesOnceAtTheEndOfTheOutermostDispatch) {
    Reactor reactor;
    const ReactorTesting here(reactor);
    CountedFlush a;
    {
        const Reactor::Dispatch outer(reactor);
        {
            const Reactor::Dispatch inner(reactor);
            reactor.flush_later(a);
        }
        EXPECT_EQ(a.count, 0);
    }
    EXPECT_EQ(a.count, 1);
    { const Reactor::Dispatch next(reactor); }
    EXPECT_EQ(a.count, 1);
}

TEST(Reactor, WhatAFlushPutsOffIsFlushedToo) {
    Reactor reactor;
    const ReactorTesting here(reactor);
    CountedFlush second;
    CountedFlush first([&] { reactor.flush_later(second); });
    {
        const Reactor::Dispatch dispatch(reactor);
        reactor.flush_later(first);
    }
    EXPECT_EQ(first.count, 1);
    EXPECT_EQ(second.count, 1);
}

TEST(Reactor, OutsideADispatchAFlushComesSoon) {
    Reactor reactor;
    CountedFlush a;
    CountedFlush b;
    {
        const ReactorTesting here(reactor);
        reactor.flush_later(a);
        reactor.flush_later(b);
    }
    EXPECT_EQ(a.count, 0);
    EXPECT_EQ(run_ready(reactor), 1U) << "one wake for both";
    EXPECT_EQ(a.count, 1);
    EXPECT_EQ(b.count, 1);
}

TEST(Reactor, AForgottenFlushDoesNotCome) {
    Reactor reactor;
    const ReactorTesting here(reactor);
    CountedFlush a;
    CountedFlush b;
    {
        const Reactor::Dispatch dispatch(reactor);
        reactor.flush_later(a);
        reactor.flush_later(b);
        reactor.forget(a);
    }
    EXPECT_EQ(a.count, 0);
    EXPECT_EQ(b.count, 1);
}

TEST(Reactor, TimeStandsStillWithinADispatch) {
    Reactor reactor;
    const ReactorTesting here(reactor);
    const Reactor::Dispatch dispatch(reactor);
    const auto begin = reactor.now_ns();
    while (steady_now_ns() == begin) {
    }
    EXPECT_EQ(reactor.now_ns(), begin);
    reactor.refresh_now();
    EXPECT_GT(reactor.now_ns(), begin);
}

TEST(Reactor, ElsewhereItIsTheClock) {
    Reactor reactor;
    const auto before = steady_now_ns();
    EXPECT_GE(reactor.now_ns(), before);
}

TEST(Reactor, OperationsFromElsewhereGoOnInOrderInOneDispatch) {
    Reactor reactor;
    ::testing::StrictMock<MockLayer> layer;
    std::deque<TestOperation> ops;
    std::vector<Operation*> started;
    CountedFlush flush;
    EXPECT_TRUE(reactor.inbox_empty());
    for (int i = 0; i < 5; ++i) {
        ops.emplace_back(reactor, command("PING"), Operation::origin::asynchronous).proceed(layer);
    }
    EXPECT_FALSE(reactor.inbox_empty());
    EXPECT_CALL(layer, start(_)).Times(5).WillRepeatedly(Invoke([&](Operation& op) {
        EXPECT_TRUE(reactor.in_dispatch());
        started.push_back(&op);
        if (started.size() == 1) reactor.flush_later(flush);
        EXPECT_EQ(flush.count, 0);
    }));
    EXPECT_EQ(run_ready(reactor), 1U);
    EXPECT_THAT(started, ElementsAre(&ops[0], &ops[1], &ops[2], &ops[3], &ops[4]));
    EXPECT_EQ(flush.count, 1);
    EXPECT_TRUE(reactor.inbox_empty());
}

/// Ends on the I/O thread and is gone in the same moment.
class Vanishing final : public Operation {
public:
    Vanishing(Reactor& home, std::atomic<int>& ended) : Operation(home, origin::asynchronous), ended_(ended) {}

private:
    void finished() noexcept override {
        auto& ended = ended_;
        delete this;
        ended.fetch_add(1);
    }
    std::atomic<int>& ended_;
};

// An operation may be gone before resume() returns: under a sanitizer this finds whoever looks at it once more.
TEST(Reactor, AnOperationHandedOverIsNotTouchedAgain) {
    constexpr int threads = 3;
    constexpr int each = 20'000;
    Reactor reactor;
    std::atomic<int> ended{0};
    std::vector<std::thread> callers;
    for (int t = 0; t < threads; ++t) {
        callers.emplace_back([&] {
            for (int i = 0; i < each; ++i) (new Vanishing(reactor, ended))->succeed(reply::integer(i));
        });
    }
    {
        const ReactorTesting here(reactor);
        while (ended.load() != threads * each) reactor.context().poll();
    }
    for (auto& c : callers) c.join();
    EXPECT_TRUE(reactor.inbox_empty());
}

TEST(Reactor, RunsUntilStoppedAlsoPastAHandlerThatThrows) {
    Reactor reactor;
    std::vector<int> seen;
    reactor.post([&] {
        seen.push_back(1);
        throw std::runtime_error("a handler of the user");
    });
    reactor.post([&] {
        seen.push_back(2);
        EXPECT_TRUE(reactor.in_dispatch());
    });
    reactor.stop();
    std::thread io([&] { reactor.run(); });
    io.join();
    EXPECT_THAT(seen, ElementsAre(1, 2));
}

}  // namespace
}  // namespace redoubt::core
