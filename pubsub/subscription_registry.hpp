// What is subscribed: the desired and the confirmed set, and what has to be said to make them one.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <redoubt/pubsub/event.hpp>
#include <redoubt/reply.hpp>
#include <string>
#include <vector>

namespace redoubt::pubsub {

struct subscription {
    subscription_kind kind = subscription_kind::channel;
    std::string name;

    friend auto operator<=>(const subscription&, const subscription&) = default;  // NOLINT(modernize-use-nullptr)
};

/// One of the two things that callers can ask for.
enum class request : std::uint8_t { subscribe, unsubscribe };

enum class deed : std::uint8_t {
    send_subscribe,    ///< `what`
    send_unsubscribe,  ///< `what`
    confirmed,         ///< `what` is subscribed; `asked`: that is news, and not by a reconnect
    released,          ///< `what` is not subscribed; `asked`: that is news
    refused,           ///< the server refused to subscribe `what`, for `why`; `asked`: it had never been subscribed
    superseded,        ///< requests `of` for `what` are void: the opposite was asked for before the server answered
    deliver,           ///< `said`
    pong,              ///< the answer to a PING
    restored,          ///< all that was desired when the connection came is answered
    broken,            ///< the server does not keep to the protocol, or cannot serve: `why`; the connection must go
};

/// What the registry wants done, in order.
struct action {
    deed kind;
    subscription what{};
    request of = request::subscribe;
    bool asked = false;
    message said{};
    error why{};
};

using actions = std::vector<action>;

/// Sans-io: events in, actions out. Each name has at most one command under way; when its answer comes and something
/// else is desired by then, the next one follows. Answers are told apart by order, as RESP2 demands; messages by their
/// name.
///
/// Nothing the server says is trusted: what does not fit gives `broken`, after which replies are ignored until lost().
/// Thread safety: none.
class SubscriptionRegistry {
public:
    explicit SubscriptionRegistry(std::string node = {}) : node_(std::move(node)) {}

    /// Somebody asks. True: the desired set has changed by it.
    bool want(const subscription& what, actions& out);
    bool unwant(const subscription& what, actions& out);

    /// A connection is there, and a CLIENT SETNAME has been sent on it, whatever its answer will be. Preconditions:
    /// down.
    void connected(actions& out);
    /// A PING has been sent. Preconditions: up.
    void pinged() { owed_.push_back({answer::pong, {}}); }
    void received(reply_view r, actions& out);
    /// The connection is gone, and everything confirmed with it. True: something was confirmed, so messages can be
    /// missing.
    bool lost(actions& out);

    bool desired(const subscription& what) const;
    bool confirmed(const subscription& what) const;
    std::size_t desired_count() const noexcept { return desired_; }
    std::size_t confirmed_count() const noexcept { return confirmed_; }
    bool restored() const noexcept { return up_ && to_restore_ == 0; }

private:
    enum class stage : std::uint8_t { none, subscribing, confirmed, unsubscribing };
    struct entry {
        bool desired = false;
        bool restore = false;  // counted in to_restore_
        bool lived = false;    // confirmed since it is desired, on this connection or an earlier one
        stage at = stage::none;
    };
    using entries = std::map<subscription, entry>;
    enum class answer : std::uint8_t { name, subscribe, unsubscribe, pong };
    struct owed {
        answer kind;
        subscription what;
    };

    void reconcile(entries::iterator e, actions& out);
    void set_stage(entry& e, stage s) noexcept;
    void set_desired(entry& e, bool yes) noexcept;
    void answered_restore(entry& e, actions& out);
    void on_error(reply_view r, actions& out);
    void on_array(reply_view r, actions& out);
    void on_message(subscription&& by, std::string_view channel, std::string_view payload, actions& out);
    void on_subscribed(const subscription& what, actions& out);
    void on_unsubscribed(const subscription& what, actions& out);
    bool take_owed(answer kind, const subscription& what);
    void refuse(const subscription& what, error why, actions& out);
    void fail(error why, actions& out);
    void complain(reply_view r, actions& out);
    error server_said(reply_view r) const;

    std::string node_;
    entries all_;
    std::deque<owed> owed_;
    std::size_t desired_ = 0;
    std::size_t confirmed_ = 0;
    std::size_t to_restore_ = 0;
    bool up_ = false;
    bool broken_ = false;
};

}  // namespace redoubt::pubsub
