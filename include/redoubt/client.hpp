// The client: a handle to a process's connections to one target. Blocking calls; for asynchronous ones add async.hpp.
#pragma once

#include <memory>
#include <redoubt/call_options.hpp>
#include <redoubt/codec.hpp>
#include <redoubt/codec_containers.hpp>
#include <redoubt/command.hpp>
#include <redoubt/commands.hpp>
#include <redoubt/options.hpp>
#include <redoubt/reply.hpp>
#include <redoubt/result.hpp>
#include <redoubt/stats.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace redoubt {

class Client;
class Lease;
class Subscriber;
struct subscribe_options;

namespace core {
class Connection;
}

namespace detail {

class client_handle;

bool run(client_handle* handle, const command_base& command, const call_options& call, reply& value,
         error& failure) noexcept;

client_handle* handle_of(const Client& client) noexcept;

/// The command ran, but its reply does not read as the type asked for.
error reading_failed(error why) noexcept;

template <class R> result<R> read_outcome(const Command<R>& command, bool succeeded, reply& value, error& failure) {
    if (!succeeded) return std::move(failure);
    result<R> r = command.read(std::move(value));
    if (!r) return reading_failed(r.error());
    return r;
}

/// Defined in <redoubt/async.hpp>. An error that names this type says that the header is missing.
template <class R> struct include_redoubt_async_hpp;

}  // namespace detail

/// Commands as member functions (`client.get("k")`, see <redoubt/commands.hpp>), any other through run().
///
/// A handle: copies share the connections, the limiter and the I/O thread behind them, which end when the last copy
/// is gone. Copying costs an atomic increment. A default constructed or moved-from handle answers `closed`.
///
/// Thread safety: all const members may be called from any thread at the same time, on one handle or on copies.
/// Blocking calls must not be made on the client's own I/O thread (in a completion handler that runs there): they
/// answer `would_deadlock`. They return by their deadline; what that means for the command is in `error::fate()`.
class Client : public commands<Client, result> {
public:
    Client() noexcept = default;

    /// Checks the options, starts the I/O thread and begins to connect; does not wait for it. A server that is not
    /// there is no error here: calls wait for it, as long as their deadline allows (see ready()).
    /// Errors: `invalid_option`, naming field, value and range.
    static result<Client> open(const options& o);
    /// The same from a URL: `redis://user:password@host:port/db?deadline=500ms`, `redis+unix:///path?db=2`.
    static result<Client> open(std::string_view url);

    /// A handle to the same client whose calls differ in these options. In hot loops keep it.
    Client with(const call_options& call) const;

    /// Runs a command and waits for its outcome.
    template <class R> result<R> run(const Command<R>& command) const {
        reply value;
        error failure;
        const bool succeeded = detail::run(handle_.get(), command, call_, value, failure);
        return detail::read_outcome(command, succeeded, value, failure);
    }

    /// Runs a command and completes a token with `void(result<R>)`: a callback, asio::use_future, asio::use_awaitable,
    /// asio::deferred ... Needs <redoubt/async.hpp>, which has the contract.
    template <class R, class Token> auto async_run(Command<R> command, Token&& token) const {
        return detail::include_redoubt_async_hpp<R>::start(*this, std::move(command), std::forward<Token>(token));
    }

    /// An exclusive connection, given back by the destructor of the lease. Waits in order of arrival until one is free
    /// within `pool.connections_max`, no longer than the deadline.
    result<Lease> lease() const;

    /// Listens to channels and patterns on a connection of its own, within `pool.connections_max`. Returns when the
    /// server has confirmed all of them, by the deadline (default: the client's); at once when there are none to begin
    /// with. Needs <redoubt/pubsub/subscriber.hpp>, which says what is guaranteed. Errors: `invalid_option`, naming the
    /// field; the server's refusal of a name, such as `no_perm`; `deadline_exceeded`. Then nothing is left of it.
    result<Subscriber> subscribe(const subscribe_options& o) const;

