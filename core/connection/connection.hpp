// A multiplexed connection: callers write and read for one another, or the I/O thread does; every reply finds its
// command.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <redoubt/error.hpp>
#include <redoubt/options.hpp>
#include <string>

#include "core/connection/adaptive_spin.hpp"
#include "core/connection/multiplexer.hpp"
#include "core/connection/syscalls.hpp"
#include "core/protocol/decoder.hpp"
#include "core/stack/layer.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

struct connection_figures {
    std::uint64_t commands = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t sends = 0;
    std::uint64_t receives = 0;
    std::size_t in_flight = 0;
};

/// Drives a Multiplexer over a descriptor. The object is reused: down → up with adopt(), up → down by itself when the
/// connection fails, and the owner is told. It lives as long as its owner, and longer than the reactor's loop.
///
/// One thread at a time reads: that of a blocking call whose reply is owed (the *leader*, which hands the token on when
/// its own reply is there), or the I/O thread, as long as replies to asynchronous commands are owed and while nothing
/// happens. Who reads completes what is answered; asynchronous operations go on on the I/O thread.
///
/// Lock order: the owner's lock may be held when calling submit(); the listener is called without any lock. Under the
/// lock nothing waits; the only system calls there are shutdown() and the poller's change().
class Connection final : public Layer, private ReaderSeat, private Flushable, private Visited, private Poller::Watcher {
public:
    /// The owner's side. Called on the I/O thread, unless it says otherwise.
    class Listener {
    public:
        /// It is down, everything on it has been completed. `why` names the node and the cause.
        virtual void on_down(Connection& connection, const error& why) noexcept = 0;
        /// Commands were refused because the buffer was full; now there is room again.
        virtual void on_room(Connection& connection) noexcept = 0;
        /// A command's time was over after it had been sent. Told once, until expect_silence() asks to hear of it
        /// again.
        virtual void on_silence(Connection& /*connection*/, errc /*reason*/) noexcept {}
        /// The server answered a command, not a script, that it cannot serve it in its present state: READONLY, NOAUTH,
        /// DENIED, LOADING, BUSY, MASTERDOWN. On the thread that reads, before the operation hears of it.
        virtual void on_refusal(Connection& /*connection*/, errc /*code*/) noexcept {}

    protected:
        ~Listener() = default;
    };

    /// Who takes every reply of a connection that listens (pub/sub), whether asked for or not. I/O thread.
    class PushListener {
    public:
        virtual void on_push(reply&& value) noexcept = 0;
        /// Before the owner is told. The connection is not to be used any more, only given back.
        virtual void on_push_down(const error& why) noexcept = 0;

    protected:
        ~PushListener() = default;
    };

    struct settings {
        std::string node;  // for error texts: the endpoint as a URL without credentials
        reply_limits replies;
        std::size_t output_bytes_max = 0;
        std::chrono::nanoseconds spin{};  // how long to wait awake for the next reply; 0: not at all
        bool callers_lead = true;         // false: only the I/O thread reads
    };

    Connection(Reactor& reactor, Listener& listener, const settings& s, const syscalls& calls = syscalls::real());
    ~Connection() override;  // down

    using admission = Multiplexer::admission;
    /// Appends the command, and writes unless somebody else does. Anything but `accepted` leaves the operation as it
    /// was. Any thread.
    admission submit(Operation& op) noexcept;

    /// A Layer for operations that run on this connection alone: what it cannot take fails at once.
    void start(Operation& op) noexcept override;
    bool cancel(Operation& op, errc reason) noexcept override;
    std::string describe() const override { return "connection[" + node_ + "]"; }

    /// Takes a connected, greeted, non-blocking descriptor over. I/O thread; down.
    void adopt(int fd) noexcept;
    /// Ends the connection; what is on it completes with `why` and its own fate. Any thread; no effect when not up.
    void fail(error why) noexcept;

    /// From now on every reply goes to `to`, and no operation may be started here any more. Null: nobody listens any
    /// more, replies are dropped. I/O thread; nothing may be in flight.
    void listen(PushListener* to) noexcept;
    /// Sends a command whose answer the listener will see. False: not up, or the buffer is full. I/O thread.
    bool push(std::string_view bytes) noexcept;

    /// The same, if no reply is owed and nothing is unsent. False: it goes on.
    bool fail_if_idle(error why) noexcept;
    /// Receives so far: a figure that moves when the server says anything.
    std::uint64_t receives() const noexcept { return receives_.load(std::memory_order_relaxed); }
    /// When the last one was, or when it came up.
    std::int64_t last_receive_ns() const noexcept { return last_receive_ns_.load(std::memory_order_relaxed); }
    /// In on_down(): commands that had begun to leave were owed a reply when it failed.
    bool failed_with_replies_owed() const noexcept { return replies_owed_; }
    /// From now on on_silence() will be told again. I/O thread.
    void expect_silence() noexcept { silence_told_.store(false, std::memory_order_relaxed); }

