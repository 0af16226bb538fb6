// What a subscriber can be told. A variant, so that nobody reads messages and overlooks that some are missing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <redoubt/error.hpp>
#include <string>
#include <variant>

namespace redoubt {

/// Two subscriptions with the same text but of different kinds are two.
enum class subscription_kind : std::uint8_t {
    channel,  ///< Exactly this channel (SUBSCRIBE).
    pattern,  ///< All channels that match this glob (PSUBSCRIBE).
};

/// Somebody published. A channel that matches several subscriptions of one subscriber gives one message for each.
struct message {
    std::string channel;
    std::string pattern;  ///< That of the subscription; empty when it is one to the channel itself.
    std::string payload;  ///< Any bytes.

    friend bool operator==(const message&, const message&) = default;
};

/// The connection was lost and is there again, with every subscription confirmed. What was published after `since` and
/// before this event may be missing: Redis keeps nothing. Read anew what the messages would have told.
struct gap {
    std::chrono::steady_clock::time_point since;       ///< When the server was last heard on the lost connection.
    std::chrono::system_clock::time_point since_wall;  ///< The same, for logs and for asking other systems.
    error reason;                                      ///< What ended the connection; of several in a row, the last.
};

/// The reader was too slow, and events had to go from this place (see `overflow`).
struct dropped {
    std::uint64_t n = 0;

    friend bool operator==(const dropped&, const dropped&) = default;
};

/// The server has confirmed a subscription that was asked for. Not repeated after a reconnect: a `gap` says it for all.
struct subscribed {
    std::string name;
    subscription_kind kind = subscription_kind::channel;

    friend bool operator==(const subscribed&, const subscribed&) = default;
};

/// A subscription is over: nothing more comes by it.
struct unsubscribed {
    std::string name;
    subscription_kind kind = subscription_kind::channel;
    /// Set when nobody asked for it: the server refused it when the connection was made again (its rights were taken).
    std::optional<error> reason;
};

/// The last event. `closed` after `close()` or the end of the client; `reply_limit` after an overflow with
/// `overflow::close`.
struct closed {
    error reason;
};

using event = std::variant<message, gap, dropped, subscribed, unsubscribed, closed>;

/// One function out of several, for std::visit: `std::visit(match{[](const message& m) {…}, [](const auto&) {}}, e)`.
template <class... F> struct match : F... { using F::operator()...; };
template <class... F> match(F...) -> match<F...>;

}  // namespace redoubt
