// What the end of an operation says about the node that served it.
#pragma once

#include <redoubt/command.hpp>
#include <redoubt/error.hpp>

#include "resilience/breaker_policy.hpp"

namespace redoubt::core {

/// Failures are an allow-list: the node said that it cannot serve (LOADING, MASTERDOWN, BUSY), or it did not answer in
/// time. Any other answer of the server, whatever its words, is a success, except for those that are about roles,
/// slots, rights and resources: they say nothing. Neither does what ended for a reason of ours.
///
/// The loss of a connection is ignored here however many operations it ended: it is one event, and whoever owns the
/// connection reports it once.
resilience::call_outcome breaker_outcome(const error& why, command_flag flags) noexcept;

/// True for ends that a server which hangs causes by the hundred: only the first of a row is news.
constexpr bool is_stall(errc code) noexcept { return code == errc::attempt_timeout || code == errc::deadline_exceeded; }

}  // namespace redoubt::core
