// What to do after a failed attempt: give up, repeat at once, wait for a state, or repeat after a pause.
#pragma once

#include <chrono>
#include <cstdint>

#include "resilience/backoff.hpp"

namespace redoubt::resilience {

/// What a failure permits.
enum class retry_class : std::uint8_t {
    never,       ///< Repeating cannot help, or could do harm.
    any,         ///< The attempt provably did nothing: whatever it was, it may be repeated.
    any_once,    ///< The same, but this kind of failure is repeated once only.
    idempotent,  ///< The attempt may have done its work: repeat only what may be done twice.
    wait_state,  ///< Not a failure of the attempt: the other side is not ready, and says so. Ask again until it is.
};

/// One failed attempt.
struct retry_failure {
    retry_class kind = retry_class::never;
    bool unsent = false;      ///< It never left: with `any`, one repetition for each operation is free and immediate.
    bool repeatable = false;  ///< The operation may be done twice.
    /// Shortest pause. Of `wait_state` the pauses grow from it to `pause_max`; else the backoff comes on top of it.
    std::chrono::nanoseconds pause_min{};
    std::chrono::nanoseconds pause_max{};  ///< Of `wait_state` only.
};

struct retry_policy {
    std::uint32_t attempts_max = 3;  ///< The first one included; 1: only free repetitions and waiting.
    backoff_policy backoff{};        ///< Of the pauses before attempts that are paid for.
    /// What is left before the deadline must allow the pause and so much of an attempt, or it is not begun.
    std::chrono::nanoseconds attempt_min = std::chrono::milliseconds(1);
};

/// What an operation has behind it.
struct retry_progress {
    std::uint32_t attempts = 1;  ///< Without free repetitions and those that only waited for a state; at least 1.
    std::uint32_t waits = 0;     ///< Pauses for a state.
    std::chrono::nanoseconds previous{};  ///< The last paid pause.
    bool free_used = false;               ///< The free repetition.
    bool once_used = false;               ///< The repetition of an `any_once`.
};

enum class retry_step : std::uint8_t {
    give_up,  ///< The failure is final.
    at_once,  ///< Repeat now; costs neither an attempt nor budget.
    wait,     ///< Ask again after the pause; costs neither an attempt nor budget.
    repeat,   ///< Repeat after the pause, if the budget grants it; costs an attempt.
};

struct retry_decision {
    retry_step step = retry_step::give_up;
    std::chrono::nanoseconds pause{};
};

/// Pure, apart from the numbers drawn. Times are nanoseconds of one monotonic clock; a deadline of
/// std::numeric_limits<std::int64_t>::max() is none. Nothing is ever planned past the deadline: when pause and
/// shortest useful attempt do not fit, the decision is to give up now, not to sleep first.
retry_decision decide(const retry_policy& policy, const retry_failure& failure, const retry_progress& so_far,
                      std::int64_t now_ns, std::int64_t deadline_ns, random_engine& engine) noexcept;

}  // namespace redoubt::resilience
