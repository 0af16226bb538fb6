// The report, and its table for a terminal. Pure.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "bench/row.hpp"

namespace redoubt::bench {

/// What it was measured on: names and values, in the order in which they are shown.
using machine_facts = std::vector<std::pair<std::string, std::string>>;

struct report {
    std::vector<row> rows;
    machine_facts machine = {};
};

/// "missed: ratio >= 1.3", "holds: ...", or empty.
inline std::string verdict(const row& r) {
    if (r.bar_text.empty()) return {};
    return (!r.holds ? "not judged: " : *r.holds ? "holds: " : "missed: ") + r.bar_text;
}

inline std::string table_head() {
    char text[300];
    std::snprintf(text, sizeof text, "%-23s %-4s %5s  %-29s %6s %13s %10s %10s %8s %8s %5s %7s %7s %6s  %s", "case",
                  "via", "bytes", "against", "ratio", "min - max", "op/s", "against", "p50 us", "p99 us", "p99 x",
                  "cpu us", "against", "alloc", "bar");
    return text;
}

inline std::string table_line(const row& r) {
    char range[32];
    std::snprintf(range, sizeof range, "%.2f - %.2f", r.ratio.min, r.ratio.max);
    char allocations[32] = "-";
    if (r.ours.allocations_per_operation)
        std::snprintf(allocations, sizeof allocations, "%.2f", *r.ours.allocations_per_operation);
    char p99[32] = "-";
    if (r.p99_ratio) std::snprintf(p99, sizeof p99, "%.2f", r.p99_ratio->median);
    char text[400];
    std::snprintf(text, sizeof text,
                  "%-23s %-4s %5zu  %-29s %6.2f %13s %10.0f %10.0f %8.1f %8.1f %5s %7.2f %7.2f %6s  %s", r.name.c_str(),
                  std::string(to_string(r.over)).c_str(), r.value_bytes, r.against.c_str(), r.ratio.median, range,
                  r.ours.operations_per_s, r.theirs.operations_per_s, r.ours.p50_us, r.ours.p99_us, p99,
                  r.ours.cpu_us_per_operation, r.theirs.cpu_us_per_operation, allocations, verdict(r).c_str());
    return text;
}

}  // namespace redoubt::bench
