// The promises of the storm.
#include "tools/support/storm_figures.hpp"

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
