// Repeats what failed, where that cannot do harm: after a pause, within deadline, attempts and budget.
#pragma once

#include <atomic>
#include <mutex>
#include <redoubt/stats.hpp>

#include "core/stack/layer.hpp"
#include "core/stack/waiting_line.hpp"
#include "resilience/retry.hpp"
#include "resilience/retry_budget.hpp"

namespace redoubt::core {

struct retry_settings {
    resilience::retry_policy policy{};
    resilience::retry_budget_policy budget{};
};

/// While an operation pauses this layer is its holder, and the operation's own time says when it goes on: no thread
/// and no timer waits for it. Whoever watches the operation's time ends the pause by cancel(attempt_timeout). Any other
/// reason ends the operation, and gives the token of the repetition back.
///
/// The layers behind this one see each attempt anew and hold nothing of the operation during a pause; those before it
/// see one operation.
///
/// What an error says of the command holds for all attempts together: if one of them may have run, the error does not
/// claim the contrary because the last one did not.
class RetryLayer final : public Decorator {
public:
    RetryLayer(Layer& next, const retry_settings& s, std::uint64_t seed, std::int64_t now_ns) noexcept
        : Decorator(next), policy_(s.policy), budget_(s.budget, now_ns), engine_(seed) {}

    void start(Operation& op) noexcept override { enter(op); }
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override;
    bool cancel(Operation& op, errc reason) noexcept override;
    std::string describe() const override;

    /// No more pauses: those that pause end with `closed`, failures from now on are final. Any thread.
    void close() noexcept;

    retry_stats snapshot(std::int64_t now_ns) const noexcept;
    /// Operations that pause, or are being started again at this moment.
    std::uint32_t pausing() const noexcept { return pausing_.load(std::memory_order_acquire); }

private:
    struct memory;
    resilience::retry_decision decide(const Operation& op, const resilience::retry_failure& failure, const memory& m,
                                      std::int64_t now_ns) noexcept;
    void act(Operation& op, memory m, const resilience::retry_failure& failure, resilience::retry_decision d,
             std::int64_t now_ns) noexcept;
    void pause(Operation& op, const memory& m, std::int64_t until_ns) noexcept;
    void repeat(Operation& op, const memory& m) noexcept;
    void go_on(Operation& op) noexcept;
    void end(Operation& op, errc reason) noexcept;
    void give_up(Operation& op, const memory& m) noexcept;

    const resilience::retry_policy policy_;
    resilience::RetryBudget budget_;
    std::atomic<std::uint32_t> pausing_{0};
    std::atomic<std::uint64_t> retries_{0};
    std::atomic<std::uint64_t> free_retries_{0};
    std::atomic<std::uint64_t> budget_refused_{0};

    std::mutex lock_;
    resilience::random_engine engine_;  // under lock_
    WaitingLine line_;                  // under lock_: those that pause, in no order of time
    bool closed_ = false;               // under lock_
};

}  // namespace redoubt::core
