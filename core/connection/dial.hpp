// Opens one connection: resolves the name anew, tries its addresses in turn, greets the server, all within one time.
#pragma once

#include <functional>
#include <memory>
#include <redoubt/options.hpp>
#include <redoubt/result.hpp>
#include <string>
#include <string_view>

#include "core/connection/handshake.hpp"
#include "core/stack/reactor.hpp"

namespace redoubt::core {

struct dial_settings {
    endpoint to;
    std::string node;  // for error texts
    connect_options connect;
    Handshake::settings greeting;
    reply_limits replies;
    /// A numeric address at which a connection to this node was greeted: dialled when the resolver fails, or does not
    /// answer within half of the time. Empty: none.
    std::string last_good;
    /// What the resolver said: empty when it knows the name. May be left out. Called on the I/O thread.
    std::function<void(std::string_view failure)> resolver_said;
};

/// What a dial came to: a connected, greeted, non-blocking descriptor that the receiver owns, or an error that names
/// node and cause, fate not_applied, phase dial.
using dial_handler = std::function<void(result<int>)>;

class Dial;

/// Starts a dial. `done` runs exactly once, on the I/O thread, never from within this call. I/O thread only.
std::shared_ptr<Dial> start_dial(Reactor& reactor, dial_settings settings, dial_handler done);
bool dial_over(const Dial& dial) noexcept;

/// Ends a dial early; its handler runs with `closed`. I/O thread only.
void cancel_dial(Dial& dial) noexcept;

/// The numeric address at the other end; empty when there is none (unix sockets).
std::string peer_of(int fd);

/// True for failures that will not pass by themselves: wrong credentials, no such database, no permission.
bool is_lasting(const error& dial_failure) noexcept;

}  // namespace redoubt::core
