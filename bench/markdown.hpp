// The report as a table of Markdown, put between two marks of a text. Pure.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/report.hpp"
#include "tools/support/terminal.hpp"

namespace redoubt::bench {

inline constexpr std::string_view mark_begin = "<!-- written by redoubt-bench: begin -->";
inline constexpr std::string_view mark_end = "<!-- written by redoubt-bench: end -->";

namespace detail {

template <class... A> std::string formatted(const char* format, A... a) {
    char text[200];
    std::snprintf(text, sizeof text, format, a...);
    return text;
}

inline std::string with_commas(double number) { return lab::grouped(static_cast<std::uint64_t>(std::llround(number))); }

inline std::string spread_cell(const lab::spread& s) {
    return formatted("**%.2f** (%.2f–%.2f)", s.median, s.min, s.max);
}

inline const char* ratio_words(ratio_of what) {
    return what == ratio_of::cpu_per_operation ? " CPU" : what == ratio_of::time_per_operation ? " time" : "";
}

inline std::string markdown_line(const row& r) {
    const auto allocations =
        r.ours.allocations_per_operation ? formatted("%.2f", *r.ours.allocations_per_operation) : "–";
    const char* const verdict_sign = !r.holds ? "" : *r.holds ? "yes: " : "**no**: ";
    return "| `" + r.name + "` | " + r.against + " | " + std::string(to_string(r.over)) + " | " +
           std::to_string(r.value_bytes) + " | " + spread_cell(r.ratio) + ratio_words(r.ratio_is) + " | " +
           (r.p99_ratio ? spread_cell(*r.p99_ratio) : std::string("–")) + " | " + with_commas(r.ours.operations_per_s) +
           " | " + with_commas(r.theirs.operations_per_s) +
           formatted(" | %.0f | %.0f | %.2f | %.2f | ", r.ours.p50_us, r.ours.p99_us, r.ours.cpu_us_per_operation,
                     r.theirs.cpu_us_per_operation) +
           allocations + " | " + verdict_sign + r.bar_text + " |\n";
}

}  // namespace detail

inline std::string markdown_of(const report& r, const std::string& picture) {
    std::string text;
    if (!r.machine.empty()) {
        text += "| measured on | |\n|---|---|\n";
        for (const auto& [name, value] : r.machine) text += "| " + name + " | " + value + " |\n";
        text += "\n";
    }
    if (!picture.empty()) text += "![Ratios of all cases, with their spread](" + picture + ")\n\n";
    text +=
        "| case | against | via | bytes | ratio | p99 ratio | op/s | theirs | p50 µs | p99 µs | CPU µs per op | theirs "
        "| "
        "allocations per op | bar |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for (const auto& line : r.rows) text += detail::markdown_line(line);
    for (const auto& line : r.rows)
        for (const auto& [per_operation, where] : line.allocated_by)
            text += detail::formatted("\n`%s`: %.2f for each operation in ", line.name.c_str(), per_operation) + "`" +
                    where + "`\n";
    return text;
}

/// The text with what is between the marks replaced; an empty text becomes the marks with it.
/// Throws std::runtime_error when a mark is missing, so that nothing written by hand is lost.
inline std::string between_marks(const std::string& text, const std::string& generated) {
    const auto block = std::string(mark_begin) + "\n\n" + generated + "\n" + std::string(mark_end);
    if (text.empty()) return block + "\n";
    const auto begin = text.find(mark_begin);
    const auto end = text.find(mark_end);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        throw std::runtime_error("the file has no two lines " + std::string(mark_begin) + " and " +
                                 std::string(mark_end));
    return text.substr(0, begin) + block + text.substr(end + mark_end.size());
}

}  // namespace redoubt::bench
