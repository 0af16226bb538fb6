// A stream of numbered messages, and a subscriber that listens to it through the whole scene.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <redoubt/client.hpp>
#include <redoubt/pubsub/event.hpp>
#include <stop_token>
#include <string>
#include <thread>

#include "tools/support/numbered_stream.hpp"

namespace redoubt::lab {

/// Publishes 1, 2, 3 ... about every millisecond, until it is stopped.
/// Thread safety: published() any thread; everything else one thread at a time.
class Publisher {
public:
    Publisher(const Client& client, std::string channel);

    std::uint64_t published() const { return published_; }  ///< the last number
    /// Returns when the last message is with the server.
    void stop();
    /// Preconditions: stopped.
    std::uint64_t errors() const { return errors_; }
    const std::string& first_error() const { return first_error_; }

private:
    void publish(const Client& client, const std::string& channel, const std::stop_token& stop);

    std::atomic<std::uint64_t> published_{0};
    std::uint64_t errors_ = 0;
    std::string first_error_;
    std::jthread thread_;  // the last: it uses the others
};

/// Its subscription is confirmed when the constructor returns; std::runtime_error when it cannot be.
/// Thread safety: all functions but leave() any thread.
class Survivor {
public:
    Survivor(const Client& client, const std::string& channel);

    std::uint64_t last() const;
    stream_figures so_far() const;
    stream_figures at_end(std::uint64_t published) const;
    std::string gap_reason() const;  ///< of the last gap
    /// The subscriber goes out of scope on the thread that reads it.
    void leave();

private:
    void hear(const event& e);

    mutable std::mutex mutex_;
    NumberedStream stream_;
    std::string gap_reason_;
    std::jthread thread_;  // the last: it uses the others
};

}  // namespace redoubt::lab
