// Subscribers that come, hear their message, and vanish by going out of scope.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <redoubt/client.hpp>
#include <string>
#include <thread>
#include <vector>

#include "resilience/random.hpp"
#include "tools/support/pubsub_figures.hpp"

namespace redoubt::lab {

inline constexpr const char* stream_channel = "pubsub:stream";

/// The channel on which one of them hears its message.
std::string channel_of(std::uint64_t number);

/// Starts at once, on several threads, one subscriber after the other on each. Every other one listens to a pattern. Of
/// three, one vanishes in silence, one while messages of the stream pour in, one while another thread waits in next().
/// Thread safety: gone() any thread; everything else one thread at a time.
class PassersBy {
public:
    PassersBy(const Client& client, std::uint64_t seed);
    ~PassersBy() { join(); }
    PassersBy(const PassersBy&) = delete;
    PassersBy& operator=(const PassersBy&) = delete;

    /// So many have ended, whether they could be made or not.
    std::uint64_t gone() const { return gone_; }
    /// Returns when the last has vanished. None lives longer than some seconds, whatever fails.
    void join();
    /// Preconditions: joined.
    const passing_figures& figures() const { return figures_; }
    const std::string& first_error() const { return first_error_; }

private:
    struct life;

    void pass_by(std::uint64_t first, resilience::random_engine random);
    void live(std::uint64_t number, resilience::random_engine& random, life& mine);
    void bury(const life& mine);

    Client client_;
    std::atomic<std::uint64_t> gone_{0};
    std::mutex mutex_;
    passing_figures figures_;
    std::string first_error_;
    std::vector<std::thread> threads_;
};

}  // namespace redoubt::lab
