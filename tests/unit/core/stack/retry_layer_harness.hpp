// The retry layer between a deadline and attempts that a test makes fail, with the clock in its hands.
#pragma once

#include <memory>
#include <utility>

#include "core/stack/attempt_timeout.hpp"
#include "core/stack/deadline.hpp"
#include "core/stack/retry_layer.hpp"
#include "tests/support/mock_layer.hpp"
#include "tests/support/reactor_testing.hpp"
#include "tests/support/test_operation.hpp"

namespace redoubt::core {

inline const error refused(errc::connect_failed, fate::not_applied, phase::dial);
inline const error unsent(errc::connection_lost, fate::not_applied, phase::queue);
inline const error lost(errc::connection_lost, fate::unknown, phase::sent);
inline const error loading(errc::loading, fate::not_applied, phase::reply, {.node = "redis://a:1", .text = "LOADING"});

/// Once for blocking operations, which watch their own time, and once for those in the wheel.
class RetryHarness : public ::testing::TestWithParam<Operation::origin> {
protected:
    static constexpr std::int64_t tick_late_ns = 8'000'000;

    RetryHarness() { io_.set_now(start_); }

    static retry_settings settings() { return {.policy = {}, .budget = {.per_second = 0}}; }
    std::unique_ptr<test::TestOperation> operation(Command<reply> c = command("GET", "k")) {
        return std::make_unique<test::TestOperation>(reactor_, std::move(c), GetParam());
    }
    void expect_starts(int times, const error& why) {
        EXPECT_CALL(next_, start(::testing::_))
            .Times(times)
            .WillRepeatedly(::testing::Invoke(test::Fail(why)))
            .RetiresOnSaturation();
    }
    void expect_success() {
        EXPECT_CALL(next_, start(::testing::_)).WillOnce(::testing::Invoke(test::Reply("v"))).RetiresOnSaturation();
    }
    void at(std::int64_t ns, test::TestOperation& op) {
        now_ = ns;
        io_.set_now(ns);
        op.asynchronous() ? io_.tick() : static_cast<void>(op.expire(ns));
    }
    bool pauses(const test::TestOperation& op) const { return !op.over() && op.holder.load() == &layer_; }
    static std::int64_t end_of_pause(const test::TestOperation& op) { return op.attempt_deadline_ns.load(); }
    /// Lets the pause pass; the wheel is up to a tick late.
    void pass(test::TestOperation& op) {
        ASSERT_TRUE(pauses(op));
        at(end_of_pause(op) + (op.asynchronous() ? tick_late_ns : 0), op);
    }
    retry_stats stats() const { return layer_.snapshot(now_); }

    Reactor reactor_;
    ReactorTesting io_{reactor_};
    std::int64_t start_ = steady_now_ns();
    std::int64_t now_ = start_;
    ::testing::StrictMock<test::MockLayer> next_;
    AttemptTimeoutLayer attempt_{next_, std::chrono::seconds(1)};
    RetryLayer layer_{attempt_, settings(), 11, start_};
    DeadlineLayer top_{layer_, std::chrono::seconds(3)};
};

inline const auto both_origins = ::testing::Values(Operation::origin::blocking, Operation::origin::asynchronous);
inline std::string origin_name(const ::testing::TestParamInfo<Operation::origin>& p) {
    return p.param == Operation::origin::blocking ? "Blocking" : "Asynchronous";
}

}  // namespace redoubt::core
