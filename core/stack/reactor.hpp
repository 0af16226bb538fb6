// The I/O thread of a client: its event loop, its clock, its timers, and what is put off to the end of a dispatch.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/stack/burst.hpp"
#include "core/stack/clock.hpp"
#include "core/stack/operation.hpp"
#include "core/stack/poller.hpp"
#include "core/stack/yield_guard.hpp"
#include "resilience/timer_wheel.hpp"

namespace boost::asio {
class io_context;
}

namespace redoubt::core {

/// Something that wants to be looked at now and then.
class Visited {
public:
    /// False: not again, until it asks. I/O thread, in a dispatch.
    virtual bool visit() noexcept = 0;

protected:
    ~Visited() = default;
};

class Reactor {
public:
    Reactor();
    ~Reactor();  // the loop must have ended
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    /// Runs the event loop on the calling thread until stop().
    /// `thrown` is called when a handler of the user has thrown, inside the catch clause.
    void run(const std::function<void()>& thrown = {}) noexcept;
    /// Ends run() once what is queued now has been handled. Any thread.
    void stop() noexcept;

    boost::asio::io_context& context() noexcept;
    Poller& poller() noexcept { return poller_; }
    bool on_thread() const noexcept { return current_ == this; }
    /// True on the I/O thread of any client of this process.
    static bool on_any_thread() noexcept { return current_ != nullptr; }

    /// The time as read at the beginning of this dispatch on the I/O thread; elsewhere the clock itself.
    std::int64_t now_ns() const noexcept { return on_thread() && depth_ != 0 ? now_ns_ : steady_now_ns(); }

    /// Hands an asynchronous operation over to the I/O thread, where it goes on (or completes). Any thread; one wake
    /// of the loop for a whole batch.
    void resume(Operation& op) noexcept;
    bool inbox_empty() const noexcept { return inbox_.load(std::memory_order_acquire) == nullptr; }
    /// Runs a function on the I/O thread. Any thread. For rare events only: allocates.
    void post(std::function<void()> f);

    /// The operation expires at op.expires_ns(), whoever holds it then. I/O thread only.
    void watch(Operation& op) noexcept;
    void unwatch(Operation& op) noexcept { wheel_.remove(op); }

    /// Flushes at the end of this dispatch, or as soon as possible when none is under way. I/O thread only.
    void flush_later(Flushable& f) noexcept;
    /// Takes back a flush that may be due: the object goes away.
    void forget(Flushable& f) noexcept;
    /// Wakes the thread that sleeps on the word: at the end of this dispatch or burst, or at once. Any thread.
    void wake(std::atomic<std::uint32_t>& word) noexcept;
    /// Visits it every visit_interval from now on, until it wants no more. I/O thread only; forget() ends it too.
    void visit_later(Visited& v) noexcept;
    void forget(const Visited& v) noexcept { std::erase(visited_, &v); }
    static constexpr auto visit_interval = std::chrono::milliseconds(100);
    bool in_dispatch() const noexcept { return on_thread() && depth_ != 0; }

    /// A dispatch: everything that happens while one lives is flushed when it ends.
    class Dispatch {
    public:
        explicit Dispatch(Reactor& r) noexcept : reactor_(r) {
            if (reactor_.depth_++ == 0) reactor_.now_ns_ = steady_now_ns();
        }
        ~Dispatch() {
            if (reactor_.depth_ == 1) reactor_.settle();
            --reactor_.depth_;
        }
        Dispatch(const Dispatch&) = delete;
        Dispatch& operator=(const Dispatch&) = delete;

    private:
        Reactor& reactor_;
    };
    void refresh_now() noexcept { now_ns_ = steady_now_ns(); }

    /// For the calling threads of this client.
    YieldGuard& yield_guard() noexcept { return yield_guard_; }

    /// How many connections this thread serves: with one alone it may wait awake for its replies. I/O thread only.
    void connection_opened() noexcept { ++connections_; }
    void connection_closed() noexcept { --connections_; }
    bool alone() const noexcept { return connections_ == 1; }

    /// A buffer for one receive, shared by all connections of this thread.
    static constexpr std::size_t read_buffer_size = std::size_t{64} * 1024;
    char* read_buffer() noexcept { return read_buffer_.get(); }
    /// Replies decoded before their commands are looked up, shared likewise.
    static constexpr std::size_t reply_buffer_size = 64;
    reply* reply_buffer() noexcept { return reply_buffer_.get(); }

private:
    friend class ReactorTesting;
    struct Loop;
    void drain_inbox() noexcept;
    void settle() noexcept;
    void wait_ready() noexcept;
    bool room_for_a_wake() noexcept;
    void arm_tick() noexcept;
    void tick() noexcept;
    void arm_visits() noexcept;
    void visit_all() noexcept;

    static thread_local const Reactor* current_;

    std::unique_ptr<Loop> loop_;
    std::unique_ptr<char[]> read_buffer_;
    std::unique_ptr<reply[]> reply_buffer_;
    std::atomic<Operation*> inbox_{nullptr};
    resilience::TimerWheel wheel_{steady_now_ns()};
    Poller poller_;
    std::vector<Visited*> visited_;
    std::vector<Flushable*> flushes_;
    std::vector<std::atomic<std::uint32_t>*> wakes_;
    std::int64_t now_ns_ = 0;
    unsigned depth_ = 0;
    unsigned connections_ = 0;
    YieldGuard yield_guard_;
    bool tick_armed_ = false;
    bool visits_armed_ = false;
    bool flush_posted_ = false;
};

}  // namespace redoubt::core
