// The shared state of one connection: the FIFO of commands that are owed a reply, the buffers, and the two roles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <redoubt/error.hpp>
#include <string_view>

#include "core/connection/out_buffer.hpp"
#include "core/connection/ring.hpp"
#include "core/stack/operation.hpp"

namespace redoubt::core {

/// Pure: no socket, no clock, no lock. Its owner calls everything here under one lock, and does the I/O outside it.
///
/// Two roles, each with at most one holder: the *writer* sends, the *reader* receives and decodes. A role is released,
/// or handed on, in the critical section that checks whether it is still needed. So in state `up` a byte unsent means
/// that somebody is the writer, and a pending command that somebody is the reader.
///
///   reader    means                                             left by
///   none      nothing is pending; only a hang-up is noticed     summon_reader(), watch()
///   watch     the I/O thread waits for bytes                    begin_reading(); summon_reader(), when nothing else is
///                                                               pending; hand_to_caller()
///   reactor   the I/O thread reads                              end_reading()
///   caller    the leader's thread reads, or is on its way       hand_on(), release_reader()
///
///   state     entered by                     accepts commands   left by
///   down      sweep over; the beginning      no                 open()
///   up        open()                         yes                fail()
///   failing   fail()                         no                 the release of the last role
///   sweeping  the last role was released     no                 sweep_next() found nothing left
class Multiplexer {
public:
    enum class state : std::uint8_t { down, up, failing, sweeping };
    enum class holder : std::uint8_t { none, caller, reactor, watch };
    enum class admission : std::uint8_t {
        accepted,
        not_up,  // another connection, or wait for this one
        full,    // the unsent bytes have reached the ceiling
    };
    enum class duty : bool { none, sweep };  // what falls to whoever caused a step

    /// `owner` is what its operations name as their holder.
    /// `callers_may_lead`: otherwise only the I/O thread reads.
    Multiplexer(Layer& owner, std::size_t unsent_bytes_max, bool callers_may_lead = true) noexcept
        : owner_(&owner), unsent_max_(unsent_bytes_max), callers_may_lead_(callers_may_lead) {}

    // -- submitting --
    /// Appends the operation's bytes and its slot. A single command above the ceiling is admitted when nothing else
    /// is unsent.
    admission append(Operation& op);
    /// Appends bytes that no reply is awaited for by a slot: on a connection whose replies come unasked (pub/sub),
    /// which carries no operations.
    admission append_unanswered(std::string_view bytes);
    /// Who reads the reply of the operation that was just appended?
    enum class summons : std::uint8_t {
        none,    // somebody reads already
        leader,  // the operation's thread; leader() names it
        watch,   // the I/O thread, which has to be told to wait for bytes
    };
    /// `may_take`: the token may be taken from an I/O thread that waits in vain.
    summons summon_reader(Operation& op, bool may_take) noexcept;
    /// Takes the writer role if it is free and there is something to write.
    bool take_writer(holder who) noexcept;

    // -- writing; for the holder of the writer role --
    /// What to send next. Empty: nothing is left, or the connection failed; release the role in this very section.
    std::string_view next_to_send() noexcept;
    void sent(std::size_t bytes) noexcept;
    /// The role goes on to the I/O thread, because the socket takes no more at present.
    void park_writer() noexcept { writer_ = holder::reactor; }
    duty release_writer() noexcept;

    // -- reading; for the holder of the reader role --
    /// The I/O thread was woken. False: it is not the reader.
    bool begin_reading() noexcept;
    /// It has read what there was, and waits again.
    void end_reading() noexcept { reader_ = holder::watch; }
    /// Nothing is pending, or nobody but it can read: the I/O thread waits for bytes. False: somebody else reads.
    bool watch() noexcept;
    /// The I/O thread waits no more for bytes if the oldest command is one whose caller can read, and no command's is
    /// that cannot. True: that one's operation is the leader now.
    bool hand_to_caller() noexcept;
    /// The leader goes: the oldest command's caller follows, or the I/O thread, which has to be told (`watch`), or
    /// nobody. Preconditions: up.
    summons hand_on() noexcept;
    /// The operation whose thread reads, or has been called to; null unless the reader is a caller.
    Operation* leader() const noexcept { return leader_; }
    bool leads(const Operation& op) const noexcept { return leader_ == &op; }
    /// Takes the oldest commands, at most n, for their replies: out[i] is null where the caller has left. Fewer than n
    /// means that the server sent a reply nobody asked for.
    std::size_t take(Operation** out, std::size_t n) noexcept;
    duty release_reader() noexcept;
    /// Only the I/O thread reads from now on; nothing is pending, and it is the reader.
    void keep_readers_out(bool out) noexcept { callers_may_lead_ = !out; }

    // -- leaving before the reply --
    enum class departure : std::uint8_t {
        unknown_operation,  // not here (any more): its outcome is on its way
        not_applied,        // cut out of the buffer, it will never be sent
        abandoned,          // its bytes are with the writer or the server; the reply will be dropped
    };
    departure leave(Operation& op) noexcept;

    // -- life --
    /// Gives back the memory of what is empty.
    void trim() noexcept;
    void open() noexcept;
    /// The connection is over. `sweep`: both roles are free, the caller sweeps.
    duty fail() noexcept;
    struct leftover {
        Operation* op = nullptr;  // null: no more
        fate outcome = fate::not_applied;
    };
    /// Takes the next operation that will never be answered; abandoned ones are dropped on the way.
    leftover sweep_next() noexcept;

    state current() const noexcept { return state_; }
    std::size_t in_flight() const noexcept { return in_flight_.size() + filling_slots_.size(); }
    /// A command was handed to the writer: the server may know of it.
    bool replies_owed() const noexcept { return !in_flight_.empty(); }
    std::size_t unsent_bytes() const noexcept { return filling_.size() + sending_.size(); }
    holder writer() const noexcept { return writer_; }
    holder reader() const noexcept { return reader_; }
    /// Commands collected and not yet handed to the writer.
    std::size_t collected() const noexcept { return filling_slots_.size(); }

private:
    struct slot {
        Operation* op = nullptr;  // null: abandoned, the reply is still owed
        std::size_t bytes = 0;
        bool leads = false;  // its caller can read
    };
    duty sweep_if_free() noexcept;
    Operation* next_leader() noexcept;
    bool make_leader(Operation* op) noexcept;
    void forget_slot(const slot& s) noexcept;

    Layer* owner_;
    std::size_t unsent_max_;
    OutBuffer filling_;           // commands being collected,
    Ring<slot> filling_slots_;    // and their slots
    OutBuffer sending_;           // the writer's; never cut
    Ring<slot> in_flight_;        // slots whose bytes were handed to the writer
    std::uint64_t written_ = 0;   // bytes accepted by the socket since open()
    std::uint64_t answered_ = 0;  // bytes of the slots taken since open(): where the head of in_flight_ begins
    state state_ = state::down;
    holder writer_ = holder::none;
    holder reader_ = holder::none;
    bool callers_may_lead_;
    Operation* leader_ = nullptr;
    std::size_t waiting_for_reactor_ = 0;  // pending commands whose caller cannot read
};

}  // namespace redoubt::core
