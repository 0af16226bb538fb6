// The promises of the storm.
#include "tools/support/storm_figures.hpp"

#include <algorithm>

#include "tools/support/statistics.hpp"

namespace redoubt::lab {
namespace {

constexpr std::uint64_t connections_max = 4;
constexpr double reference_factor_max = 3;
constexpr double slack_ms = 20;

std::string in_ms(double ms) {
    auto text = one_line(rounded(ms, 1));
    return text + " ms";
}

}  // namespace

storm_figures storm_figures::of(std::span<const storm_round> rounds) {
    const auto middle = [rounds](double storm_round::*time) {
        std::vector<double> times;
        for (const auto& round : rounds) times.push_back(round.*time);
        return median(std::move(times));
    };
    storm_figures figures;
    for (const auto& round : rounds) {
        figures.errors += round.errors;
        figures.peak_connections = std::max(figures.peak_connections, round.peak_connections);
    }
    figures.threads_ms = middle(&storm_round::threads_ms);
    figures.coroutines_ms = middle(&storm_round::coroutines_ms);
    figures.reference_ms = middle(&storm_round::reference_ms);
    return figures;
}

boost::json::object storm_figures::json() const {
    return {{"operations", operations},
            {"errors", errors},
            {"peak_connections", peak_connections},
            {"threads_ms", rounded(threads_ms, 2)},
            {"coroutines_ms", rounded(coroutines_ms, 2)},
            {"reference_ms", rounded(reference_ms, 2)}};
}

std::vector<std::string> storm_figures::promises_broken() const {
    std::vector<std::string> broken;
    if (errors > 0) broken.push_back(std::to_string(errors) + " operations failed, none may");
    if (peak_connections > connections_max)
        broken.push_back(std::to_string(peak_connections) + " connections, at most " + std::to_string(connections_max) +
                         " are promised");
    const double limit_ms = reference_factor_max * reference_ms + slack_ms;
    const auto check = [&](const char* who, double ms) {
        if (!(ms <= limit_ms)) broken.push_back(who + (" took " + in_ms(ms)) + ", promised are " + in_ms(limit_ms));
    };
    check("the threads", threads_ms);
    check("the coroutines", coroutines_ms);
    return broken;
}

}  // namespace redoubt::lab
