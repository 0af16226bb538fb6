// Hearing of what changes: breaker, health and connection of a client's node.
#pragma once

#include <chrono>
#include <cstdint>
#include <redoubt/error.hpp>
#include <redoubt/states.hpp>
#include <string>
#include <string_view>

namespace redoubt {

/// The circuit breaker of the node went from one state to another.
struct breaker_change {
    std::string node;  ///< The endpoint as a URL without credentials.
    breaker_state from = breaker_state::closed;
    breaker_state to = breaker_state::closed;
    std::string text;                     ///< Why, in words: "12 of 20 calls failed".
    std::chrono::nanoseconds open_for{};  ///< When it opened: for how long. Else 0.
};

/// What is known of the node's health changed; the first time it is heard of included (`unknown` to `healthy`).
struct health_change_event {
    std::string node;
    health_state from = health_state::unknown;
    health_state to = health_state::unknown;
    std::uint64_t failed = 0;     ///< Failures since the change before.
    bool flapping_began = false;  ///< It changes all the time; from now on it takes twice as much to count as healthy.
};

/// What happened to the shared connection, the one that carries ordinary commands. Leases, dedicated clients and
/// subscribers see to themselves.
enum class connection_event : std::uint8_t {
    connected,    ///< There is a connection now, the first or a new one, or a silent one answers again.
    lost,         ///< It ended without our doing; another one is being dialled.
    dial_failed,  ///< No connection came about. The first time since there was one, then when the reason is another.
    replaced,   ///< A new connection took its place while it worked: it had grown old, or its server refuses to serve.
    suspected,  ///< It is silent and takes no commands until it, or a new one, is answered.
};

constexpr std::string_view to_string(connection_event e) noexcept {
    switch (e) {
        case connection_event::connected: return "connected";
        case connection_event::lost: return "lost";
        case connection_event::dial_failed: return "dial failed";
        case connection_event::replaced: return "replaced";
        case connection_event::suspected: return "suspected";
    }
    return "";
}

struct connection_change {
    std::string node;
    connection_event what = connection_event::connected;
    /// Why, for `lost`, `dial_failed` and `suspected`; without meaning for the others.
    redoubt::error error;
};

/// Derive from it, override what matters, and put it into `options::listener`. Changes of state only, each told once;
/// what was before the client opened is in Client::stats(). Breaker and health belong to the node, which all clients of
/// a process share: each client with a listener hears of each change, whichever client found it out.
///
/// Called on the client's I/O thread, with no lock held, one call at a time, in the order of the changes, shortly after
/// they happened: a call must be short and must not wait. It may use stats() and async_run() of any client; blocking
/// calls of its own client answer `would_deadlock`. What it throws is caught and counted
/// (client_stats::listener_exceptions). After Client::close() has returned it is not called any more, and let go of.
///
/// Lifetimes: the client shares it until it is closed or its last handle is gone. A listener that keeps a handle of its
/// own client so keeps that open until close().
class Listener {
public:
    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual ~Listener() = default;

    virtual void on_breaker(const breaker_change&) {}
    virtual void on_health(const health_change_event&) {}
    virtual void on_connection(const connection_change&) {}
};

}  // namespace redoubt