    /// A client whose calls run on a connection of its own, outside the shared one: for what changes the state of its
    /// connection or waits on the server, from any thread or asynchronously, without holding a lease. Same commands.
    /// Returns at once; the connection is taken with the first call, which waits for one like lease(): in order of
    /// arrival, within `pool.connections_max`, no longer than its deadline.
    ///
    /// Calls: pipelined on that connection in the order in which they are made; what several threads send interleaves
    ///   (a MULTI of one takes in the commands of another). As on a lease there is no limiter, no breaker, no attempt
    ///   timeout, and nothing is repeated. A command that waits on the server has its own time plus 500 ms from when it
    ///   is sent, or none when it waits for ever, unless a deadline is given. It makes those behind it wait too.
    /// Allowed: everything a lease allows. CLIENT REPLY, MONITOR and SYNC are refused here too.
    /// Loss: what was sent fails as everywhere. The next call takes a new connection by itself, as long as no command
    ///   that changes the state (SELECT, WATCH, MULTI, SUBSCRIBE ...) was ever run on the lost one. After one, every
    ///   later call fails with `connection_lost`, not_applied: make a new dedicated client and set it up again. It
    ///   never continues silently in another database, or without its WATCH. A connection that is lost while nobody
    ///   calls keeps its place in the budget until the next call.
    /// Copies share the connection. When the last one is gone, on any thread and in a handler too, what is under way
    ///   ends with `closed` and the connection goes back to the pool; or it is closed, when its state was changed, it
    ///   broke, or is owed a reply.
    /// close(): ends the dedicated client alone, for all its copies; waits for what is under way as a client does.
    ///   Close the client it came from to end that, which ends its dedicated ones too; each of them keeps it alive.
    /// stats(): those of the client it came from, its connection among the leases in use; `closed` is its own. ready(),
    ///   lease() and dedicated() are those of that client.
    /// Errors: `closed`, `forked`, and `invalid_option` when `pool.connections_max` is 1.
    result<Client> dedicated() const;

    /// Waits until the server answers. By the deadline (default: the client's) it fails with what stands in the way;
    /// earlier when waiting cannot help, as with wrong credentials.
    result<void> ready(call_deadline deadline = {}) const;

    /// Takes no new operations, lets those under way finish until the deadline (default: the client's), ends the rest
    /// with `closed`, closes all connections and the I/O thread. For all handles of this client. When it has returned,
    /// no handler runs on the I/O thread any more.
    /// Errors: `deadline_exceeded` when operations had to be ended; `would_deadlock` on the I/O thread.
    result<void> close(call_deadline deadline = {}) const;

    /// The layers in order, e.g. `deadline(3s) > limiter(1024) > retry(3) > attempt(1s) > connection[redis://a:6379]`.
    std::string describe() const;
    /// Figures of this moment; each is right, together they need not fit.
    client_stats stats() const;

    /// For the command members.
    template <class R> result<R> make(Command<R>&& command) const { return run(command); }

private:
    friend class Lease;
    friend detail::client_handle* detail::handle_of(const Client&) noexcept;
    template <class R> friend struct detail::include_redoubt_async_hpp;
    explicit Client(std::shared_ptr<detail::client_handle> handle) noexcept : handle_(std::move(handle)) {}

    std::shared_ptr<detail::client_handle> handle_;
    call_options call_;
};

/// A connection for one user alone, for commands that change the state of their connection or wait on the server
/// (MULTI, WATCH, SELECT, BLPOP). Same commands as the client. A connection whose state was changed, that broke, or
/// that is owed a reply is closed when it is given back; any other serves the next lease.
///
/// Deadlines as for the client, except that a command that waits on the server (BLPOP, XREAD BLOCK) has its own time
/// plus 500 ms, or none when it waits for ever, unless `with` gives one.
/// Thread safety: one thread at a time. Lifetimes: may outlive the client's other handles.
class Lease : public commands<Lease, result> {
public:
    Lease() noexcept = default;
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { give_back(); }

    template <class R> result<R> run(const Command<R>& command) {
        reply value;
        error failure;
        const bool succeeded = run_erased(command, value, failure);
        return detail::read_outcome(command, succeeded, value, failure);
    }

    /// Changes the call options of the calls that follow.
    void with(const call_options& call) noexcept { call_ = call; }
    /// Gives the connection back now; later calls answer `closed`.
    void give_back() noexcept;

    template <class R> result<R> make(Command<R>&& command) const { return const_cast<Lease*>(this)->run(command); }

private:
    friend class Client;
    bool run_erased(const command_base& command, reply& value, error& failure) noexcept;

    std::shared_ptr<detail::client_handle> handle_;
    core::Connection* connection_ = nullptr;
    call_options call_;
    bool state_changed_ = false;
};

/// The process-wide client of a target: opened by the first call, the same connections for everyone who asks with the
/// same target. It lives until the process ends, or close().
/// Without arguments the target comes from the environment (REDOUBT_URL, see docs/options.md).
/// Options of later calls for the same target have no effect.
result<Client> shared_client();
result<Client> shared_client(const options& o);

}  // namespace redoubt
