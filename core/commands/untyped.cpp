// Commands by name: the name is checked and split, the command classified by its words.
#include <array>
#include <redoubt/command.hpp>
#include <span>
#include <vector>

#include "core/commands/arguments.hpp"
#include "core/protocol/classify.hpp"

namespace redoubt {

namespace detail {

namespace {

// One word, or two with a space between them, without control characters: "GET", "CLIENT LIST".
const char* what_is_wrong(std::string_view name) noexcept {
    if (name.empty() || name.front() == ' ') return "a command begins with its name";
    if (name.back() == ' ') return "its name ends with a space";
    std::size_t spaces = 0;
    for (const char c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return "its name has a control character in it";
        if (c == ' ') ++spaces;
    }
    if (spaces > 1) return "its name has more than two words: give each argument by itself";
    return nullptr;
}

}  // namespace

command_base build_untyped(std::string_view name, const arg* first, std::size_t count) {
    if (const char* const why = what_is_wrong(name)) return command_base::malformed("command()", why);
    command_builder builder(name, count, command_flag::none);
    for (std::size_t i = 0; i != count; ++i) builder.add(first[i]);
    return std::move(builder).finish_classified();
}

command_base build_untyped(std::string_view name, const args& rest) {
    if (const char* const why = what_is_wrong(name)) return command_base::malformed("command_list()", why);
    command_builder builder(name, rest.size(), command_flag::none);
    builder.add_all(rest);
    return std::move(builder).finish_classified();
}

}  // namespace detail

command_base command_builder::finish_classified() && {
    command_base base = std::move(*this).finish();
    if (base.is_malformed()) return base;
    std::array<std::string_view, 16> few;
    std::vector<std::string_view> many;
    std::span<std::string_view> words(few.data(), base.size() < few.size() ? base.size() : few.size());
    if (base.size() > few.size()) {
        many.resize(base.size());
        words = many;
    }
    core::Arguments all(base.bytes());
    for (std::string_view& word : words) word = all.next();
    base.flags_ = core::classify(words);
    if (has(base.flags_, command_flag::blocking)) base.block_ms_ = core::block_ms(words);
    return base;
}

}  // namespace redoubt
