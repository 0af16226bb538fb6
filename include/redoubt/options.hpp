// Everything that can be set when a client is built, with the reason for each default.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <redoubt/reply_limits.hpp>
#include <redoubt/result.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt {

class Listener;

/// How connections are opened and how a silent one is found dead.
struct connect_options {
    /// Longest time for one dial: name lookup, connect, AUTH and SELECT together. 1 ms to 5 min; 0 is refused, since a
    /// host that drops packets would hold the dial for minutes. Default 2 s: one lost SYN is repeated after 1 s.
    std::chrono::nanoseconds timeout = std::chrono::seconds(2);

    /// Silence after which the kernel starts to probe a TCP connection. Whole seconds, 1 s to 9 h; 0: no keepalive.
    /// Default 15 s: with the two fields below a vanished host is noticed within 30 s, instead of the kernel's 2 h.
    std::chrono::nanoseconds keepalive_idle = std::chrono::seconds(15);

    /// Time between two such probes. Whole seconds, 1 s to 1 h; 0 is refused. Default 5 s: see `keepalive_idle`.
    std::chrono::nanoseconds keepalive_interval = std::chrono::seconds(5);

    /// Unanswered probes that make a connection dead. 1 to 127 (the kernel's ceiling); 0 is refused.
    /// Default 3: two probes may get lost. Not looked at while `tcp_user_timeout` is set, which decides instead.
    std::uint32_t keepalive_probes = 3;

    /// Longest time that sent bytes may stay unacknowledged, or that a full receive window of the server may last.
    /// Whole milliseconds, 1 s to 1 h; 0: the kernel's own (about 15 min). Default 30 s: the same patience as keepalive
    /// has with an idle connection; a server that merely hangs for less keeps its connections.
    std::chrono::nanoseconds tcp_user_timeout = std::chrono::seconds(30);
};

/// How many connections a client holds. Ordinary commands of all threads share few of them; blocking commands,
/// WATCH and leases take one each.
struct pool_options {
    /// Ceiling of connections of all kinds together. 1 to 100,000; 0: no limit of ours, only the server's `maxclients`.
    /// Default 50: some 200 processes fit under the server's own default of 10,000 clients.
    std::uint32_t connections_max = 50;

    /// Time after which an exclusive connection that nobody uses is closed. 1 s to 24 h; 0: never for this reason.
    /// Default 5 min: longer than the pauses of steady work, shorter than common firewall time-outs (350 s and up).
    std::chrono::nanoseconds lease_idle_max = std::chrono::minutes(5);

    /// Time after which a connection is replaced, whatever it does: shared ones when the new one is up, leased ones
    /// when they are given back. 1 s to 7 days, each drawn from ± 10 %; 0: never. Default 1 h: a change of DNS or of a
    /// load balancer is followed within the hour, at the price of a dial.
    std::chrono::nanoseconds lifetime_max = std::chrono::hours(1);

    /// Exclusive connections kept open although idle. 0 to `connections_max`. Default 0: none, dial when needed.
    std::uint32_t idle_min = 0;
};

/// The bound on concurrent operations of a client.
struct limiter_options {
    /// Operations in flight at once; further ones wait in order. 1 to 1,000,000; 0 is refused (leave the layer out with
    /// `limiter = std::nullopt`). Default 1,024: several times what saturates one server over one connection
    /// (throughput is flat from about 256 in flight), so a healthy server never makes anyone wait here.
    std::uint32_t limit = 1024;

    /// Operations that may wait for their turn; one more is rejected at once. 0 to 10,000,000; 0: nobody waits.
    /// Default 16,384: twice a burst of several thousand callers, each waiting place costs less than 1 KiB.
    std::uint32_t queue_max = 16384;
};

/// How often and after what pauses a failed attempt is repeated. Only what cannot do harm is: a command that provably
/// did not run, or one that may have run but changes nothing (or was called with `call_options::idempotent`).
///
/// Two things are not repetitions and cost neither attempts nor budget: waiting until a server that says so is ready
/// (LOADING, MASTERDOWN, CLUSTERDOWN, TRYAGAIN; only the deadline ends it), and one immediate repetition for each call
/// of a command that its connection lost before it had left whole. Nothing is planned past the deadline: what does not
/// fit any more fails at once with its last error.
struct retry_options {
    /// Attempts of one call at most, the first one included. 1 to 100; 1: never repeated after a failure; 0 is refused
    /// (leave the layer out with `retry = std::nullopt`). Default 3: a second one hides most lost connections, a third
    /// the rest; more would only add load to a server that is in trouble.
    std::uint32_t attempts_max = 3;

