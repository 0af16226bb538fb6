// The timers of a subscriber, kept out of its header with Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "pubsub/subscriber_core.hpp"

namespace redoubt::pubsub {

struct SubscriberCore::Timers {
    explicit Timers(boost::asio::io_context& context) : pause(context), pulse(context) {}
    boost::asio::steady_timer pause;  // before the next connection is asked for
    boost::asio::steady_timer pulse;  // when liveness is due
};

}  // namespace redoubt::pubsub
