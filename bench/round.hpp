// Interleaved rounds: both sides back to back, in alternating order, one ratio per round. Pure, given the loads.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/load.hpp"
#include "bench/plan.hpp"
#include "bench/row.hpp"

namespace redoubt::bench {

/// Both sides in this order in even rounds, the other way round in odd ones: what favours the second (a warm cache, a
/// busy neighbour) favours both alike.
inline std::pair<load_result, load_result> run_round(int round, const load& subject, const load_spec& subject_spec,
                                                     const load& against, const load_spec& against_spec) {
    std::pair<load_result, load_result> results;
    if (round % 2 == 0) results.first = subject(subject_spec);
    results.second = against(against_spec);
    if (round % 2 != 0) results.first = subject(subject_spec);
    return results;
}

inline void require_clean(const contender& who, const load_result& result) {
    if (result.errors > 0)
        throw std::runtime_error(who.name + ": " + std::to_string(result.errors) + " operations failed");
    if (result.operations == 0 || result.seconds <= 0) throw std::runtime_error(who.name + ": no operation was made");
}

inline double cpu_us_per_operation(const load_result& r) { return r.cpu_s * 1e6 / static_cast<double>(r.operations); }

/// Nothing when a side has no such figure: a ratio of it would be none.
inline std::optional<double> ratio_between(ratio_of what, const load_result& subject, const load_result& against) {
    const auto quotient = [](double a, double b) { return a > 0 && b > 0 ? std::optional(a / b) : std::nullopt; };
    switch (what) {
        case ratio_of::cpu_per_operation: return quotient(cpu_us_per_operation(subject), cpu_us_per_operation(against));
        case ratio_of::time_per_operation: return quotient(against.operations_per_s(), subject.operations_per_s());
        case ratio_of::rate: break;
    }
    return quotient(subject.operations_per_s(), against.operations_per_s());
}

/// Of the figures of all rounds on one side.
template <class Figure> double median_over(const std::vector<load_result>& side, Figure figure) {
    std::vector<double> samples;
    for (const auto& r : side) samples.push_back(figure(r));
    return lab::median(std::move(samples));
}

inline side_figures figures_of(const std::vector<load_result>& side) {
    side_figures out{.operations_per_s = median_over(side, [](const auto& r) { return r.operations_per_s(); }),
                     .p50_us = median_over(side, [](const auto& r) { return r.p50_us; }),
                     .p99_us = median_over(side, [](const auto& r) { return r.p99_us; }),
                     .cpu_us_per_operation = median_over(side, cpu_us_per_operation)};
    if (std::all_of(side.begin(), side.end(), [](const auto& r) { return r.allocations.has_value(); }))
        out.allocations_per_operation = median_over(side, [](const auto& r) {
            return static_cast<double>(*r.allocations) / static_cast<double>(r.operations);
        });
    return out;
}

inline row summarise(const measurement& m, const std::vector<std::pair<load_result, load_result>>& rounds) {
    std::vector<load_result> subjects, others;
    std::vector<double> ratios, p99_ratios;
    for (const auto& [subject, against] : rounds) {
        require_clean(m.what.subject, subject);
        require_clean(m.what.against, against);
        subjects.push_back(subject);
        others.push_back(against);
        const auto ratio = ratio_between(m.what.ratio, subject, against);
        if (!ratio) throw std::runtime_error(m.what.name + ": a side used no processor time that could be counted");
        ratios.push_back(*ratio);
        if (subject.p99_us > 0 && against.p99_us > 0) p99_ratios.push_back(subject.p99_us / against.p99_us);
    }
    row out{.name = m.what.name,
            .against = m.what.against.name,
            .over = m.over,
            .value_bytes = m.value_bytes,
            .ratio_is = m.what.ratio,
            .ratio = lab::spread_of(ratios),
            .rounds = rounds.size(),
            .ours = figures_of(subjects),
            .theirs = figures_of(others),
            .bar_text = text_of(m.what.bars)};
    if (p99_ratios.size() == rounds.size()) out.p99_ratio = lab::spread_of(p99_ratios);
    judged_figures judged{.ratio = out.ratio.median, .allocations = out.ours.allocations_per_operation};
    if (out.p99_ratio) judged.p99_ratio = out.p99_ratio->median;
    out.holds = all_hold(m.what.bars, judged);
    return out;
}

}  // namespace redoubt::bench
