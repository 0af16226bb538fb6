// What the library says to the log: changes of state, one line each.
#pragma once

#include <redoubt/log.hpp>
#include <string>
#include <string_view>

namespace redoubt::core {

/// To be called before a thread starts that may log. From the end of the process on, when static objects such as
/// spdlog's own are destroyed, nothing is logged: a client that lives on (shared_client) must not touch them.
void prepare_log() noexcept;

/// What lines are counted by, so that none can flood the log: what they tell of, and the node concerned, if any.
struct log_kind {
    std::string_view what;
    std::string_view node = {};
};

/// Writes a line to the sink (redoubt/log.hpp), unless too many of its kind were written lately. Never throws. Not for
/// the hot path. Preconditions: no lock is held that a sink could need; those of the library are none of its business.
void log_state(log_level level, log_kind kind, std::string_view line) noexcept;

}  // namespace redoubt::core
