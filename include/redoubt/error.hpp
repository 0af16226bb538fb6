// What went wrong, whether the server may have run the command, and what to do about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace redoubt {

/// Did the server run the command? Decided for each command from the bytes that left the process.
enum class fate : std::uint8_t {
    not_applied,  ///< Provably not executed: its last byte never left, or the server refused it for its own state.
    unknown,      ///< May have run: it was written whole and no reply came.
    answered,     ///< The server processed it and answered an error; see `error::partial()`.
};

/// The part of an operation that was under way when it ended.
enum class phase : std::uint8_t {
    none,     ///< Not an operation, or it ended before its first step.
    limiter,  ///< Waiting for one of the permits that bound concurrent operations.
    backoff,  ///< Waiting between two attempts.
    dial,     ///< Waiting for a connection to be resolved, opened and greeted.
    lease,    ///< Waiting for an exclusive connection.
    queue,    ///< In the output buffer of a connection, not yet sent whole.
    sent,     ///< Sent whole, waiting for the reply.
    reply,    ///< The reply came; it was being read.
};

/// Exactly what happened. `error::message()` tells the same in a sentence, with the remedy.
enum class errc : std::uint16_t {
    closed = 1,           ///< The client (or lease) was closed.
    forked,               ///< The handle belongs to the parent process.
    would_deadlock,       ///< A blocking call on the library's own I/O thread.
    cancelled,            ///< The caller cancelled.
    deadline_exceeded,    ///< The deadline of the operation passed.
    attempt_timeout,      ///< One attempt took longer than its timeout.
    limiter_full,         ///< The waiting line of the limiter is full.
    connection_full,      ///< The output buffer of the connection is at its ceiling.
    not_connected,        ///< No connection, and the options say not to wait for one.
    invalid_option,       ///< An option, URL or environment variable is wrong; the text names it.
    needs_dedicated,      ///< The command changes the state of its connection; a shared one cannot run it.
    refused_command,      ///< The command cannot run through this client at all.
    invalid_command,      ///< No command name, or an argument that cannot be sent.
    no_resources,         ///< The process has no descriptor, thread or memory left for a client.
    resolve_failed,       ///< The host name has no address.
    connect_failed,       ///< No address accepted the connection.
    connect_timeout,      ///< No address answered in time.
    handshake_failed,     ///< The server refused or broke off the greeting (AUTH, SELECT).
    connection_lost,      ///< The server closed the connection.
    write_failed,         ///< The connection broke while sending.
    protocol_error,       ///< The server sent bytes that are not RESP.
    reply_limit,          ///< A reply passed a configured limit.
    reply_type,           ///< The reply has another type than the one asked for.
    reply_range,          ///< The reply is a number outside the type asked for.
    breaker_open,         ///< The circuit breaker of the node rejects calls; `retry_after()` says for how long.
    reconnect_exhausted,  ///< As many dials as `reconnect.attempts_max` allows have failed in a row.
    server_error = 100,   ///< An error reply with no code below (`ERR` and unknown codes).
    wrong_type,
    moved,
    ask,
    try_again,
    cluster_down,
    loading,
    read_only,
    master_down,
    busy,
    out_of_memory,
    misconf,
    no_replicas,
    no_auth,
    wrong_pass,
    no_perm,
    no_script,
    unblocked,
    denied,
    io_error,
    exec_abort,
    max_clients,
};

/// What kind of failure it is, for callers that treat kinds alike: `if (e == condition::rejected)`.
enum class condition : std::uint8_t {
    rejected = 1,    ///< Never sent, by a decision of this client (limiter, breaker, closed, wrong usage).
    timed_out,       ///< A deadline or timeout passed.
    unreachable,     ///< The server could not be reached, or the connection was lost.
    server_refused,  ///< The server answered an error.
};

const std::error_category& error_category() noexcept;
const std::error_category& condition_category() noexcept;
std::error_code make_error_code(errc) noexcept;
std::error_condition make_error_condition(condition) noexcept;

}  // namespace redoubt

template <> struct std::is_error_code_enum<redoubt::errc> : std::true_type {};
template <> struct std::is_error_condition_enum<redoubt::condition> : std::true_type {};

