// The figures of the scene with subscribers, and what is promised about them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/support/json.hpp"
#include "tools/support/numbered_stream.hpp"

namespace redoubt::lab {

inline constexpr std::uint64_t pubsub_subscribers = 100;

/// Those who come and go.
struct passing_figures {
    std::uint64_t subscribers = 0;  ///< that were confirmed, and have vanished
    std::uint64_t heard = 0;        ///< of these, those that received the message meant for them
    std::uint64_t waited_for = 0;   ///< of these, those that vanished while somebody waited in next()
    std::uint64_t released = 0;     ///< of those who waited, those that were told `closed`
    std::uint64_t errors = 0;       ///< calls that failed: subscribe, PUBLISH
};

struct pubsub_figures {
    passing_figures passing;
    stream_figures stream;                 ///< what the survivor was told
    std::uint64_t kills = 0;               ///< of its connection, as the server confirmed them
    std::uint64_t publish_errors = 0;      ///< numbered messages that could not be published
    std::uint64_t left_over = 0;           ///< connections of subscribers that the server has in the end
    std::uint64_t subscriptions_left = 0;  ///< to channels and patterns, in the end

    boost::json::object json() const;
    /// One sentence for each promise that does not hold: every subscriber got its message, everybody who waited was
    /// released, nothing is left over; one gap for each kill and no other; what is missing was told, nothing came
    /// twice or out of order, and messages come again after the gap; no call failed.
    std::vector<std::string> promises_broken() const;
};

}  // namespace redoubt::lab
