// Reading the texts of /proc. Pure.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

namespace redoubt::bench {

/// The sum of the lines "name:   12 kB" of a text such as /proc/self/smaps_rollup, in bytes.
inline std::int64_t sum_of_lines(std::string_view text, std::string_view name) {
    std::int64_t sum = 0;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
        const auto digits = line.find_first_of("0123456789", name.size());
        if (digits == std::string_view::npos) continue;
        std::int64_t kib = 0;
        std::from_chars(line.data() + digits, line.data() + line.size(), kib);
        sum += kib * 1'024;
    }
    return sum;
}

/// A counter of /proc/net/netstat: pairs of lines, names and then values. -1: not there.
inline std::int64_t netstat_counter(std::string_view text, std::string_view group, std::string_view name) {
    std::istringstream lines{std::string(text)};
    const auto head = std::string(group) + ":";
    std::string names;
    while (std::getline(lines, names)) {
        std::string values;
        if (!std::getline(lines, values)) return -1;
        if (!names.starts_with(head)) continue;
        std::istringstream n(names);
        std::istringstream v(values);
        std::string one;
        std::string value;
        while (n >> one && v >> value) {
            if (one == name) return std::stoll(value);
        }
    }
    return -1;
}

}  // namespace redoubt::bench
