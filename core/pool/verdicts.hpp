// What an answer says about the connection it came on: a PING of our own, a command on a lease.
#pragma once

#include <cstdint>
#include <optional>
#include <redoubt/error.hpp>

#include "resilience/health_checker.hpp"

namespace redoubt::core {

/// Of a PING that failed. nullopt: nothing, since it was refused here and never reached the server.
std::optional<resilience::probe_answer> probe_verdict(const error& why) noexcept;

enum class lease_verdict : std::uint8_t {
    keep,
    leave,  ///< The server serves another role, or serves us no more: nobody else gets this connection.
    close,  ///< And the server is about to close it: it takes no more commands.
};
/// Of a command that failed on an exclusive connection. A script can answer any words, so its own move nothing.
lease_verdict judge_lease(const error& why) noexcept;
/// What later commands on a connection are told that was closed because of `answer`.
error closed_by_its_server(const error& answer);

}  // namespace redoubt::core
