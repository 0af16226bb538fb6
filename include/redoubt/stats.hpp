// Figures of a client at one moment, for logs, tests and dashboards.
#pragma once

#include <cstdint>
#include <redoubt/states.hpp>
#include <string>

namespace redoubt {

struct pool_stats {
    std::uint32_t connections_max = 0;   ///< The budget; 0: no limit.
    std::uint32_t connections = 0;       ///< Open or being dialled, all roles together.
    std::uint32_t leases_in_use = 0;     ///< Exclusive connections in the hands of callers.
    std::uint32_t leases_idle = 0;       ///< Exclusive connections kept for the next caller.
    std::uint32_t waiting_leases = 0;    ///< Callers waiting for an exclusive connection.
    std::uint32_t subscribers = 0;       ///< Living subscribers; each has, or waits for, a connection of its own.
    std::uint64_t waiting = 0;           ///< Operations waiting for the shared connection.
    std::uint64_t in_flight = 0;         ///< Commands on the shared connection that are owed a reply.
    bool connected = false;              ///< The shared connection is up.
    std::uint64_t dials = 0;             ///< Attempts to open a connection, since the beginning.
    std::uint64_t dials_failed = 0;      ///< Those that did not lead to a usable connection.
    std::uint64_t connections_lost = 0;  ///< Connections that ended without our doing.
    std::uint64_t commands = 0;          ///< Commands written on the shared connection, since the beginning.
    std::uint64_t bytes_out = 0;         ///< On the shared connection.
    std::uint64_t bytes_in = 0;          ///< On the shared connection.
};

struct limiter_stats {
    std::uint32_t limit = 0;     ///< 0: there is no limiter.
    std::uint32_t in_use = 0;    ///< Permits in use: operations under way.
    std::uint32_t waiting = 0;   ///< Operations in line.
    std::uint64_t rejected = 0;  ///< Turned away because the line was full, since the beginning.
};

struct retry_stats {
    std::uint64_t retries = 0;         ///< Attempts after the first, paid from the budget.
    std::uint64_t free_retries = 0;    ///< Repeated at once because nothing had been sent.
    std::uint64_t budget_refused = 0;  ///< Retries that the budget refused.
    double tokens = 0;                 ///< Left in the budget.
};

struct breaker_stats {
    breaker_state state = breaker_state::closed;
    std::uint64_t opened = 0;         ///< Times it went open.
    std::uint64_t rejected = 0;       ///< Calls that it turned away.
    std::uint64_t stale_results = 0;  ///< Outcomes of calls from before its last change of state, which count nothing.
};

struct health_stats {
    health_state state = health_state::unknown;
    std::uint64_t changes = 0;        ///< Changes of state.
    std::uint64_t probes = 0;         ///< PINGs sent.
    std::uint64_t probes_failed = 0;  ///< Those without a well-formed reply in time.
};

struct client_stats {
    std::string node;    ///< The endpoint as a URL without credentials.
    bool closed = true;  ///< close() was called, the handle is empty, or it belongs to the parent process.
    limiter_stats limiter;
    retry_stats retry;
    breaker_stats breaker;  ///< Of the node: shared by all clients of the process.
    health_stats health;    ///< Of the node, likewise.
    pool_stats pool;
    std::uint64_t handler_exceptions = 0;   ///< Completion handlers that threw on the I/O thread.
    std::uint64_t listener_exceptions = 0;  ///< Calls of the listener that threw.
};

}  // namespace redoubt
