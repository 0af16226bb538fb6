// The report: one JSON line, or a table.
#include "bench/report.hpp"

#include <cstdio>

namespace redoubt::bench {

using lab::rounded;

boost::json::object report_json(const std::vector<row>& rows) {
    boost::json::array lines;
    for (const auto& r : rows) {
        boost::json::value allocations;
        if (r.allocations_per_operation) allocations = rounded(*r.allocations_per_operation, 3);
        lines.push_back({{"case", r.name},
                         {"against", r.against},
                         {"transport", to_string(r.over)},
                         {"value_bytes", r.value_bytes},
                         {"ratio", rounded(r.ratio.median, 3)},
                         {"ratio_min", rounded(r.ratio.min, 3)},
                         {"ratio_max", rounded(r.ratio.max, 3)},
                         {"ops_per_s", rounded(r.operations_per_s, 0)},
                         {"p50_us", rounded(r.p50_us, 1)},
                         {"p99_us", rounded(r.p99_us, 1)},
                         {"cpu_us_per_op", rounded(r.cpu_us_per_operation, 3)},
                         {"allocations_per_op", std::move(allocations)}});
    }
    return {{"rows", std::move(lines)}};
}

std::string table_head() {
    char text[200];
    std::snprintf(text, sizeof text, "%-19s %-5s %5s  %-24s %6s %14s %10s %10s %8s %8s %7s %6s", "case", "via", "bytes",
                  "against", "ratio", "min - max", "op/s", "against", "p50 us", "p99 us", "cpu us", "alloc");
    return text;
}

std::string table_line(const row& r) {
    char range[32];
    std::snprintf(range, sizeof range, "%.2f - %.2f", r.ratio.min, r.ratio.max);
    char allocations[32] = "-";
    if (r.allocations_per_operation)
        std::snprintf(allocations, sizeof allocations, "%.2f", *r.allocations_per_operation);
    char text[300];
    std::snprintf(text, sizeof text, "%-19s %-5s %5zu  %-24s %6.2f %14s %10.0f %10.0f %8.1f %8.1f %7.2f %6s",
                  r.name.c_str(), std::string(to_string(r.over)).c_str(), r.value_bytes, r.against.c_str(),
                  r.ratio.median, range, r.operations_per_s, r.against_operations_per_s, r.p50_us, r.p99_us,
                  r.cpu_us_per_operation, allocations);
    return text;
}

}  // namespace redoubt::bench
