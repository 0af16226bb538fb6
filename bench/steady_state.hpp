// The moment from which on a load counts: when every operation in flight has been through once.
#pragma once

#include <algorithm>
#include <chrono>
#include <latch>
#include <thread>

#include "bench/tally.hpp"

namespace redoubt::bench {

/// For loads whose operations all complete on one thread. What comes first fills caches and grows buffers: its costs
/// belong to the start of a program, not to an operation.
class SteadyState {
public:
    explicit SteadyState(const load_spec& spec)
        : spec_(spec), warm_up_(std::max<std::uint64_t>(2 * static_cast<std::uint64_t>(spec.who.concurrency), 1'000)) {}

    tally& counts() { return counts_; }
    const load_spec& spec() const { return spec_; }

    /// After each operation that counted.
    void completed() {
        if (!begun_ && counts_.operations >= warm_up_) begin();
    }
    /// No operation follows.
    void ended() {
        if (!begun_) begin();
        counts_.end = std::chrono::steady_clock::now();
    }
    /// Another thread: until the time of the load is over.
    void sleep() {
        reached_.wait();
        std::this_thread::sleep_for(spec_.duration);
    }
    load_result finish() const { return bench::finish(spec_, counts_, before_); }

private:
    void begin() {
        begun_ = true;
        const auto errors = counts_.errors;
        counts_ = {};
        counts_.errors = errors;
        before_ = begin_measuring(spec_);
        reached_.count_down();
    }

    const load_spec& spec_;
    const std::uint64_t warm_up_;
    bool begun_ = false;
    tally counts_;
    starting_point before_{};
    std::latch reached_{1};
};

}  // namespace redoubt::bench
