// How the fields of the table are printed, checked and parsed.
#include "core/options/fields.hpp"

#include "core/options/value_text.hpp"

namespace redoubt::core {

namespace {

std::string print_number(const number_rule& rule, std::int64_t value) {
    return rule.unit == number_rule::unit::duration ? print_duration(std::chrono::nanoseconds(value))
                                                    : std::to_string(value);
}

std::string range_of(const number_rule& rule) {
    return print_number(rule, rule.min) + ".." + print_number(rule, rule.max);
}

reason check_number(const number_rule& rule, std::int64_t value) {
    if (value == 0 && !rule.zero.empty()) return std::nullopt;
    if (value < rule.min || value > rule.max) {
        std::string text = print_number(rule, value) + " is outside " + range_of(rule);
        if (!rule.zero.empty() && rule.min > 0) text.append(" (0: ").append(rule.zero).append(")");
        if (rule.leave_out != nullptr) text += " (left out altogether: none)";
        return text;
    }
    if (value % rule.step != 0) {
        return print_number(rule, value) + " is not a multiple of " + print_number(rule, rule.step);
    }
    return std::nullopt;
}

reason parse_field(const number_rule& rule, options& o, std::string_view text) {
    if (rule.leave_out != nullptr && text == "none") return rule.leave_out(o), std::nullopt;
    std::optional<std::int64_t> value;
    if (rule.unit == number_rule::unit::duration) {
        const auto d = parse_duration(text);
        if (!d) return in_quotes(text) + " is not a duration such as 500ms, 3s or 2m";
        value = d->count();
    } else {
        value = parse_number(text);
        if (!value) return in_quotes(text) + " is not a whole number in " + range_of(rule);
    }
    if (auto wrong = check_number(rule, *value)) return wrong;
    // A part of a layer that is left out; the field that brings the layer back has `leave_out`.
    if (rule.leave_out == nullptr && !rule.read(o)) return "it belongs to a layer that is left out";
    rule.write(o, *value);
    return std::nullopt;
}

reason parse_field(const word_rule& rule, options& o, std::string_view text) {
    if (rule.parse == nullptr) return "it cannot be set by itself";
    return rule.parse(o, text);
}

}  // namespace

std::string print(const field& f, const options& o) {
    if (const auto* word = std::get_if<word_rule>(&f.rule)) return word->print(o);
    const auto& rule = *std::get_if<number_rule>(&f.rule);
    const auto value = rule.read(o);
    return value ? print_number(rule, *value) : "none";
}

std::string range_text(const field& f) {
    if (const auto* word = std::get_if<word_rule>(&f.rule)) return std::string(word->range);
    return range_of(*std::get_if<number_rule>(&f.rule));
}

reason check(const field& f, const options& o) {
    if (const auto* word = std::get_if<word_rule>(&f.rule)) return word->check(o);
    const auto& rule = *std::get_if<number_rule>(&f.rule);
    const auto value = rule.read(o);
    return value ? check_number(rule, *value) : std::nullopt;
}

reason parse(const field& f, options& o, std::string_view text) {
    return std::visit([&](const auto& rule) { return parse_field(rule, o, text); }, f.rule);
}

}  // namespace redoubt::core
