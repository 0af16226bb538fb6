// What a report was measured on.
#pragma once

#include <string>

#include "bench/report.hpp"
#include "tools/support/raw_redis.hpp"

namespace redoubt::bench {

/// Processors, kernel, compiler, libraries, the server at this address; with `npm_directory` its packages too.
machine_facts machine_of(const lab::server_address& address, const std::string& npm_directory);

}  // namespace redoubt::bench
