// The timers of a pool, kept out of its header with Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/pool/pool.hpp"

namespace redoubt::core {

struct Pool::Timers {
    using timer = boost::asio::steady_timer;

    explicit Timers(boost::asio::io_context& context)
        : connect(context),
          links(context),
          lifetime(context),
          progress(context),
          probe(context),
          leases(context),
          lease_dial(context) {}

    /// Runs `f` at that time, in a dispatch, unless the timer is set again or cancelled before.
    template <class F> static void at(Reactor& reactor, timer& t, std::int64_t when_ns, F f) {
        t.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(when_ns)));
        t.async_wait([&reactor, f = std::move(f)](const auto& cancelled) {
            const Reactor::Dispatch dispatch(reactor);
            if (!cancelled) f();
        });
    }
    void cancel() {
        for (auto* const t : {&connect, &links, &lifetime, &progress, &probe, &leases, &lease_dial}) t->cancel();
    }

    timer connect;     // the pause before the next dial of the shared connection
    timer links;       // shared connections on their way out
    timer lifetime;    // the end of the shared connection's life
    timer progress;    // a silence that is being watched
    timer probe;       // the next PING
    timer leases;      // idle leases
    timer lease_dial;  // the pause before their next dial
};

}  // namespace redoubt::core
