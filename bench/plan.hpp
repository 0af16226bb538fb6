// Which measurements a run makes, in which order. Pure.
#pragma once

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/cases.hpp"

namespace redoubt::bench {

struct plan_options {
    bool quick = false;                    ///< one transport and one size for each case: unix socket and 64 bytes
    std::vector<std::string> names = {};   ///< of cases
    std::vector<std::string> groups = {};  ///< of cases; neither names nor groups: "main"
};

/// One line of the report to be.
struct measurement {
    bench_case what;
    transport over = transport::unix_socket;
    std::size_t value_bytes = 64;
};

namespace detail {

template <class Get>
void require_known(const std::vector<bench_case>& cases, const std::string& wanted, const char* noun, Get get) {
    std::vector<std::string> known;
    for (const auto& c : cases)
        if (std::find(known.begin(), known.end(), get(c)) == known.end()) known.push_back(get(c));
    if (std::find(known.begin(), known.end(), wanted) != known.end()) return;
    std::string list;
    for (const auto& k : known) list += (list.empty() ? "" : ", ") + k;
    throw std::invalid_argument("no " + std::string(noun) + " is named \"" + wanted + "\"; there are: " + list);
}

inline bool contains(const std::vector<std::string>& list, const std::string& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

inline bool fits(const bench_case& c, transport over, std::size_t value_bytes, bool quick) {
    const auto usual_over = quick ? std::optional(transport::unix_socket) : std::nullopt;
    const auto usual_bytes = quick ? std::optional<std::size_t>(64) : std::nullopt;
    const auto wanted_over = c.only_over ? c.only_over : usual_over;
    const auto wanted_bytes = c.only_bytes ? c.only_bytes : usual_bytes;
    return over == wanted_over.value_or(over) && value_bytes == wanted_bytes.value_or(value_bytes);
}

}  // namespace detail

/// The measurements of a run, in order; those whose loads are not available are left out.
/// Throws std::invalid_argument for a name that does not exist, and lists those that do.
inline std::vector<measurement> plan(const std::vector<bench_case>& cases, const plan_options& options,
                                     const std::set<load_kind>& available) {
    for (const auto& name : options.names)
        detail::require_known(cases, name, "case", [](const auto& c) { return c.name; });
    for (const auto& group : options.groups)
        detail::require_known(cases, group, "group", [](const auto& c) { return c.group; });
    const bool default_group = options.names.empty() && options.groups.empty();
    std::vector<measurement> out;
    for (const auto over : {transport::unix_socket, transport::tcp})
        for (const std::size_t value_bytes : {64U, 1'024U})
            for (const auto& c : cases) {
                const bool wanted = detail::contains(options.names, c.name) ||
                                    detail::contains(options.groups, c.group) || (default_group && c.group == "main");
                if (!wanted || !detail::fits(c, over, value_bytes, options.quick)) continue;
                if (available.contains(c.subject.kind) && available.contains(c.against.kind))
                    out.push_back({c, over, value_bytes});
            }
    return out;
}

}  // namespace redoubt::bench
