// A connection of one's own behind a handle that many threads share: what a dedicated client runs its calls on.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <redoubt/result.hpp>
#include <string>

#include "core/connection/connection.hpp"
#include "core/pool/lease_source.hpp"
#include "core/stack/blocking_operation.hpp"
#include "core/stack/layer.hpp"
#include "core/stack/reactor.hpp"
#include "core/stack/waiting_line.hpp"

namespace redoubt::core {

/// The layer of a dedicated client. It has no connection until the first operation, and gets a new one when that is
/// lost; meanwhile operations wait here, in order. Once a command that changes the connection's state was handed to a
/// connection, its loss is the end: a new connection would not have that state.
///
///   state     | start()                                | the connection is lost
///   ----------+----------------------------------------+--------------------------------------------------
///   without   | waits; a connection is asked for       | -
///   with      | goes to the connection; waits while    | without, or stranded when its state had been changed;
///             | that is full or others wait            | found out by the next operation. One whose server has
///             |                                        | changed (READONLY, NOAUTH) is left as if it were lost,
///             |                                        | once nothing is owed, if its state was not changed
///   stranded  | fails: connection_lost                 | -
///   ended     | fails: closed                          | -
///
/// The connection is given back when nobody can touch it any more: neither the line nor a blocking caller.
/// Thread safe; asynchronous operations are started on the I/O thread.
class DedicatedLine final : public Decorator, public std::enable_shared_from_this<DedicatedLine> {
    struct borrowed;

public:
    /// A blocking call on a line. Whatever connection it is on lives until the caller has let go.
    class Call final : public BlockingOperation {
    public:
        using BlockingOperation::BlockingOperation;

    private:
        friend class DedicatedLine;
        std::shared_ptr<const borrowed> keeps_;
    };

    DedicatedLine(Reactor& reactor, std::unique_ptr<LeaseSource> source);

    /// Sets the operation's limits of time. A command that waits on the server has its own time and 500 ms, which begin
    /// when it is sent, unless the caller gave a deadline; `until_ns` then limits only the wait for a connection.
    static void set_times(Operation& op, bool deadline_given, std::int64_t until_ns) noexcept;

    /// One operation will start: from now on it is under way, and the line lives until it is over.
    void expect() noexcept;
    /// Preconditions: expect() and set_times() were called; a blocking operation is a Call.
    void start(Operation& op) noexcept override;
    bool cancel(Operation& op, errc reason) noexcept override;
    void completed(Operation& op, std::array<std::uint64_t, 2> kept) noexcept override;
    std::string describe() const override { return "dedicated[" + source_->node() + "]"; }

    /// No new operations; waits for those under way, no longer than `until_ns`, then end(). False: some were ended.
    /// Not on the I/O thread.
    bool close(std::int64_t until_ns) noexcept;
    /// The client closes: no new operations; end() once nothing is under way.
    void finish() noexcept;
    /// Ends what is under way with `closed` and gives the connection back. Any thread.
    void end() noexcept;

    bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }
    bool idle() const noexcept;

private:
    struct borrowed {
        borrowed(LeaseSource& s, Connection& c) noexcept : source(s), connection(c) {}
        borrowed(const borrowed&) = delete;
        borrowed& operator=(const borrowed&) = delete;
        ~borrowed() { source.give_back(connection, state_commands != 0 || to_be_left); }

        LeaseSource& source;
        Connection& connection;
        std::uint32_t state_commands = 0;  // under the line's lock: handed to it
        bool to_be_left = false;           // under the line's lock: its server has changed
    };
    using connection_ptr = std::shared_ptr<borrowed>;

    std::optional<error> refusal_locked() const noexcept;
    void check_connection_locked(connection_ptr& gone) noexcept;
    connection_ptr carrier_locked(const Operation& op) const noexcept;
    bool submit(Operation& op, const connection_ptr& on) noexcept;
    void wait(Operation& op) noexcept;
    void look_soon() noexcept;
    void look() noexcept;
    bool drain() noexcept;
    void fail_waiting(const error& why) noexcept;
    void manage_request() noexcept;
    void on_taken(const result<Connection*>& taken) noexcept;
    void give_name(const connection_ptr& to) noexcept;
    void act_on_answer(const error& why) noexcept;
    void ended_one() noexcept;
    error line_error(errc code, phase p, std::string text = {}) const noexcept;

    Reactor& reactor_;
    const std::unique_ptr<LeaseSource> source_;
    std::atomic<bool> closed_{false};  // no new operations

    mutable std::mutex lock_;
    std::condition_variable changed_;  // nothing is under way any more
    connection_ptr connection_;        // under lock_, as all that follows
    WaitingLine waiting_;
    std::uint64_t under_way_ = 0;          // operations, those that wait included
    std::shared_ptr<DedicatedLine> self_;  // ended, while operations are under way
    std::int64_t leave_again_ns_ = 0;      // no connection is left before, because of an answer
    bool stranded_ = false;                // the connection was lost with state on it
    bool finishing_ = false;
    bool ended_ = false;
    bool looking_ = false;  // look() will run

    bool requested_ = false;  // I/O thread: a connection
};

}  // namespace redoubt::core
