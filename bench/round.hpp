// Interleaved rounds: both sides back to back, in alternating order, one ratio per round. Pure, given the loads.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/load.hpp"
#include "tools/support/statistics.hpp"

namespace redoubt::bench {

/// One line of the report. Figures are medians over the rounds, of the subject; ratios are subject to other side.
struct row {
    std::string name;
    std::string against;
    transport over = transport::unix_socket;
    std::size_t value_bytes = 0;
    lab::spread ratio;
    double operations_per_s = 0;
    double against_operations_per_s = 0;
    double p50_us = 0;
    double p99_us = 0;
    double cpu_us_per_operation = 0;
    std::optional<double> allocations_per_operation = {};
};

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

inline row summarise(const measurement& m, const std::vector<std::pair<load_result, load_result>>& rounds) {
    std::vector<double> ratios, rates, against_rates, p50, p99, cpu, allocations;
    for (const auto& [subject, against] : rounds) {
        require_clean(m.what.subject, subject);
        require_clean(m.what.against, against);
        const auto operations = static_cast<double>(subject.operations);
        rates.push_back(subject.operations_per_s());
        against_rates.push_back(against.operations_per_s());
        ratios.push_back(rates.back() / against_rates.back());
        p50.push_back(subject.p50_us);
        p99.push_back(subject.p99_us);
        cpu.push_back(subject.cpu_s * 1e6 / operations);
        if (subject.allocations) allocations.push_back(static_cast<double>(*subject.allocations) / operations);
    }
    row out{.name = m.what.name,
            .against = m.what.against.name,
            .over = m.over,
            .value_bytes = m.value_bytes,
            .ratio = lab::spread_of(ratios),
            .operations_per_s = lab::median(rates),
            .against_operations_per_s = lab::median(against_rates),
            .p50_us = lab::median(p50),
            .p99_us = lab::median(p99),
            .cpu_us_per_operation = lab::median(cpu)};
    if (!allocations.empty()) out.allocations_per_operation = lab::median(allocations);
    return out;
}

}  // namespace redoubt::bench
