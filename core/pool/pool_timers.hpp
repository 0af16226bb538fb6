// The timers of a pool, kept out of its header with Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/pool/pool.hpp"

namespace redoubt::core {

struct Pool::Timers {
    explicit Timers(boost::asio::io_context& context) : redial(context), leases(context) {}
    boost::asio::steady_timer redial;  // the pause before the next dial of the shared connection
    boost::asio::steady_timer leases;  // idle leases, and the pause before their next dial
};

}  // namespace redoubt::core