    /// The pause before attempt n + 1 is a random part ("full jitter") of min(cap, base * 2^(n - 1)). 1 ms to 1 min; 0
    /// is refused, since all would come back at once. Default 10 ms: some tens of round trips.
    std::chrono::nanoseconds base = std::chrono::milliseconds(10);

    /// Longest pause. `base` to 1 h. Default 250 ms: with the default deadline of 3 s no pause costs a tenth of it.
    std::chrono::nanoseconds cap = std::chrono::milliseconds(250);

    /// Tokens that the client saves up at most; each repetition costs one, and without a token the call fails with
    /// its own error, flagged `budget_exhausted()`. 1 to 1,000,000; 0: no budget, every repetition is granted. Default
    /// 100: some hundred calls caught in a lost connection are all repeated, an outage is not multiplied.
    std::uint32_t budget_max = 100;

    /// What a successful attempt adds to the budget, in thousandths of a token. 0 to 100,000; 0: nothing. Default 100
    /// (a tenth of a token): in the long run repetitions add no more than a ninth to the load that is offered.
    std::uint32_t budget_per_success_thousandths = 100;

    /// Tokens that a second adds to the budget. 0 to 1,000,000; 0: none. Default 1: a client with little traffic can
    /// still repeat, and a thousand such clients together add no more than a thousand calls in a second.
    std::uint32_t budget_per_second = 1;
};

/// The pauses between dials to a node that cannot be reached. One prober dials for all; pause n is a random part
/// ("full jitter", which needed the fewest calls in the AWS backoff simulation) of min(cap, base * factor^n).
struct reconnect_options {
    /// First pause. 1 ms to 1 min; 0 is refused, since a refused dial would spin. Default 50 ms: a restart of the
    /// server is noticed at once, a dead one costs each process at most 20 dials in the first second.
    std::chrono::nanoseconds base = std::chrono::milliseconds(50);

    /// Longest pause. `base` to 1 h. Default 1 s: the first success follows the server's return within about a second.
    std::chrono::nanoseconds cap = std::chrono::seconds(1);

    /// Growth from pause to pause. 1 (constant) to 10; 0 is refused. Default 2: the usual doubling.
    std::uint32_t factor = 2;

    /// Failed dials in a row after which waiting operations fail; the next call starts a new series. 1 to 1,000,000;
    /// 0: keep trying for ever. Default 0: a client must come back by itself after an outage of any length.
    std::uint32_t attempts_max = 0;
};

/// The circuit breaker of a node: it rejects calls at once while the node fails, and lets probes find out when it
/// serves again. One for each endpoint and process; the options of the client that comes first hold for all.
struct breaker_options {
    /// Calls within 10 s below which no rate is judged. 1 to 1,000,000. Default 20: fewer prove nothing.
    std::uint32_t calls_min = 20;

    /// Share of failed calls that opens it, in percent. 1 to 100; 0: no share does. Default 50: a node that fails every
    /// other call is broken, one that fails every tenth is not.
    std::uint32_t failure_percent = 50;

    /// Failed dials in a row that open it. 1 to 1,000,000; 0: no number does. Default 5: with pauses from 50 ms on they
    /// take about half a second, in which a restart goes unnoticed.
    std::uint32_t dials_max = 5;

    /// First time that it stays open; doubled each time it opens again, up to `open_max`, each drawn from ± 20 %. A
    /// connection to the node ends it early. 1 ms to 1 h; 0 is refused. Default 1 s: the usual length of a hiccup.
    std::chrono::nanoseconds open_base = std::chrono::seconds(1);

    /// Longest time that it stays open. `open_base` to 1 h. Default 30 s: a node that has come back without anybody
    /// noticing is used again within half a minute.
    std::chrono::nanoseconds open_max = std::chrono::seconds(30);
};

/// Whether a node is alive, asked by PING when there is no traffic, and reported when it changes.
struct health_options {
    /// Time between two PINGs, each drawn from ± 10 %; none is sent while replies come anyway. 100 ms to 1 h; 0 is
    /// refused. Default 5 s: costs nothing, and an idle client knows of a dead server before its next call.
    std::chrono::nanoseconds interval = std::chrono::seconds(5);

    /// Longest time for its answer. 1 ms to 1 min; 0 is refused. Default 1 s: as for an attempt.
    std::chrono::nanoseconds timeout = std::chrono::seconds(1);

