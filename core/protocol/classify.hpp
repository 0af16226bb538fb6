// What the client has to know of a command before it sends it, found from its words.
#pragma once

#include <redoubt/command.hpp>
#include <span>
#include <string_view>

namespace redoubt::core {

/// Flags of any command. A command that the table does not know (a module's, a later server's) is taken for one that
/// writes and may have changed something although it answers an error.
command_flag classify(std::span<const std::string_view> argv) noexcept;

/// How long the server may hold the reply back, in milliseconds: 0 when it does not (also when the time is not a
/// number: it answers at once), -1 for ever.
std::int64_t block_ms(std::span<const std::string_view> argv) noexcept;

}  // namespace redoubt::core