namespace redoubt {

/// The part of an error that needs memory. Shared between copies, immutable once shared.
struct error_details {
    std::string node;                        ///< Endpoint as a URL without credentials.
    std::string text;                        ///< The server's own words, or the name and range of a wrong option.
    std::error_code cause;                   ///< What the operating system or the resolver said.
    std::chrono::nanoseconds retry_after{};  ///< When trying again makes sense; 0: not known.
};

/// One failure, 16 bytes. Copying costs at most an atomic increment and never throws; thread safe as any value type.
class error {
public:
    error() noexcept : error(errc::closed) {}
    /*implicit*/ error(errc code, redoubt::fate f = fate::not_applied, redoubt::phase p = phase::none) noexcept
        : code_(code), fate_(f), phase_(p) {}
    /// With details. If they cannot be allocated they are dropped, never the code.
    error(errc code, redoubt::fate f, redoubt::phase p, error_details details) noexcept;
    error(const error& other) noexcept;
    error(error&& other) noexcept;
    error& operator=(error other) noexcept;
    ~error();

    errc kind() const noexcept { return code_; }
    std::error_code code() const noexcept { return make_error_code(code_); }
    redoubt::fate fate() const noexcept { return fate_; }
    redoubt::phase phase() const noexcept { return phase_; }
    /// Attempts made, the last one included; 0 when nothing was tried.
    unsigned attempts() const noexcept { return attempts_; }

    /// The endpoint concerned, without credentials; empty when no connection was involved.
    std::string_view node() const noexcept;
    /// The server's error text (first word is its code), or the name and range of a wrong option; may be empty.
    std::string_view text() const noexcept;
    std::error_code cause() const noexcept;
    std::chrono::nanoseconds retry_after() const noexcept;

    /// True when sending the same command again cannot run it twice: it provably did not run and trying again may
    /// help, or it may have run and only reads.
    bool safe_to_retry() const noexcept;
    /// True when the command was answered with an error but may have changed something before (scripts, functions,
    /// module commands, MIGRATE, elements of a transaction).
    bool partial() const noexcept { return (flags_ & flag_partial) != 0; }
    /// True when a retry was due and the retry budget refused it.
    bool budget_exhausted() const noexcept { return (flags_ & flag_budget) != 0; }

    /// One sentence for a log: what happened, where, in which phase, after how many attempts, whether the command may
    /// have run, and what to do.
    std::string message() const;

    bool operator==(errc c) const noexcept { return code_ == c; }
    bool operator==(condition c) const noexcept { return code() == c; }
    bool operator==(std::errc c) const noexcept { return code() == c; }

    // For those who make errors: each returns the changed error.
    error& with_fate(redoubt::fate f) noexcept { return fate_ = f, *this; }
    error& with_phase(redoubt::phase p) noexcept { return phase_ = p, *this; }
    error& with_attempts(unsigned n) noexcept;
    error& with_read_only(bool yes) noexcept { return set(flag_read_only, yes); }
    error& with_partial(bool yes) noexcept { return set(flag_partial, yes); }
    error& with_budget_exhausted() noexcept { return set(flag_budget, true); }
    /// Takes over the details of another error without copying them (a connection keeps one for its node).
    error& with_details_of(const error& other) noexcept;

private:
    struct shared;
    enum : std::uint16_t { flag_read_only = 1, flag_partial = 2, flag_budget = 4 };
    error& set(std::uint16_t flag, bool yes) noexcept {
        flags_ = static_cast<std::uint16_t>(yes ? flags_ | flag : flags_ & ~flag);
        return *this;
    }

    errc code_;
    redoubt::fate fate_;
    redoubt::phase phase_;
    std::uint16_t attempts_ = 0;
    std::uint16_t flags_ = 0;
    shared* details_ = nullptr;
};

/// Thrown by `result::value()` on a failure; `what()` is `error::message()`.
class exception : public std::system_error {
public:
    explicit exception(redoubt::error e);
    const char* what() const noexcept override { return what_.c_str(); }
    const redoubt::error& error() const noexcept { return error_; }

private:
    redoubt::error error_;
    std::string what_;
};

std::string_view to_string(fate) noexcept;
std::string_view to_string(phase) noexcept;

}  // namespace redoubt