    /// Failures in a row after which a node is unhealthy. 1 to 100. Default 3: one may be chance.
    std::uint32_t fall = 3;

    /// Good answers in a row after which it is healthy again. 1 to 100. Default 2.
    std::uint32_t rise = 2;
};

/// What an operation does while its node has no connection.
enum class when_disconnected : std::uint8_t {
    wait,  ///< Waits for one, no longer than its deadline.
    fail,  ///< Fails at once with `errc::not_connected`.
};

/// Who reads the replies to blocking calls.
enum class read_by : std::uint8_t {
    caller,     ///< The thread of a call that waits reads, for itself and for others, and hands on when it is served.
    io_thread,  ///< Only the I/O thread; callers sleep until it wakes them.
};

/// The options of a client. Plain values: set them by name, from a URL, or from the environment.
///
///     Client::open({.endpoints = {"cache:6379"}, .deadline = 500ms, .limiter = limiter_options{.limit = 100}})
///
/// Everything is checked when the client is built; a wrong value fails there with its name and range.
struct options {
    /// Where the server is: "host:port", "host" (port 6379), "[v6]:port", "[v6]", or "unix:/absolute/path".
    /// Exactly one, a standalone server. Default: the server's own default address.
    std::vector<std::string> endpoints = {"127.0.0.1:6379"};

    /// User name for AUTH; no white space and no NUL, as the server demands, and at most 16,384 bytes (what it accepts
    /// from a client that is not logged in). Default empty: the server's user `default`.
    std::string user{};

    /// Password for AUTH, any bytes, at most 16,384 (see `user`). Default empty: no AUTH, unless `user` is set.
    /// Never part of an error, a description or a log line.
    std::string password{};

    /// Number of the database, for SELECT. 0 to 2,147,483,647 (what the server can parse; it has 16 unless configured
    /// otherwise). Default 0: the one that needs no SELECT.
    std::int32_t database = 0;

    /// Name of the program, part of the name of each connection in CLIENT LIST. [A-Za-z0-9_.-], at most 64 bytes.
    /// Default empty: the name of the executable.
    std::string app{};

    /// Longest time for an operation, waiting and all attempts included. 1 ms to 24 h; 0: none. Default 3 s: survives
    /// the restart of a server, and ends before most people and load balancers give up. Blocking commands: their own
    /// time and 500 ms more.
    std::chrono::nanoseconds deadline = std::chrono::seconds(3);

    /// Longest time for one attempt, from its first step to its reply. 1 ms to 24 h; 0: none, and a hung server is then
    /// found by keepalive alone. Default 1 s: a thousand times a slow command, and leaves room for two more attempts
    /// before the deadline. The earlier of this and the deadline holds.
    std::chrono::nanoseconds attempt_timeout = std::chrono::seconds(1);

    connect_options connect{};
    pool_options pool{};

    /// The bound on concurrent operations; std::nullopt: no bound.
    std::optional<limiter_options> limiter = limiter_options{};

    /// The repetition of failed attempts; std::nullopt: none, and no waiting for a server to be ready either.
    std::optional<retry_options> retry = retry_options{};

    /// The circuit breaker; std::nullopt: calls of this client pass none.
    std::optional<breaker_options> breaker = breaker_options{};

    health_options health{};

    /// Commands of this client in flight on one node at once, replies owed; further ones wait in order. 1 to 1,000,000;
    /// 0 is refused. Default 8,192: more than any server answers within a tick, and a bound on what a hung one holds.
    std::uint32_t node_limit = 8192;

    reconnect_options reconnect{};

    /// What an operation does while its node has no connection: `wait` or `fail`. Default `wait`: a restart of the
    /// server shows as latency, not as errors.
    enum when_disconnected when_disconnected = when_disconnected::wait;

    /// What the server may make this process hold for one reply.
    reply_limits replies{};

    /// Ceiling of bytes that one connection holds unsent; a larger command alone is admitted into an empty buffer.
    /// In bytes, 4 KiB to 1 GiB; 0 is refused. Default 1 MiB: thousands of small commands, a few milliseconds of a
    /// gigabit line; beyond it more waiting bytes are only more waiting time.
    std::size_t output_bytes_max = std::size_t{1} << 20;

