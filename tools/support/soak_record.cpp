// Judges each call as it ends.
#include "tools/support/soak_record.hpp"

#include <algorithm>
#include <utility>

namespace redoubt::lab {

std::string_view to_string(weather w) {
    switch (w) {
        case weather::stormy: return "stormy";
        case weather::impatient: return "impatient";
        case weather::calm: break;
    }
    return "calm";
}

void SoakRecord::ended(const soak_call& call, const error* failure) {
    const auto now = std::chrono::steady_clock::now();
    const auto over = now - call.deadline;
    if (over > margin_) {
        violated("a call ended " + std::to_string(over / std::chrono::milliseconds(1)) + " ms after its deadline");
    }
    if (failure != nullptr && !call.may_fail) violated("a call failed that had no reason to: " + failure->message());
    const std::lock_guard hold(mutex_);
    if (failure == nullptr) {
        ++figures_.answered;
    } else {
        figures_.errors.add(failure->fate());
    }
    figures_.cancelled += call.cancelled ? 1U : 0U;
    figures_.over_deadline_ns_max = std::max<std::int64_t>(figures_.over_deadline_ns_max, over.count());
    if (!call.may_fail) figures_.slowest_ns = std::max<std::int64_t>(figures_.slowest_ns, (now - call.started).count());
}

void SoakRecord::note(const noted_write& write) {
    const std::lock_guard hold(mutex_);
    writes_.push_back(write);
}

void SoakRecord::violated(std::string sentence) {
    const std::lock_guard hold(mutex_);
    violations_.push_back(std::move(sentence));
}

SoakRecord::figures SoakRecord::take_figures() {
    const std::lock_guard hold(mutex_);
    return std::exchange(figures_, {});
}

std::vector<noted_write> SoakRecord::take_writes() {
    const std::lock_guard hold(mutex_);
    return std::exchange(writes_, {});
}

std::vector<std::string> SoakRecord::violations() const {
    const std::lock_guard hold(mutex_);
    return violations_;
}

}  // namespace redoubt::lab
