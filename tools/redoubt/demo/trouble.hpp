// What the scenes with a server in trouble have in common.
#pragma once

#include <chrono>
#include <optional>
#include <redoubt/client.hpp>

#include "tools/redoubt/demo/stage.hpp"
#include "tools/support/redis_process.hpp"

namespace redoubt::lab {

/// A client of this server, connected. Calls made without a deadline of their own have this one.
Client open_client(const RedisProcess& server, std::chrono::milliseconds deadline);

std::int64_t ns_of(Stage::clock::time_point point);

/// From the point to the first success that the tally was told to wait for; nothing when there was none.
std::optional<double> first_success_ms(const CallTally& tally, Stage::clock::time_point since);

/// "12.3 ms"; "never".
std::string in_ms(const std::optional<double>& ms);

}  // namespace redoubt::lab
