// A budget of tokens that bounds how much load repetitions may add when much fails at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace redoubt::resilience {

/// When a token is taken, and when a repetition is granted.
enum class budget_form : std::uint8_t {
    paid,      ///< A repetition costs a token, and is granted while there is a whole one.
    throttle,  ///< A failure costs a token, granted or not; repetitions are granted while more than half of `cap` is
               ///< left.
};

struct retry_budget_policy {
    budget_form form = budget_form::paid;
    std::uint32_t cap = 100;                  ///< Tokens, at most 1,000,000; 0: no budget, everything is granted.
    std::uint32_t deposit_thousandths = 100;  ///< Earned by each success, in thousandths of a token; 0: nothing.
    std::uint32_t per_second = 1;             ///< Tokens earned by time, at most 1,000,000; 0: none.
};

/// While most calls succeed the budget is full and every repetition is granted. When most fail, there are no more
/// repetitions than a tenth of the successes (by default) and a token for each second, so the load on a server that is
/// in trouble stays below 1.112 times what is offered, however often each caller would like to try.
///
/// Times are nanoseconds of one monotonic clock. A clock that goes backwards earns nothing, until it has passed the
/// latest time seen. Thread safety: all functions, from any thread, without locks.
class RetryBudget {
public:
    /// Full at the start.
    RetryBudget(const retry_budget_policy& policy, std::int64_t now_ns) noexcept
        : policy_(policy), cap_(std::int64_t{policy.cap} * token), units_(cap_), earned_until_ns_(now_ns) {}

    /// Asks for one repetition, before its pause. True: granted, and in form `paid` its token is taken.
    [[nodiscard]] bool withdraw(std::int64_t now_ns) noexcept;
    /// A repetition that was granted will not take place.
    void refund() noexcept { add(token); }
    /// A success of any attempt. Only reads while the budget is full.
    void deposit() noexcept { add(policy_.deposit_thousandths); }
    /// What withdraw() would answer now in form `throttle` if nothing had failed; in form `paid`, what it would answer.
    bool allows(std::int64_t now_ns) const noexcept;
    /// What is left.
    double tokens(std::int64_t now_ns) const noexcept;

private:
    static constexpr std::int64_t token = 1000;  // units: thousandths

    struct earnings {
        std::int64_t units;
        std::int64_t until_ns;  // what is less than a unit stays for later
    };
    earnings earned(std::int64_t from_ns, std::int64_t now_ns) const noexcept;
    void earn(std::int64_t now_ns) noexcept;
    void add(std::int64_t units) noexcept;
    std::int64_t units_at(std::int64_t now_ns) const noexcept;
    bool enough(std::int64_t units) const noexcept {
        return policy_.form == budget_form::paid ? units >= token : 2 * units > cap_;
    }

    const retry_budget_policy policy_;
    const std::int64_t cap_;
    std::atomic<std::int64_t> units_;            // 0 to cap_
    std::atomic<std::int64_t> earned_until_ns_;  // time up to here has been turned into units; never goes back
};

}  // namespace redoubt::resilience
