// Callers that sleep through pauses, and pauses that end from several sides at once.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/stack/attempt_timeout.hpp"
#include "core/stack/blocking_operation.hpp"
#include "core/stack/retry_layer.hpp"
#include "tests/support/reactor_testing.hpp"

namespace redoubt::core {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t ms = 1'000'000;
const error refused(errc::connect_failed, fate::not_applied, phase::dial);

/// Holds the first attempt of an operation until the test fails it; the next one succeeds.
class FirstHeld final : public Layer {
public:
    void start(Operation& op) noexcept override {
        if (++starts == 2) return op.succeed(reply::status("OK"));
        op.holder.store(this, std::memory_order_release);
        held.store(&op, std::memory_order_release);
    }
    bool cancel(Operation&, errc) noexcept override { return false; }
    std::string describe() const override { return "held"; }
    void fail() noexcept {
        Operation* op = nullptr;
        while ((op = held.exchange(nullptr)) == nullptr) std::this_thread::yield();
        op->holder.store(nullptr, std::memory_order_release);
        op->fail(refused);
    }
    std::atomic<Operation*> held{nullptr};
    std::atomic<int> starts{0};
};

class RetrySleepingCaller : public ::testing::Test {
protected:
    /// The attempt may take a minute: without a wake the caller would sleep through its pause.
    void expect_prompt_repetition(void (*fail)(Reactor&, FirstHeld&)) {
        const auto begun = steady_now_ns();
        for (int round = 0; round < 50; ++round) {
            FirstHeld next;
            AttemptTimeoutLayer attempt(next, 60s);
            RetryLayer layer(attempt, settings_, 3, begun);
            BlockingOperation op(reactor_);
            op.command = &command_;
            op.started_ns = steady_now_ns();
            op.deadline_ns = op.started_ns + 120'000 * ms;
            std::thread other([&] {
                for (int pause = round % 8; pause != 0; --pause) std::this_thread::yield();
                fail(reactor_, next);
            });
            layer.start(op);
            op.wait(60s);
            other.join();
            ASSERT_FALSE(op.failed());
            ASSERT_EQ(op.attempts, 2);
            ASSERT_EQ(layer.pausing(), 0U);
        }
        EXPECT_LT(steady_now_ns() - begun, 30'000 * ms);
    }

    Reactor reactor_;
    Command<reply> command_ = command("GET", "k");
    retry_settings settings_{.policy = {.backoff = {.base = 1ms, .cap = 1ms}}, .budget = {}};
};

TEST_F(RetrySleepingCaller, IsWokenForItsPauseByAnotherCaller) {
    expect_prompt_repetition([](Reactor&, FirstHeld& next) { next.fail(); });
}

TEST_F(RetrySleepingCaller, IsWokenForItsPauseByTheIoThread) {
    expect_prompt_repetition([](Reactor& reactor, FirstHeld& next) {
        const ReactorTesting here(reactor);
        const Reactor::Dispatch dispatch(reactor);
        next.fail();
    });
}

/// Every attempt fails at once.
class Refusing final : public Layer {
public:
    void start(Operation& op) noexcept override {
        starts.fetch_add(1, std::memory_order_relaxed);
        op.fail(refused);
    }
    bool cancel(Operation&, errc) noexcept override { return false; }
    std::string describe() const override { return "refusing"; }
    std::atomic<std::uint64_t> starts{0};
};

// Each caller goes on from its pause by itself; close() comes in between. What was paid for and what was repeated must
// agree to the token: a pause that ended from both sides, or from none, would show.
TEST(RetryLayerRace, APauseEndsByItsTimeOrByCloseNeverByBoth) {
    constexpr std::size_t callers = 4;
    constexpr std::uint32_t tokens = 1'000'000;
    const retry_settings settings{
        .policy = {.attempts_max = 100, .backoff = {.kind = resilience::backoff_kind::none, .base = 20us, .cap = 20us}},
        .budget = {.cap = tokens, .deposit_thousandths = 0, .per_second = 0}};
    const auto get = command("GET", "k");
    Reactor reactor;
    std::uint64_t closed = 0;
    for (int round = 0; round < 300; ++round) {
        Refusing next;
        RetryLayer layer(next, settings, 3, steady_now_ns());
        std::atomic<std::size_t> ready{0};
        std::atomic<std::uint64_t> ended_closed{0};
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < callers; ++t) {
            threads.emplace_back([&] {
                BlockingOperation op(reactor);
                op.command = &get;
                op.deadline_ns = steady_now_ns() + 60'000 * ms;
                ++ready;
                layer.start(op);
                op.wait(0ns);
                EXPECT_TRUE(op.failed());
                if (op.failure() == errc::closed) {
                    ++ended_closed;
                    EXPECT_EQ(op.failure().phase(), phase::backoff);
                } else {
                    EXPECT_EQ(op.failure().kind(), errc::connect_failed);
                }
                EXPECT_EQ(op.failure().fate(), fate::not_applied);
            });
        }
        while (ready < callers) std::this_thread::yield();
        const auto until = steady_now_ns() + round % 50 * 10'000;
        while (steady_now_ns() < until) std::this_thread::yield();
        layer.close();
        for (auto& t : threads) t.join();
        const auto s = layer.snapshot(steady_now_ns());
        ASSERT_EQ(layer.pausing(), 0U);
        ASSERT_EQ(s.tokens, static_cast<double>(tokens - s.retries));
        ASSERT_EQ(next.starts, callers + s.retries);
        closed += ended_closed;
    }
    EXPECT_GT(closed, 0U) << "the race never happened";
}

}  // namespace
}  // namespace redoubt::core
