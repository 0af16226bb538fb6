// Values of options as text, both ways.
#include "core/options/value_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace redoubt::core {

namespace {

struct duration_unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

// Largest first, which print_duration relies on; "min" after "m", so that it is never printed.
constexpr std::array<duration_unit, 7> units{{{"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"min", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000},
                                              {"us", 1'000},
                                              {"ns", 1}}};

}  // namespace

std::string print_duration(std::chrono::nanoseconds d) {
    const std::int64_t count = d.count();
    if (count == 0) return "0";
    const auto* unit =
        std::find_if(units.begin(), units.end(), [count](const auto& u) { return count % u.nanoseconds == 0; });
    return std::to_string(count / unit->nanoseconds).append(unit->name);
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (ec != std::errc{}) return std::nullopt;
    const std::string_view name(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    if (name.empty() && count == 0) return std::chrono::nanoseconds(0);
    const auto* unit = std::find_if(units.begin(), units.end(), [name](const auto& u) { return u.name == name; });
    if (unit == units.end()) return std::nullopt;
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / unit->nanoseconds;
    if (count > most || count < -most) return std::nullopt;
    return std::chrono::nanoseconds(count * unit->nanoseconds);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, ec] = std::from_chars(text.data(), end, number);
    if (ec != std::errc{} || rest != end) return std::nullopt;
    return number;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 40;
    std::string out = "\"";
    for (const char c : text.substr(0, longest)) out += (c >= ' ' && c <= '~' && c != '"') ? c : '?';
    out += text.size() > longest ? "...\"" : "\"";
    return out;
}

}  // namespace redoubt::core
