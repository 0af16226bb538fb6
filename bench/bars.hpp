// The bar of a case: what one of its figures must reach. Pure.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::bench {

enum class figure { ratio, p99_ratio, allocations };

constexpr std::string_view to_string(figure f) {
    constexpr std::string_view names[]{"ratio", "p99_ratio", "allocations_per_op"};
    return names[static_cast<std::size_t>(f)];
}

struct bar {
    enum class side { at_least, at_most };

    figure of = figure::ratio;
    side must_be = side::at_least;
    double limit = 1;
};

inline bar at_least(figure of, double limit) { return {of, bar::side::at_least, limit}; }
inline bar at_most(figure of, double limit) { return {of, bar::side::at_most, limit}; }

/// The figures that bars are about; an unknown one is not there.
struct judged_figures {
    double ratio = 0;
    std::optional<double> p99_ratio = {};
    std::optional<double> allocations = {};
};

/// Nothing when the figure is unknown. Figures count with three digits, as they are shown: 0.0002 allocations for each
/// operation are the few of the first moments, not a cost of operations.
inline std::optional<bool> holds(const bar& b, const judged_figures& figures) {
    const auto value = b.of == figure::ratio       ? std::optional(figures.ratio)
                       : b.of == figure::p99_ratio ? figures.p99_ratio
                                                   : figures.allocations;
    if (!value) return std::nullopt;
    constexpr double half_a_digit = 0.0005;
    return b.must_be == bar::side::at_least ? *value > b.limit - half_a_digit : *value < b.limit + half_a_digit;
}

/// All of them; nothing when there is none, or when one cannot be judged and no other is missed.
inline std::optional<bool> all_hold(const std::vector<bar>& bars, const judged_figures& figures) {
    std::optional<bool> verdict;
    bool unknown = bars.empty();
    for (const auto& b : bars) {
        const auto one = holds(b, figures);
        if (!one) unknown = true;
        if (one && !*one) return false;
        if (one) verdict = true;
    }
    return unknown ? std::nullopt : verdict;
}

/// "ratio >= 3, p99_ratio <= 1"
inline std::string text_of(const std::vector<bar>& bars) {
    std::string text;
    for (const auto& b : bars) {
        char limit[32];
        std::snprintf(limit, sizeof limit, "%g", b.limit);
        text += text.empty() ? "" : ", ";
        text += std::string(to_string(b.of)) + (b.must_be == bar::side::at_least ? " >= " : " <= ") + limit;
    }
    return text;
}

}  // namespace redoubt::bench
