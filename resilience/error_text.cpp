// One table of codes: headline, remedy, kind.
#include "resilience/error_text.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace redoubt {

namespace {

enum class retrying : bool { may_help, never_helps };

struct row {
    errc code;
    condition kind;
    retrying retry;
    std::string_view headline;
    std::string_view remedy;
};

using enum condition;
using enum retrying;

constexpr std::array rows{
    row{errc::closed, rejected, never_helps, "the client is closed", "create a new client"},
    row{errc::forked, rejected, never_helps, "the handle belongs to the parent process",
        "create the client after fork()"},
    row{errc::would_deadlock, rejected, never_helps,
        "a blocking call on the client's own I/O thread would never return",
        "use async_run() inside handlers and coroutines"},
    row{errc::cancelled, rejected, may_help, "the operation was cancelled", ""},
    row{errc::deadline_exceeded, timed_out, may_help, "the deadline passed",
        "the phase says where the time went: allow more time, or relieve that part"},
    row{errc::attempt_timeout, timed_out, may_help, "the attempt timed out",
        "look for a slow command or a blocked server (SLOWLOG GET), or raise attempt_timeout"},
    row{errc::limiter_full, rejected, may_help, "the waiting line of the limiter is full",
        "offer less load at once, or raise limiter.queue_max (queue_bytes_max where its bytes are named)"},
    row{errc::connection_full, rejected, may_help, "the output buffer of the connection is full",
        "the server is not reading fast enough: offer less load, or smaller values"},
    row{errc::not_connected, unreachable, may_help, "there is no connection",
        "check that the server runs, or let calls wait (when_disconnected = wait)"},
    row{errc::invalid_option, rejected, never_helps, "wrong option", ""},
    row{errc::needs_dedicated, rejected, never_helps,
        "the command changes the state of its connection, or blocks it, and this connection is shared",
        "run it on client.lease() or client.dedicated(), or use the typed interface for it"},
    row{errc::refused_command, rejected, never_helps, "the command cannot run through this client",
        "it would end the exchange of requests and replies; use redis-cli"},
    row{errc::invalid_command, rejected, never_helps, "the command is malformed", ""},
    row{errc::no_resources, rejected, may_help, "the client could not be opened",
        "raise the limits of the process (ulimit -n, -u), or close what is not needed"},
    row{errc::resolve_failed, unreachable, may_help, "the host name could not be resolved",
        "check the name and the resolver"},
    row{errc::connect_failed, unreachable, may_help, "could not connect",
        "check that the server runs and listens there"},
    row{errc::connect_timeout, timed_out, may_help, "no answer to the connection request",
        "check address, firewall and the server's load, or raise connect_timeout"},
    row{errc::handshake_failed, unreachable, may_help, "the server refused the greeting of the connection",
        "check user, password and database number"},
    row{errc::connection_lost, unreachable, may_help, "the connection was lost",
        "check whether the server restarted or closed the client (its log, client-output-buffer-limit, timeout)"},
    row{errc::write_failed, unreachable, may_help, "the connection broke while sending", ""},
    row{errc::protocol_error, unreachable, may_help, "the server sent something that is not RESP",
        "check that the address is a Redis server, without TLS or a proxy for another protocol"},
    row{errc::reply_limit, unreachable, may_help, "the reply passes a limit of this client",
        "ask for less at once (SCAN, ranges), or raise the limit that is named"},
    row{errc::reply_type, server_refused, never_helps, "the reply has another type than the one asked for",
        "ask for the type that the command answers"},
    row{errc::reply_range, server_refused, never_helps, "the reply is a number outside the type asked for",
        "ask for a wider type"},
    row{errc::breaker_open, rejected, may_help, "the circuit breaker of the node rejects the call",
        "wait, serve a fallback, and look at the node"},
    row{errc::reconnect_exhausted, unreachable, may_help, "all dials of a series failed",
        "check that the server runs; the next call starts a new series (reconnect.attempts_max)"},
    row{errc::server_error, server_refused, never_helps, "the server answered an error", ""},
    row{errc::wrong_type, server_refused, never_helps, "the key holds another type",
        "use the commands of its type (TYPE key tells it)"},
    row{errc::moved, server_refused, may_help, "the slot is served by another node", "connect to the cluster"},
    row{errc::ask, server_refused, may_help, "the slot is moving to another node", "connect to the cluster"},
    row{errc::try_again, server_refused, may_help, "the keys are being moved", "try again shortly"},
    row{errc::cluster_down, server_refused, may_help, "the cluster is down", "wait for it, or repair it"},
    row{errc::loading, server_refused, may_help, "the server is loading its data", "wait until it has loaded"},
    row{errc::read_only, server_refused, may_help, "the server is a read-only replica",
        "connect to the primary; a failover may have taken place"},
    row{errc::master_down, server_refused, may_help, "the replica has lost its primary", "read from the primary"},
    row{errc::busy, server_refused, may_help, "the server is busy with a script",
        "wait; an operator may use SCRIPT KILL"},
    row{errc::out_of_memory, server_refused, never_helps, "the server is out of memory",
        "free memory, or set maxmemory-policy"},
    row{errc::misconf, server_refused, never_helps, "the server cannot persist and refuses writes",
        "check its disk and log"},
    row{errc::no_replicas, server_refused, may_help, "the server has too few replicas and refuses writes",
        "check the replicas"},
    row{errc::no_auth, server_refused, never_helps, "the server requires authentication", "give user and password"},
    row{errc::wrong_pass, server_refused, never_helps, "user or password is wrong, or the user is disabled",
        "correct the credentials"},
    row{errc::no_perm, server_refused, never_helps, "the user lacks permission", "change its ACL rules"},
    row{errc::no_script, server_refused, may_help, "the server does not know the script", "load it, or use EVAL"},
    row{errc::unblocked, server_refused, may_help, "the blocked command was released by the server", ""},
    row{errc::denied, server_refused, never_helps, "the server denied the connection", "see protected-mode"},
    row{errc::io_error, server_refused, may_help, "the server had an I/O error", "check its disk and log"},
    row{errc::exec_abort, server_refused, never_helps, "the transaction was refused", "correct the refused command"},
    row{errc::max_clients, server_refused, may_help, "the server has reached its number of clients",
        "close unused connections, lower connections_max, or raise maxclients"},
};

constexpr row unknown_row{errc::server_error, server_refused, never_helps, "unknown error", ""};

const row& find(errc code) noexcept {
    const auto* const found = std::find_if(rows.begin(), rows.end(), [code](const row& r) { return r.code == code; });
    return found != rows.end() ? *found : unknown_row;
}

class code_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "redoubt"; }
    std::string message(int value) const override { return std::string(find(static_cast<errc>(value)).headline); }
    std::error_condition default_error_condition(int value) const noexcept override {
        const auto kind = find(static_cast<errc>(value)).kind;
        if (kind == timed_out) return std::errc::timed_out;
        if (static_cast<errc>(value) == errc::cancelled) return std::errc::operation_canceled;
        return make_error_condition(kind);
    }
    bool equivalent(int value, const std::error_condition& c) const noexcept override {
        if (c == default_error_condition(value)) return true;
        return c.category() == condition_category() &&
               static_cast<condition>(c.value()) == find(static_cast<errc>(value)).kind;
    }
};

class kind_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "redoubt.condition"; }
    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
            case rejected: return "rejected before it was sent";
            case timed_out: return "timed out";
            case unreachable: return "server unreachable";
            case server_refused: return "refused by the server";
        }
        return "unknown condition";
    }
};

}  // namespace

const std::error_category& error_category() noexcept {
    static const code_category instance;
    return instance;
}

const std::error_category& condition_category() noexcept {
    static const kind_category instance;
    return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }
std::error_condition make_error_condition(condition c) noexcept { return {static_cast<int>(c), condition_category()}; }

namespace resilience {

std::string_view headline(errc code) noexcept { return find(code).headline; }
std::string_view remedy(errc code) noexcept { return find(code).remedy; }
bool is_usage_error(errc code) noexcept { return find(code).retry == never_helps; }

std::string_view fate_sentence(fate f, bool partial) noexcept {
    switch (f) {
        case fate::not_applied: return "the command was not applied";
        case fate::unknown: return "the command may have been applied";
        case fate::answered:
            return partial ? "the server ran it and it may have changed something" : "the command changed nothing";
    }
    return "";
}

}  // namespace resilience
}  // namespace redoubt
