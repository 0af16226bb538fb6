// Throughput and states over the time of a scene, as a chart of a few lines and as a list of changes.
#pragma once

#include <cstdint>
#include <redoubt/states.hpp>
#include <string>
#include <vector>

#include "tools/support/terminal.hpp"

namespace redoubt::lab {

/// What was seen at one moment, and what was answered since the moment before.
struct moment {
    double at_s = 0;  ///< since the scene began; grows from moment to moment
    std::uint64_t answered = 0;
    bool connected = false;
    breaker_state breaker = breaker_state::closed;
    health_state health = health_state::unknown;
};

/// Pure. Holds all moments: a scene of 10 s has some hundred.
class Timeline {
public:
    void add(const moment& m) { moments_.push_back(m); }

    /// Four rows, one column for each share of the time: answers per second, connection, breaker, health; behind them
    /// the latest value. The column of a state shows the worst that was seen in its share. Never wider than the
    /// terminal less one column.
    std::vector<std::string> chart(const terminal_traits& traits) const;

    /// "1.31 s connection down", in order. What lasts shorter than the time between two moments is not seen.
    std::vector<std::string> changes() const;

private:
    struct span {
        double seconds = 0;
        std::uint64_t answered = 0;
        bool connected = true;
        breaker_state breaker = breaker_state::closed;
        health_state health = health_state::healthy;

        double rate() const { return seconds > 0 ? static_cast<double>(answered) / seconds : 0; }
    };
    std::vector<span> spans(std::size_t most) const;

    std::vector<moment> moments_;
};

}  // namespace redoubt::lab
