// Compares a typed command with the words it has to send, and its flags with the table of commands.
#pragma once

#include <initializer_list>
#include <redoubt/command.hpp>
#include <string>
#include <string_view>

namespace redoubt::testing {

/// RESP written the simplest way, so that it shares nothing with the code under test.
std::string resp(std::initializer_list<std::string_view> words);

/// The bytes are exactly these words; the server knows the command and takes that many arguments; the flags are those
/// that the same words have when they are looked up.
void expect_sends(const command_base& command, std::initializer_list<std::string_view> words);

/// The command is malformed for this reason and has no bytes.
void expect_malformed(const command_base& command, std::string_view problem);

}  // namespace redoubt::testing