    /// Ceiling of the bytes of all commands that wait for their turn in this client: for a permit of the limiter, or of
    /// `node_limit`. A call that would have to wait beyond it is rejected at once (`errc::limiter_full`, not applied);
    /// one that need not wait never is, and a larger command alone may wait. In bytes, 64 KiB to 1 TiB; 0: no ceiling,
    /// `limiter.queue_max` alone bounds the line. Default 64 MiB: 4 KiB for each of the default's 16,384 places, and
    /// what a process can spare while its server is slow.
    std::size_t queue_bytes_max = std::size_t{64} << 20;

    /// Stack of the client's I/O thread, thread-local storage included; where that takes more than half of it, as much
    /// is added. Completion handlers without an executor of their own, the listener and log lines run on this thread.
    /// In bytes, 128 KiB to 1 GiB; 0: the system's default (`ulimit -s`, mostly 8 MiB). Default 256 KiB: the library
    /// itself uses less than a tenth; raise it for handlers with deep recursion or large arrays.
    std::size_t io_stack_bytes = std::size_t{256} << 10;

    /// Who reads the replies to blocking calls. Default `caller`: a wake-up less for each. `io_thread` for programs
    /// whose calling threads run at a low priority or may be stopped at any time: while such a thread reads, others
    /// wait for it. Replies to asynchronous operations are the I/O thread's in any case, as long as some are owed.
    enum read_by read_by = read_by::caller;

    /// How long a thread that reads waits awake for the next reply before it sleeps, as long as that pays: when replies
    /// stop coming in time, it stops by itself, and with one processor it never begins. 1 us to 100 us; 0: never.
    /// Default 30 us: some replies of a server nearby; a thread's calls one after the other become two to four times as
    /// fast where processors are slow to wake, at the price of up to one processor while such calls are made.
    std::chrono::nanoseconds spin = std::chrono::microseconds(30);

    /// Hears of changes: breaker, health, connection (<redoubt/listener.hpp> has the contract). Default null: nobody
    /// does. Only here, neither in a URL nor in the environment, and no part of `target_key`: of a shared_client() the
    /// listener of whoever opened it hears.
    std::shared_ptr<Listener> listener{};

    /// Options from "redis://user:password@host:port/database?deadline=500ms&limit=100" or
    /// "redis+unix://user:password@/path?db=2". "redis://" alone is the default address. docs/options.md lists the
    /// parameters. User, password, host, path and values are percent-decoded. The text of an error names the wrong part
    /// and never repeats what may hold credentials. The result is checked (see `validate`).
    static result<options> from_url(std::string_view url);

    /// Replaces what the environment sets: REDOUBT_URL (else REDIS_URL), then one variable for each common field, such
    /// as REDOUBT_DEADLINE; docs/options.md lists them. A URL replaces endpoint, user, password and database together,
    /// so that no server is sent the password of another. An empty variable counts as unset.
    /// On failure nothing is changed; the text names the variable. The result is checked (see `validate`).
    /// Thread safety: no other thread may change the environment meanwhile.
    result<void> overlay_env();
};

/// Checks every field; the text of `errc::invalid_option` names field, value and legal range
/// ("limiter.limit: 0 is outside 1..1000000"). Called when a client is built.
result<void> validate(const options&);

/// An endpoint taken apart.
struct endpoint {
    enum class kind : std::uint8_t { tcp, unix_socket };

    enum kind kind = kind::tcp;
    std::string host{};  ///< Name or address, an IPv6 address without brackets; empty for a unix socket.
    std::uint16_t port = 6379;
    std::string path{};  ///< Absolute path of the unix socket; else empty.

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Takes "host:port", "host", "[v6]:port", "[v6]" or "unix:/path" apart. Host names come out in lower case, IPv6
/// addresses in their shortest form, so that equal endpoints compare equal.
result<endpoint> parse_endpoint(std::string_view text);

/// The endpoint as `options::endpoints` has it: "a:6379", "[::1]:6379", "unix:/path".
std::string to_string(const endpoint&);

/// The endpoint as errors, events and statistics name it, never with credentials: "redis://a:6379",
/// "redis+unix:///path". Characters that a URL cannot hold are percent-encoded.
std::string node_name(const endpoint&);

/// Identifies what a client talks to and as whom: endpoints, user, database and a hash of the password. Two options
/// with the same key may share connections. The hash is keyed with a secret of the process: a key means nothing in
/// another one, and a password cannot be guessed from it.
/// Preconditions: `validate` accepts the options.
std::string target_key(const options&);

/// All options as lines "name = value", the password as "(set)" or "(empty)": for start-up logs.
std::string describe(const options&);

}  // namespace redoubt