    /// Up, nothing is owed or unsent, and nothing has come that nobody asked for: somebody else may have it. Any
    /// thread.
    bool settled() noexcept;

    bool up() const noexcept { return up_.load(std::memory_order_acquire); }
    std::size_t in_flight() const noexcept;
    connection_figures figures() const noexcept;
    const std::string& node() const noexcept { return node_; }
    /// An error that already names this node.
    error node_error(errc code, fate f, phase p) const noexcept {
        return error(code, f, p).with_details_of(node_details_);
    }

private:
    // Who is called when the token passes on; to be woken outside the lock. Null: nobody sleeps.
    using sleeper = std::atomic<std::uint32_t>*;
    struct scratch;       // where a reader receives and decodes to
    struct lead_scratch;  // the leader's

    void flush() noexcept override;
    bool visit() noexcept override;
    void on_ready(std::uint8_t what) noexcept override;
    void lead(Operation& own) noexcept override;

    sleeper summon_reader_locked(Operation& op) noexcept;
    sleeper call_leader_locked() noexcept;
    sleeper hand_on_locked(Multiplexer::duty& d) noexcept;
    bool nobody_reads_locked() const noexcept;
    void look_before_asking(bool half_a_reply) noexcept;
    void wake(sleeper s) noexcept;
    void set_interest_locked() noexcept;
    void visit_soon_locked() noexcept;

    bool room_again_locked() noexcept;
    void wait_for_company() noexcept;
    void write_out() noexcept;
    void wait_writable() noexcept;

    void on_readable() noexcept;
    bool receive() noexcept;
    bool spin_for_more() noexcept;
    bool await_bytes(const Operation& own, const scratch& s, ssize_t& n, int& err) noexcept;
    bool pending_here(const Operation& own) const noexcept;
    bool lead_on(const Operation& own) noexcept;
    bool take_in(ssize_t n, int err, const scratch& s, std::int64_t now_ns) noexcept;
    void drain(const scratch& s) noexcept;
    void drain_as_leader() noexcept;
    bool decode(const scratch& s) noexcept;
    bool deliver(const scratch& s, std::size_t n) noexcept;
    void answer(Operation& op, reply&& value) noexcept;

    Multiplexer::duty fail_locked(error&& why) noexcept;
    void act_on(Multiplexer::duty d) noexcept;
    void sweep() noexcept;
    void finish_down() noexcept;
    error system_error(errc code, int err) const noexcept;
    error unasked() const;

    static constexpr std::size_t batch_max = Reactor::reply_buffer_size;

    Reactor& reactor_;
    Listener& listener_;
    const syscalls& calls_;
    const std::string node_;
    const error node_details_;
    const std::size_t room_again_;
    const bool callers_lead_;

    mutable std::mutex lock_;
    Multiplexer mux_;                 // under lock_, as all up to the next blank line
    error cause_;                     // why it failed
    connection_figures figures_;      // commands, bytes_out, sends
    std::int64_t last_async_ns_ = 0;  // when a command was added whose caller cannot read
    std::uint64_t visited_at_ = 0;    // commands at the last visit
    std::uint8_t interest_ = 0;       // what the poller has been told
    bool writer_waits_ = false;       // for room in the socket
    bool end_reported_ = false;       // the poller tells of the end of the stream only once
    bool visits_ = false;             // has asked to be visited
    bool refused_ = false;            // somebody met a full buffer
    bool replies_owed_ = false;       // when it failed; then the I/O thread's

    int fd_ = -1;  // set and cleared while no role is held; shutdown() under lock_
    std::atomic<std::uint64_t> bytes_in_{0};
    std::atomic<std::uint64_t> receives_{0};
    std::atomic<std::int64_t> last_receive_ns_{0};
    std::atomic<bool> up_{false};
    std::atomic<bool> silence_told_{false};

    // the reader's
    Decoder decoder_;
    std::unique_ptr<lead_scratch>
        lead_scratch_;  // made by the first leader, given back when nothing happens for a while
    AdaptiveSpin lead_spin_;
    std::uint64_t replies_just_now_ = 0;
    bool listening_ = false;

    // I/O thread only
    AdaptiveSpin spin_;
    PushListener* push_listener_ = nullptr;
    std::size_t unflushed_ = 0;
    bool flush_due_ = false;
};

}  // namespace redoubt::core
