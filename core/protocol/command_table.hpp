// The commands a server knows: their traits and where their keys are. Constant data; nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/protocol/command_category.hpp"

namespace redoubt::core {

/// What the server says of a command.
enum class trait : std::uint16_t {
    none = 0,
    write = 1,
    readonly = 2,
    denyoom = 4,
    admin = 8,
    pubsub = 16,
    noscript = 32,
    blocking = 64,
    movable_keys = 128,  // first, last and step do not tell all keys: for_each_key() does
    no_multi = 256,
    fast = 512,
};

constexpr trait operator|(trait a, trait b) noexcept {
    return static_cast<trait>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(trait set, trait one) noexcept {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(one)) != 0;
}

struct command_info {
    std::string_view name;  // lower case; of a subcommand, without its command
    trait traits = trait::none;
    std::int8_t arity = 0;      // words of the command, its name included; negative: at least so many
    std::int8_t first_key = 0;  // 0: none here
    std::int8_t last_key = 0;   // negative: counted from the end, -1 is the last word
    std::int8_t key_step = 0;
    std::uint16_t first_subcommand = 0;
    std::uint8_t subcommands = 0;
    std::uint16_t first_key_spec = 0;
    std::uint8_t key_specs = 0;
    category kind = category::none;  // of the command itself; see kind_of() for subcommands
    std::uint8_t first_category_row = 0;
    std::uint8_t category_rows = 0;
};

/// How a run of keys ends.
enum class key_count : std::uint8_t {
    range,  // at a fixed distance, or one from the end
    told,   // a word before them says how many they are
};

struct key_spec {
    std::string_view keyword;  // empty: the keys begin at `begin`; else behind this word, searched from there
    std::int8_t begin;         // negative: searched backwards from the end
    key_count count;
    std::int8_t last_or_told;  // range: distance of the last key; told: distance of the word with their number
    std::int8_t step;
    std::int8_t limit_or_first;  // range: only the first 1/limit of the rest; told: distance of the first key
};

/// Case does not matter. Null when there is no such command.
const command_info* find_command(std::string_view name) noexcept;
const command_info* find_subcommand(const command_info& command, std::string_view name) noexcept;

/// The kind of a command called with this second word.
category kind_of(const command_info& command, std::string_view second_word) noexcept;

std::span<const command_info> all_commands() noexcept;
std::span<const key_spec> key_specs_of(const command_info&) noexcept;

/// Words of argv that are keys, by increasing position inside each run.
struct key_run {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t step = 0;  // 0: no key at all
};

/// The keys of one specification in this command; none when the command is malformed.
key_run keys_of(const key_spec&, std::span<const std::string_view> argv) noexcept;

/// The entry that describes the keys of this command: its subcommand's where there is one.
const command_info* key_entry(std::span<const std::string_view> argv) noexcept;

/// Calls f(index) for each word that is a key, as far as the server's specifications tell.
template <class F> void for_each_key(std::span<const std::string_view> argv, F&& f) {
    const command_info* const info = key_entry(argv);
    if (info == nullptr) return;
    for (const key_spec& spec : key_specs_of(*info)) {
        const key_run run = keys_of(spec, argv);
        if (run.step == 0) continue;
        for (std::size_t i = run.first; i <= run.last; i += run.step) f(i);
    }
}

}  // namespace redoubt::core
