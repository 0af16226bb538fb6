// Thousandths of tokens in one atomic; time is turned into them when somebody asks.
#include "resilience/retry_budget.hpp"

#include <algorithm>

namespace redoubt::resilience {

namespace {
constexpr std::int64_t ns_per_unit = 1'000'000;  // at one token in a second
}

void RetryBudget::add(std::int64_t units) noexcept {
    auto had = units_.load(std::memory_order_relaxed);
    while (had < cap_ && !units_.compare_exchange_weak(had, std::min(had + units, cap_), std::memory_order_relaxed)) {
    }
}

RetryBudget::earnings RetryBudget::earned(std::int64_t from_ns, std::int64_t now_ns) const noexcept {
    const std::int64_t rate = policy_.per_second;
    if (rate == 0 || now_ns <= from_ns) return {0, from_ns};
    // Long times fill the budget, and must not overflow the product below.
    const auto elapsed = static_cast<std::uint64_t>(now_ns) - static_cast<std::uint64_t>(from_ns);
    if (elapsed > static_cast<std::uint64_t>(cap_ * ns_per_unit / rate)) return {cap_, now_ns};
    const auto units = static_cast<std::int64_t>(elapsed) * rate / ns_per_unit;
    return {units, from_ns + (units * ns_per_unit + rate - 1) / rate};
}

// Whoever moves `earned_until_ns_` past a span of time adds what that span is worth: no span counts twice.
void RetryBudget::earn(std::int64_t now_ns) noexcept {
    auto from = earned_until_ns_.load(std::memory_order_relaxed);
    earnings e{};
    do {
        e = earned(from, now_ns);
        if (e.units == 0) return;
    } while (!earned_until_ns_.compare_exchange_weak(from, e.until_ns, std::memory_order_relaxed));
    add(e.units);
}

std::int64_t RetryBudget::units_at(std::int64_t now_ns) const noexcept {
    const auto from = earned_until_ns_.load(std::memory_order_relaxed);
    return std::min(units_.load(std::memory_order_relaxed) + earned(from, now_ns).units, cap_);
}

bool RetryBudget::withdraw(std::int64_t now_ns) noexcept {
    if (cap_ == 0) return true;
    earn(now_ns);
    const bool always = policy_.form == budget_form::throttle;
    auto had = units_.load(std::memory_order_relaxed);
    for (;;) {
        if (!always && had < token) return false;
        const auto left = std::max<std::int64_t>(had - token, 0);
        if (units_.compare_exchange_weak(had, left, std::memory_order_relaxed)) return !always || enough(left);
    }
}

bool RetryBudget::allows(std::int64_t now_ns) const noexcept { return cap_ == 0 || enough(units_at(now_ns)); }

double RetryBudget::tokens(std::int64_t now_ns) const noexcept {
    return static_cast<double>(units_at(now_ns)) / static_cast<double>(token);
}

}  // namespace redoubt::resilience
