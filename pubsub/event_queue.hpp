// Where the events of a subscriber meet its readers: threads that wait, and handlers.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <redoubt/detail/next_waiter.hpp>
#include <redoubt/result.hpp>
#include <stop_token>

#include "core/stack/reactor.hpp"
#include "pubsub/event_buffer.hpp"

namespace redoubt::pubsub {

/// Outlives its subscriber as long as somebody waits in it. No foreign code is called under its lock.
class EventQueue : public std::enable_shared_from_this<EventQueue> {
public:
    EventQueue(core::Reactor& reactor, const subscribe_options& o)
        : reactor_(reactor), buffer_(o.buffer_messages, o.buffer_bytes, o.overflow) {}

    // -- the writer: the I/O thread --

    /// False: by the policy `close` this is the end.
    bool push(event&& e);
    void open_gap(gap&& g);
    void tell_gap();
    /// `closed` is the last event; later ones are ignored. Any thread. No effect the second time.
    void finish(const error& why);
    /// The I/O thread will end: completes those that wait, right here. After finish().
    void loop_ends();

    // -- the readers: any thread --

    using time_point = std::chrono::steady_clock::time_point;
    result<event> next(time_point until, const std::stop_token& stop);
    void start(const std::shared_ptr<detail::next_waiter>& waiter);
    void cancel(const std::shared_ptr<detail::next_waiter>& waiter);

    struct figures {
        std::size_t buffered = 0;
        std::size_t buffered_bytes = 0;
        std::uint64_t messages = 0;
        std::uint64_t dropped = 0;
    };
    figures stats() const;

private:
    bool served_locked() const noexcept { return finished_ || buffer_.ready(); }
    result<event> take_locked();
    void news_locked();
    void serve();

    core::Reactor& reactor_;  // not touched once the loop has ended
    mutable std::mutex lock_;
    std::condition_variable_any arrived_;
    EventBuffer buffer_;                                        // under lock_, as all below
    std::deque<std::shared_ptr<detail::next_waiter>> waiters_;  // never served except by serve()
    bool serving_ = false;                                      // serve() is posted
    std::uint64_t messages_ = 0;
    bool finished_ = false;
    bool loop_over_ = false;
};

}  // namespace redoubt::pubsub
