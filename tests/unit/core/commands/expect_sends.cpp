#include "tests/unit/core/commands/expect_sends.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <span>
#include <vector>

#include "core/protocol/classify.hpp"
#include "core/protocol/command_table.hpp"

namespace redoubt::testing {

namespace {

// Arity as in the table: exactly n words, or at least -n.
bool takes(const core::command_info& info, std::size_t words) {
    const auto n = static_cast<std::size_t>(std::abs(info.arity));
    return info.arity < 0 ? words >= n : words == n;
}

const core::command_info* entry_of(std::span<const std::string_view> words) {
    const core::command_info* const command = core::find_command(words[0]);
    if (command == nullptr || command->subcommands == 0) return command;
    return words.size() > 1 ? core::find_subcommand(*command, words[1]) : nullptr;
}

}  // namespace

std::string resp(std::initializer_list<std::string_view> words) {
    std::string all = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
        all += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
    }
    return all;
}

void expect_sends(const command_base& command, std::initializer_list<std::string_view> words) {
    const std::string expected = resp(words);
    SCOPED_TRACE(expected);
    EXPECT_EQ(command.bytes(), expected);
    EXPECT_EQ(command.problem(), "");
    EXPECT_EQ(command.name(), *words.begin());
    EXPECT_EQ(command.size(), words.size());
    EXPECT_EQ(command.block_ms(), 0);

    const std::vector<std::string_view> argv(words);
    const core::command_info* const entry = entry_of(argv);
    ASSERT_NE(entry, nullptr) << "no such command";
    EXPECT_TRUE(takes(*entry, words.size())) << "arity " << static_cast<int>(entry->arity);
    EXPECT_EQ(command.flags(), core::classify(argv));
}

void expect_malformed(const command_base& command, std::string_view problem) {
    EXPECT_TRUE(command.is_malformed());
    EXPECT_EQ(command.flags(), command_flag::malformed);
    EXPECT_EQ(command.problem(), problem);
    EXPECT_EQ(command.bytes(), "");
    EXPECT_EQ(command.name(), problem.substr(0, problem.find(':')));
}

}  // namespace redoubt::testing
