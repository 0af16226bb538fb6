// A subscriber: a connection of its own, and the events that come over it. For completion tokens add async.hpp beside
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <redoubt/client.hpp>
#include <redoubt/pubsub/event.hpp>
#include <redoubt/pubsub/subscribe_options.hpp>
#include <redoubt/result.hpp>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace redoubt {

namespace pubsub {
class SubscriberCore;
}

namespace detail {
class subscriber_handle;
struct subscriber_access;

/// Defined in <redoubt/pubsub/async.hpp>. An error that names this type says that the header is missing.
template <class Token> struct include_redoubt_pubsub_async_hpp;
}  // namespace detail

/// Figures of one subscriber at one moment.
struct subscriber_stats {
    bool connected = false;           ///< It has a connection, and the server has confirmed all it was asked for then.
    std::size_t wanted = 0;           ///< Subscriptions asked for.
    std::size_t confirmed = 0;        ///< Subscriptions that the server has confirmed on the present connection.
    std::size_t buffered = 0;         ///< Events waiting for the reader; `gap` and `dropped` are not counted.
    std::size_t buffered_bytes = 0;   ///< Names and payloads of those.
    std::uint64_t messages = 0;       ///< Received since the beginning, dropped ones included.
    std::uint64_t dropped = 0;        ///< Events that did not fit, since the beginning.
    std::uint64_t reconnections = 0;  ///< Times it was connected again.
};

/// Made by `Client::subscribe`. While it lives it keeps its client working, also when the last `Client` goes; only
/// `Client::close()` ends it earlier. Its destructor closes the connection, which ends the subscriptions, and gives the
/// place in `pool.connections_max` back; it waits for nothing.
///
/// Guarantees: messages come in the order in which the server sent them. A loss is an event: `gap` after every
/// reconnect, `dropped` where the buffer was full. A reconnect needs no help: it is tried until the subscriber closes,
/// and all subscriptions are confirmed again before the `gap` is told. Redis itself promises nothing more: what is
/// published while nobody is connected is gone.
///
/// Thread safety: all members but move and destruction may be called from any threads at the same time; each event goes
/// to one caller. Destruction while other threads wait in `next` is allowed: they return `closed`. Blocking calls on
/// the client's own I/O thread (in a completion handler that runs there) answer `would_deadlock`. In a child of fork()
/// every member answers `forked`, and destruction touches nothing of the parent's. A default constructed or moved-from
/// subscriber answers `closed`.
class Subscriber {
public:
    class iterator;

    Subscriber() noexcept = default;
    Subscriber(Subscriber&&) noexcept = default;
    Subscriber& operator=(Subscriber&&) noexcept = default;
    ~Subscriber() = default;

    /// The next event; waits for it. Without a deadline for ever: the client's own does not hold here.
    /// Cancellation: the stop token; whoever is cancelled has taken no event.
    /// Errors: `deadline_exceeded`, `cancelled`; `closed` once the `closed` event has been taken.
    result<event> next(call_deadline deadline = {}, const std::stop_token& stop = {});

    /// The same without a thread: completes the token with `void(result<event>)`. Needs <redoubt/pubsub/async.hpp>,
    /// which has the contract.
    template <class Token> auto async_next(Token&& token) {
        return detail::include_redoubt_pubsub_async_hpp<Token>::start(*this, std::forward<Token>(token));
    }

    /// `for (const event& e : subscriber)`: one event after the other, the last one is `closed`. Where `next` would
    /// fail (a subscriber that has told its end, the I/O thread, a child of fork()) it ends without an event.
    iterator begin();
    static std::default_sentinel_t end() noexcept { return {}; }

    // -- what to listen to --
    //
    // Each call returns when the server has answered for every name, by the deadline (default: the client's). Names
    // that are subscribed already (or not, for the opposite) count as answered. Errors: the server's refusal of the
    // first name refused, such as `no_perm`; the other names live on.
    //   `deadline_exceeded`: those that this call added and that are not confirmed are taken back.
    //   `cancelled`: a later call asked for the opposite before the server had answered.
    //   `closed`.
    result<void> subscribe(const std::vector<std::string>& channels, call_deadline deadline = {});
    result<void> psubscribe(const std::vector<std::string>& patterns, call_deadline deadline = {});
    /// Messages that were under way may still come until it returns. While there is no connection it returns at once.
    result<void> unsubscribe(const std::vector<std::string>& channels, call_deadline deadline = {});
    result<void> punsubscribe(const std::vector<std::string>& patterns, call_deadline deadline = {});

    /// Ends it: the connection closes, the place in the pool is free. What had arrived can still be read, then comes
    /// `closed`. Waits for nothing. Any thread, the I/O thread too.
    void close() noexcept;

    subscriber_stats stats() const;

private:
    friend class Client;
    friend struct detail::subscriber_access;
    explicit Subscriber(std::shared_ptr<detail::subscriber_handle> handle) noexcept : handle_(std::move(handle)) {}

    std::shared_ptr<detail::subscriber_handle> handle_;
};

/// Single pass. Lifetimes: the subscriber must outlive it.
class Subscriber::iterator {
public:
    using value_type = event;
    using difference_type = std::ptrdiff_t;
    using reference = const event&;
    using pointer = const event*;
    using iterator_category = std::input_iterator_tag;

    const event& operator*() const noexcept { return *now_; }
    const event* operator->() const noexcept { return &*now_; }
    iterator& operator++() {
        advance();
        return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept { return !i.now_; }

private:
    friend class Subscriber;
    explicit iterator(Subscriber& from) : from_(&from) { advance(); }
    void advance() {
        const bool last = now_ && std::holds_alternative<closed>(*now_);
        now_.reset();
        if (last) return;
        if (auto e = from_->next()) now_ = *std::move(e);
    }

    Subscriber* from_;
    std::optional<event> now_;
};

inline Subscriber::iterator Subscriber::begin() { return iterator(*this); }

}  // namespace redoubt
