// Counting calls.
#include "tools/support/call_tally.hpp"

#include <algorithm>

namespace redoubt::lab {

void fate_counts::add(fate f) {
    switch (f) {
        case fate::not_applied: ++not_applied; break;
        case fate::unknown: ++unknown; break;
        case fate::answered: ++answered; break;
    }
}

boost::json::object fate_counts::json() const {
    boost::json::object out;
    if (not_applied > 0) out.emplace("not_applied", not_applied);
    if (unknown > 0) out.emplace("unknown", unknown);
    if (answered > 0) out.emplace("answered", answered);
    return out;
}

std::string fate_counts::text() const {
    std::string out;
    for (const auto& [name, count] : json())
        out.append(out.empty() ? "" : ", ").append(one_line(count)).append(" ").append(name);
    return out.empty() ? "none" : out;
}

ending ending_of(const error* failure) {
    if (failure == nullptr) return ending::acknowledged;
    switch (failure->fate()) {
        case fate::not_applied: return ending::not_applied;
        case fate::unknown: return ending::unknown;
        case fate::answered: break;
    }
    return ending::answered;
}

void CallTally::add(const call_times& times, const error* failure, bool own) {
    const std::lock_guard hold(mutex_);
    const auto over_ns = times.ended_ns - times.deadline_ns;
    figures_.over_deadline_ns_max = std::max(figures_.over_deadline_ns_max, over_ns);
    figures_.late += over_ns > late_after_ns ? 1U : 0U;
    if (failure != nullptr) return add_failure(times, *failure);
    ++figures_.answered;
    figures_.wrong_replies += own ? 0U : 1U;
    if (!success_from_ns_ || times.ended_ns < *success_from_ns_) return;
    figures_.first_success_ns = std::min(figures_.first_success_ns.value_or(times.ended_ns), times.ended_ns);
}

void CallTally::add_failure(const call_times& times, const error& failure) {
    figures_.errors.add(failure.fate());
    auto& kind = figures_.kinds[failure.kind()];
    if (kind.count++ == 0) kind.first = failure.message();
    if (words_.empty()) return;
    if (failure.message().find(words_) != std::string::npos) {
        ++figures_.clear;
    } else if (times.started_ns >= words_from_ns_ && failure != errc::breaker_open) {
        ++figures_.unclear;
    }
}

void CallTally::await_success(std::int64_t from_ns) {
    const std::lock_guard hold(mutex_);
    success_from_ns_ = from_ns;
    figures_.first_success_ns.reset();
}

void CallTally::expect_words(std::string words, std::int64_t from_ns) {
    const std::lock_guard hold(mutex_);
    words_ = std::move(words);
    words_from_ns_ = from_ns;
}

void CallTally::expect_no_words() { expect_words({}, 0); }

tally_figures CallTally::figures() const {
    const std::lock_guard hold(mutex_);
    return figures_;
}

std::uint64_t CallTally::answered() const {
    const std::lock_guard hold(mutex_);
    return figures_.answered;
}

bool CallTally::success_seen() const {
    const std::lock_guard hold(mutex_);
    return figures_.first_success_ns.has_value();
}

}  // namespace redoubt::lab
