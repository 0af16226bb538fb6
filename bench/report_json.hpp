// The report as one line of JSON that can be read again. Pure.
#pragma once

#include <boost/json/parse.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/report.hpp"
#include "tools/support/json.hpp"

namespace redoubt::bench {
namespace detail {

namespace json = boost::json;
using lab::rounded;

inline json::value or_null(const std::optional<double>& value, int digits) {
    return value ? json::value(rounded(*value, digits)) : json::value();
}

inline json::object row_json(const row& r) {
    json::object line{{"case", r.name},
                      {"against", r.against},
                      {"transport", to_string(r.over)},
                      {"value_bytes", r.value_bytes},
                      {"ratio", rounded(r.ratio.median, 3)},
                      {"ratio_min", rounded(r.ratio.min, 3)},
                      {"ratio_max", rounded(r.ratio.max, 3)},
                      {"ops_per_s", rounded(r.ours.operations_per_s, 0)},
                      {"p50_us", rounded(r.ours.p50_us, 1)},
                      {"p99_us", rounded(r.ours.p99_us, 1)},
                      {"cpu_us_per_op", rounded(r.ours.cpu_us_per_operation, 3)},
                      {"allocations_per_op", or_null(r.ours.allocations_per_operation, 3)},
                      {"ratio_of", to_string(r.ratio_is)},
                      {"p99_ratio", nullptr},
                      {"rounds", r.rounds},
                      {"against_ops_per_s", rounded(r.theirs.operations_per_s, 0)},
                      {"against_p50_us", rounded(r.theirs.p50_us, 1)},
                      {"against_p99_us", rounded(r.theirs.p99_us, 1)},
                      {"against_cpu_us_per_op", rounded(r.theirs.cpu_us_per_operation, 3)},
                      {"bar", r.bar_text},
                      {"holds", nullptr}};
    if (r.holds) line["holds"] = *r.holds;
    if (r.p99_ratio) {
        line["p99_ratio"] = rounded(r.p99_ratio->median, 3);
        line["p99_ratio_min"] = rounded(r.p99_ratio->min, 3);
        line["p99_ratio_max"] = rounded(r.p99_ratio->max, 3);
    }
    if (!r.allocated_by.empty()) {
        json::array sites;
        for (const auto& [per_operation, where] : r.allocated_by)
            sites.push_back({{"per_op", rounded(per_operation, 3)}, {"where", where}});
        line["allocated_by"] = std::move(sites);
    }
    return line;
}

/// Reads the members of one object; those that are absent or null count as not there.
class Members {
public:
    explicit Members(const json::object& object) : object_(object) {}
    std::optional<double> number(std::string_view name) const {
        const auto* value = find(name);
        return value ? std::optional(value->to_number<double>()) : std::nullopt;
    }
    double number_or_0(std::string_view name) const { return number(name).value_or(0); }
    std::string text(std::string_view name) const {
        const auto* value = find(name);
        return value ? std::string(value->as_string()) : std::string();
    }
    const json::value* find(std::string_view name) const {
        const auto* value = object_.if_contains(name);
        return value != nullptr && !value->is_null() ? value : nullptr;
    }

private:
    const json::object& object_;
};

inline ratio_of ratio_named(std::string_view name) {
    for (const auto r : {ratio_of::cpu_per_operation, ratio_of::time_per_operation})
        if (name == to_string(r)) return r;
    return ratio_of::rate;
}

inline row parse_row(const json::object& object) {
    const Members m(object);
    if (m.text("case").empty()) throw std::runtime_error("a row without a case");
    row r{.name = m.text("case"),
          .against = m.text("against"),
          .over = m.text("transport") == to_string(transport::tcp) ? transport::tcp : transport::unix_socket,
          .value_bytes = static_cast<std::size_t>(m.number_or_0("value_bytes")),
          .ratio_is = ratio_named(m.text("ratio_of")),
          .ratio = {m.number_or_0("ratio"), m.number_or_0("ratio_min"), m.number_or_0("ratio_max")},
          .rounds = static_cast<std::size_t>(m.number_or_0("rounds")),
          .ours = {m.number_or_0("ops_per_s"), m.number_or_0("p50_us"), m.number_or_0("p99_us"),
                   m.number_or_0("cpu_us_per_op"), m.number("allocations_per_op")},
          .theirs = {m.number_or_0("against_ops_per_s"), m.number_or_0("against_p50_us"),
                     m.number_or_0("against_p99_us"), m.number_or_0("against_cpu_us_per_op")},
          .bar_text = m.text("bar")};
    if (const auto p99 = m.number("p99_ratio"))
        r.p99_ratio = lab::spread{*p99, m.number_or_0("p99_ratio_min"), m.number_or_0("p99_ratio_max")};
    if (const auto* holds = m.find("holds")) r.holds = holds->as_bool();
    if (const auto* sites = m.find("allocated_by"))
        for (const auto& site : sites->as_array()) {
            const Members s(site.as_object());
            r.allocated_by.emplace_back(s.number_or_0("per_op"), s.text("where"));
        }
    return r;
}

}  // namespace detail

/// {"rows":[...],"machine":{...}}
inline boost::json::object report_json(const report& r) {
    boost::json::array lines;
    for (const auto& line : r.rows) lines.push_back(detail::row_json(line));
    boost::json::object machine;
    for (const auto& [name, value] : r.machine) machine[name] = value;
    return {{"rows", std::move(lines)}, {"machine", std::move(machine)}};
}

/// Throws std::runtime_error for anything that report_json() does not write. Fields that an older version did not
/// write have their neutral value.
inline report parse_report(std::string_view text) {
    try {
        const auto parsed = boost::json::parse(boost::json::string_view(text.data(), text.size()));
        report r;
        for (const auto& line : parsed.as_object().at("rows").as_array())
            r.rows.push_back(detail::parse_row(line.as_object()));
        if (const auto* machine = parsed.as_object().if_contains("machine"))
            for (const auto& [name, value] : machine->as_object())
                r.machine.emplace_back(std::string(name), std::string(value.as_string()));
        return r;
    } catch (const std::exception& e) {
        throw std::runtime_error(std::string("not a line of redoubt-bench --json: ") + e.what());
    }
}

}  // namespace redoubt::bench
