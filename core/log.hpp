// What the library says to the log: changes of state, one line each.
#pragma once

#include <cstdint>
#include <string>

namespace redoubt::core {

enum class log_level : std::uint8_t { info, warning, error };

/// To be called before a thread starts that may log. From the end of the process on, when static objects such as
/// spdlog's own are destroyed, nothing is logged: a client that lives on (shared_client) must not touch them.
void prepare_log() noexcept;

/// Writes a line through spdlog's default logger, prefixed with "redoubt: ". Never throws. Not for the hot path.
void log_state(log_level level, const std::string& line) noexcept;

}  // namespace redoubt::core
