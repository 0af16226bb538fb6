// Redoubt with its default layers, opened and closed for each run.
#include "bench/redoubt_load.hpp"

#include <algorithm>
#include <stdexcept>

namespace redoubt::bench {
namespace {

/// The defaults, widened only where a case would not fit into them.
options options_for(const load_spec& spec) {
    options o;
    o.endpoints = {spec.address.path.empty() ? spec.address.host + ':' + std::to_string(spec.address.port)
                                             : "unix:" + spec.address.path};
    const auto count = static_cast<std::uint32_t>(spec.who.concurrency);
    if (spec.who.style == load_style::leases) {  // two places are kept for the shared connection and its successor
        o.pool.connections_max = std::max(o.pool.connections_max, count + 2);
    } else {
        o.limiter->queue_max = std::max(o.limiter->queue_max, count);
    }
    return o;
}

load_result run_with(const load_spec& spec, const Client& client) {
    switch (spec.who.style) {
        case load_style::blocking: return run_blocking(spec, client);
        case load_style::async: return run_async(spec, client);
        case load_style::coroutine: return run_coroutines(spec, client);
        case load_style::leases: return run_leases(spec, client);
        case load_style::pipelined: break;
    }
    throw std::runtime_error(spec.who.name + ": no such load");
}

}  // namespace

load_result run_redoubt(const load_spec& spec) {
    const auto client = Client::open(options_for(spec)).value();
    client.ready().value();
    auto outcome = run_with(spec, client);
    if (const auto closed = client.close(); !closed) throw std::runtime_error(closed.error().message());
    return outcome;
}

}  // namespace redoubt::bench
