// Redoubt as a load: the styles in which a client is used, each in a file of its own.
#pragma once

#include <atomic>
#include <latch>
#include <redoubt/client.hpp>
#include <string>

#include "bench/load.hpp"

namespace redoubt::bench {

class SteadyState;

/// What all operations of a run share that complete on the I/O thread.
struct async_parts {
    const Client& client;
    const std::string value;
    KeyPicker picker;
    const std::atomic<bool>& stop;
    SteadyState& steady;
    std::latch& left;  ///< operations, or coroutines, that have not ended
    std::uint64_t started = 0;
};

load_result run_blocking(const load_spec& spec, const Client& client);
load_result run_async(const load_spec& spec, const Client& client);
load_result run_coroutines(const load_spec& spec, const Client& client);
load_result run_leases(const load_spec& spec, const Client& client);

}  // namespace redoubt::bench
