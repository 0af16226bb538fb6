// One call of a user on its way through the layers: command, limits of time, who holds it, how it ended.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <redoubt/command.hpp>
#include <redoubt/error.hpp>
#include <redoubt/reply.hpp>
#include <utility>

#include "core/stack/clock.hpp"
#include "resilience/limiter.hpp"
#include "resilience/timer_wheel.hpp"

namespace redoubt::core {

class Layer;
class Decorator;
class Operation;
class Reactor;

/// A connection whose replies a calling thread may read: the thread that holds its reader token.
class ReaderSeat {
public:
    /// Reads, and completes whatever is answered, until `own` is no longer pending there; then hands the token on.
    /// Called on own's thread, which has been given the token.
    virtual void lead(Operation& own) noexcept = 0;

protected:
    ~ReaderSeat() = default;
};

/// An operation is started once, completed exactly once, and belongs to its caller. While it is under way one layer at
/// a time may hold it (a waiting line, a connection); `holder` names that layer and changes under that layer's lock.
///
/// Asynchronous operations are touched on the I/O thread only. Blocking ones go forward on whichever thread moves them
/// (their caller's, one that hands a permit over, the I/O thread) while the caller sleeps in `BlockingOperation`.
class Operation : public resilience::limiter_waiter, public resilience::timer_node {
public:
    enum class origin : std::uint8_t { blocking, asynchronous };
    static constexpr std::size_t frames_max = 8;  // layers of the stack that want to see the outcome

    Operation(Reactor& home, origin from, bool leads = false) noexcept
        : reactor(&home), may_lead_(leads), from_(from) {}
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    bool asynchronous() const noexcept { return from_ == origin::asynchronous; }
    /// Its thread is able to read replies while it waits.
    bool may_lead() const noexcept { return may_lead_; }
    /// Gives its thread the reader token of `seat`. What is returned is to be woken; null: it is awake. The operation
    /// is pending there, and stays so until its thread has come. Preconditions: may_lead().
    virtual std::atomic<std::uint32_t>* give_token(ReaderSeat& /*seat*/) noexcept { return nullptr; }
    /// Takes back what give_token() gave. Its own thread, which has not begun to read.
    virtual void take_token() noexcept {}

    /// Goes on with `layer.start(*this)`: at once, or on the I/O thread when the operation is tied to it.
    void proceed(Layer& layer) noexcept;

    /// The outcome, then the way back up through the layers. Exactly one of them, exactly once.
    void succeed(reply&& value) noexcept {
        reply_ = std::move(value);
        failed_ = false;  // of an attempt before
        complete();
    }
    void fail(error why) noexcept {
        failure_ = std::move(why);
        failed_ = true;
        complete();
    }
    /// Takes the outcome on to the layer above; called by decorators when they have seen it.
    void complete() noexcept;

    bool failed() const noexcept { return failed_; }
    error& failure() noexcept { return failure_; }
    reply& value() noexcept { return reply_; }

    /// The point in time at which somebody has to take the operation back, as known now.
    std::int64_t expires_ns() const noexcept {
        const auto attempt = attempt_deadline_ns.load(std::memory_order_relaxed);
        return attempt < deadline_ns ? attempt : deadline_ns;
    }
    /// An attempt begins: its time runs from now on.
    void begin_attempt(std::int64_t now_ns) noexcept {
        if (attempt_timeout_ns == 0) return;
        attempt_deadline_ns.store(later_ns(now_ns, attempt_timeout_ns), std::memory_order_relaxed);
        watch_again();
    }
    /// The attempt waits for something that is not its own doing (a connection): its time stands still.
    void suspend_attempt() noexcept {
        if (attempt_timeout_ns == 0) return;
        attempt_deadline_ns.store(never_ns, std::memory_order_relaxed);
        watch_again();
    }
    /// Nothing is under way before `until_ns`. Then expire() tells the holder so, by cancel(attempt_timeout), unless
    /// the deadline comes first. To be called before the holder is named: whoever may end the operation may destroy it.
    void pause_until(std::int64_t until_ns) noexcept {
        attempt_deadline_ns.store(until_ns, std::memory_order_relaxed);
        watch_again();
        look_again();
    }
    /// The pause is over, or was given up.
    void end_pause() noexcept {
        attempt_deadline_ns.store(never_ns, std::memory_order_relaxed);
        watch_again();
    }
    /// Takes the operation back from whoever holds it, if its time is over. False: not yet over, or nobody holds it at
    /// this moment (it is being handed on): ask again shortly.
    bool expire(std::int64_t now_ns) noexcept;
    /// Takes the operation back for another reason.
    bool cancel(errc reason) noexcept;

    const command_base* command = nullptr;
    Reactor* reactor;
    std::int64_t deadline_ns = never_ns;
    std::atomic<std::int64_t> attempt_deadline_ns{never_ns};  // read by a sleeping caller
    std::int64_t attempt_timeout_ns = 0;                      // 0: only the deadline limits an attempt
    std::int64_t started_ns = 0;                              // the last clock reading that concerned it
    std::atomic<Layer*> holder{nullptr};
    Operation* line_next = nullptr;  // in the one line that holds it
    Operation* line_previous = nullptr;
    std::uint16_t attempts = 0;
    std::uint8_t attempts_max = 0;  // by the caller; 0: as the client has it
    bool idempotent = false;        // the caller says that it may run twice
    bool let_in = false;            // it was under way before: nobody turns it away for want of room any more
    bool deadline_set = false;      // by the caller, also when it is "never"

protected:
    /// Sets a failure as the outcome without moving on.
    void set_failure(error&& why) noexcept {
        failure_ = std::move(why);
        failed_ = true;
    }
    virtual ~Operation() = default;
    /// The outcome has passed every layer. Asynchronous operations: on the I/O thread.
    virtual void finished() noexcept = 0;
    /// Its time to be taken back has come nearer, and whoever sleeps until then has to know. Never together with
    /// finished().
    virtual void look_again() noexcept {}

private:
    friend class Decorator;
    friend class Reactor;
    struct frame {
        Decorator* layer;
        std::array<std::uint64_t, 2> kept;
    };

    void watch_again() noexcept;

    Layer* resume_at_ = nullptr;  // for the I/O thread: where to go on; null: complete
    std::uint8_t depth_ = 0;
    bool failed_ = false;
    bool may_lead_;
    origin from_;
    std::array<frame, frames_max> frames_;  // hardly more than three are used: the rest stays out of the cache
    error failure_;
    reply reply_;
};

}  // namespace redoubt::core
