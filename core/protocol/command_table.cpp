// Lookup by a hash table that the compiler fills.
#include "core/protocol/command_table.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace redoubt::core {

namespace {

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// `known` is lower case already.
constexpr bool same_word(std::string_view given, std::string_view known) noexcept {
    if (given.size() != known.size()) return false;
    for (std::size_t i = 0; i != known.size(); ++i) {
        if (lower(given[i]) != known[i]) return false;
    }
    return true;
}

#define REDOUBT_COMMAND_ROWS
constexpr auto command_rows = std::to_array<command_info>({
#include "core/protocol/command_table.inc"
    // Of servers later than the generated table.
    {"waitaof", trait::noscript | trait::blocking, 4, 0, 0, 0, 0, 0, 0, 0},
});
#undef REDOUBT_COMMAND_ROWS

#define REDOUBT_SUBCOMMAND_ROWS
constexpr auto subcommands = std::to_array<command_info>({
#include "core/protocol/command_table.inc"
});
#undef REDOUBT_SUBCOMMAND_ROWS

#define REDOUBT_KEY_SPEC_ROWS
constexpr auto key_specs = std::to_array<key_spec>({
#include "core/protocol/command_table.inc"
});
#undef REDOUBT_KEY_SPEC_ROWS

static_assert(std::size(category_rows) < 256);

// Joins the server's rows with the categories; a category of an unknown command does not compile.
constexpr auto commands = [] {
    auto all = command_rows;
    for (std::size_t i = 0; i != std::size(category_rows); ++i) {
        const auto& row = category_rows[i];
        const auto at = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == row.command; });
        if (at == all.end()) throw "a category names an unknown command";
        if (row.subcommand.empty()) {
            at->kind = row.kind;
            continue;
        }
        if (at->category_rows == 0) at->first_category_row = static_cast<std::uint8_t>(i);
        if (at->first_category_row + at->category_rows != static_cast<int>(i)) throw "the rows of a command are apart";
        ++at->category_rows;
    }
    return all;
}();

// A few characters tell commands apart well enough; what falls together stands in the next free slots.
constexpr std::size_t slot_bits = 10;
constexpr std::size_t slots = std::size_t{1} << slot_bits;
constexpr std::size_t name_max = 24;

constexpr std::size_t slot_of(std::string_view name) noexcept {
    const auto at = [&](std::size_t i) {
        return static_cast<std::uint64_t>(static_cast<unsigned char>(name[i]) | 0x20);
    };
    const std::size_t n = name.size();
    const std::uint64_t mixed = at(0) | at(n / 2) << 8 | at(n - 1) << 16 | at(n < 2 ? 0 : n - 2) << 24 |
                                at(n / 3) << 32 | static_cast<std::uint64_t>(n) << 40;
    return static_cast<std::size_t>((mixed * 0x9e3779b97f4a7c15u) >> (64 - slot_bits));
}

// 0: free; else the index of a command, plus one.
constexpr auto index = [] {
    std::array<std::uint16_t, slots> table{};
    static_assert(commands.size() < slots / 2);
    for (std::size_t i = 0; i != commands.size(); ++i) {
        if (commands[i].name.size() > name_max) throw "a name is longer than name_max";
        std::size_t slot = slot_of(commands[i].name);
        while (table[slot] != 0) slot = (slot + 1) % slots;
        table[slot] = static_cast<std::uint16_t>(i + 1);
    }
    return table;
}();

// No arithmetic below overflows: argument counts are far from the limits.
std::ptrdiff_t begin_of(const key_spec& spec, std::span<const std::string_view> argv) noexcept {
    const auto count = static_cast<std::ptrdiff_t>(argv.size());
    if (spec.keyword.empty()) return spec.begin;
    const bool forward = spec.begin > 0;
    const std::ptrdiff_t step = forward ? 1 : -1;
    for (std::ptrdiff_t i = forward ? spec.begin : count + spec.begin; i > 0 && i < count - 1; i += step) {
        if (same_word(argv[static_cast<std::size_t>(i)], spec.keyword)) return i + 1;
    }
    return -1;
}

}  // namespace

const command_info* find_command(std::string_view name) noexcept {
    if (name.empty() || name.size() > name_max) return nullptr;
    for (std::size_t slot = slot_of(name); index[slot] != 0; slot = (slot + 1) % slots) {
        const auto& command = commands[index[slot] - 1u];
        if (same_word(name, command.name)) return &command;
    }
    return nullptr;
}

const command_info* find_subcommand(const command_info& command, std::string_view name) noexcept {
    for (std::size_t i = 0; i != command.subcommands; ++i) {
        const auto& sub = subcommands[command.first_subcommand + i];
        if (same_word(name, sub.name)) return &sub;
    }
    return nullptr;
}

category kind_of(const command_info& command, std::string_view second_word) noexcept {
    for (std::size_t i = 0; i != command.category_rows; ++i) {
        const auto& row = category_rows[command.first_category_row + i];
        if (same_word(second_word, row.subcommand)) return command.kind | row.kind;
    }
    return command.kind;
}

std::span<const command_info> all_commands() noexcept { return commands; }

std::span<const key_spec> key_specs_of(const command_info& command) noexcept {
    return std::span{key_specs}.subspan(command.first_key_spec, command.key_specs);
}

key_run keys_of(const key_spec& spec, std::span<const std::string_view> argv) noexcept {
    const auto count = static_cast<std::ptrdiff_t>(argv.size());
    std::ptrdiff_t first = begin_of(spec, argv);
    if (first <= 0 || first >= count) return {};
    std::ptrdiff_t last = 0;
    if (spec.count == key_count::told) {
        const auto told_at = first + spec.last_or_told;
        if (told_at >= count) return {};
        const auto word = argv[static_cast<std::size_t>(told_at)];
        std::uint32_t keys = 0;
        const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), keys);
        if (failure != std::errc{} || end != word.data() + word.size() || keys == 0) return {};
        first += spec.limit_or_first;
        last = first + (std::ptrdiff_t{keys} - 1) * spec.step;
    } else if (spec.last_or_told >= 0) {
        last = first + spec.last_or_told;
    } else if (spec.limit_or_first <= 1) {
        last = count + spec.last_or_told;
    } else {
        last = first + (count - first) / spec.limit_or_first + spec.last_or_told;
    }
    if (last < first || last >= count) return {};
    return {static_cast<std::size_t>(first), static_cast<std::size_t>(last), static_cast<std::size_t>(spec.step)};
}

const command_info* key_entry(std::span<const std::string_view> argv) noexcept {
    if (argv.empty()) return nullptr;
    const command_info* const info = find_command(argv[0]);
    if (info == nullptr || info->subcommands == 0 || argv.size() < 2) return info;
    return find_subcommand(*info, argv[1]);
}

}  // namespace redoubt::core
