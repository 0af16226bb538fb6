// Reads from a server what the callers of a scene may have written.
#pragma once

#include <span>

#include "tools/support/ledger.hpp"
#include "tools/support/raw_redis.hpp"

namespace redoubt::lab {

/// `callers`: their lists and counters are read for the numbers 0 to callers - 1, values for the SETs among the writes.
server_findings find_on_server(RawRedis& redis, std::span<const noted_write> writes, unsigned callers);

}  // namespace redoubt::lab
