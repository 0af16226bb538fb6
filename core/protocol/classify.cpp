// Categories into flags, and the times of blocking commands.
#include "core/protocol/classify.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include "core/protocol/command_table.hpp"

namespace redoubt::core {

namespace {

bool is_word(std::string_view given, std::string_view upper) noexcept {
    if (given.size() != upper.size()) return false;
    for (std::size_t i = 0; i != upper.size(); ++i) {
        const char c = given[i] >= 'a' && given[i] <= 'z' ? static_cast<char>(given[i] & ~0x20) : given[i];
        if (c != upper[i]) return false;
    }
    return true;
}

// The word behind BLOCK among the options of XREAD and XREADGROUP, which end at STREAMS. GROUP takes two words that
// may be anything, COUNT takes one.
std::optional<std::string_view> block_option(std::span<const std::string_view> argv) noexcept {
    for (std::size_t i = 1; i + 1 < argv.size() && !is_word(argv[i], "STREAMS"); ++i) {
        if (is_word(argv[i], "BLOCK")) return argv[i + 1];
        if (is_word(argv[i], "COUNT")) i += 1;
        if (is_word(argv[i], "GROUP")) i += 2;
    }
    return std::nullopt;
}

std::int64_t milliseconds(std::string_view number, double factor) noexcept {
    double value = 0;
    const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (failure != std::errc{} || end != number.data() + number.size()) return 0;
    value = std::ceil(value * factor);
    if (!(value >= 0)) return 0;  // refused by the server
    if (value == 0 || value > 9e15) return -1;
    return static_cast<std::int64_t>(value);
}

}  // namespace

command_flag classify(std::span<const std::string_view> argv) noexcept {
    if (argv.empty() || argv[0].empty()) return command_flag::malformed;
    const command_info* const info = find_command(argv[0]);
    if (info == nullptr) return command_flag::script;
    category kind = info->kind;
    trait traits = info->traits;
    if (argv.size() > 1) {
        if (info->category_rows != 0) kind = kind_of(*info, argv[1]);
        if (info->subcommands != 0) {
            if (const auto* sub = find_subcommand(*info, argv[1])) traits = sub->traits;
        }
    }
    command_flag flags = command_flag::none;
    if (has(traits, trait::readonly) || has(kind, category::harmless)) flags = flags | command_flag::read_only;
    if (has(kind, category::blocking) || (has(kind, category::blocking_option) && block_option(argv))) {
        flags = flags | command_flag::blocking;
    }
    if (has(kind, category::connection_state)) flags = flags | command_flag::connection_state;
    if (has(kind, category::refused)) flags = flags | command_flag::refused;
    if (has(kind, category::script)) flags = flags | command_flag::script;
    return flags;
}

std::int64_t block_ms(std::span<const std::string_view> argv) noexcept {
    if (argv.size() < 3) return 0;
    const command_info* const info = find_command(argv[0]);
    if (info == nullptr) return 0;
    if (has(info->kind, category::blocking_option)) {
        const auto time = block_option(argv);
        return time ? milliseconds(*time, 1) : 0;
    }
    if (!has(info->kind, category::blocking)) return 0;
    if (info->name.starts_with("wait")) return milliseconds(argv.back(), 1);
    const bool time_first = info->name == "blmpop" || info->name == "bzmpop";
    return milliseconds(time_first ? argv[1] : argv.back(), 1000);
}

}  // namespace redoubt::core
