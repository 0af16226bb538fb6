// What a failed command permits: the table of failures, and which commands may run twice.
#pragma once

#include <redoubt/command.hpp>
#include <redoubt/error.hpp>

#include "resilience/retry.hpp"

namespace redoubt::core {

/// Reads a failure for the decision whether to repeat. Pure.
/// `idempotent`: the caller says that the command may run twice. It counts for nothing where the command waits on the
/// server or changes its connection.
resilience::retry_failure read_failure(const error& why, command_flag flags, bool idempotent) noexcept;

}  // namespace redoubt::core
