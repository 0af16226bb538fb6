// Where a round is played: a server, the way to it, and what can be broken on purpose there.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <redoubt/options.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "resilience/random.hpp"
#include "tools/soak/echo_server.hpp"
#include "tools/support/fault_proxy.hpp"
#include "tools/support/raw_redis.hpp"
#include "tools/support/redis_process.hpp"

namespace redoubt::lab {

/// Thread safety: one thread at a time.
class Venue {
public:
    virtual ~Venue() = default;
    virtual std::string_view name() const = 0;
    virtual std::string endpoint() const = 0;
    /// Breaks something; returns what, for nobody but the curious.
    virtual void trouble(resilience::random_engine& random) = 0;
    /// Everything works again.
    virtual void mend() = 0;
    /// A server of our own lies from now on; any other cannot.
    virtual void lie(EchoServer::lie) {}
    /// Connections of clients that the server still has.
    virtual std::size_t left_over() = 0;
    /// How often the elements of these callers were pushed; forgotten afterwards.
    virtual std::map<std::string, std::uint64_t> take_executed(unsigned first_caller, unsigned last_caller) = 0;
};

/// A real server, through a proxy that cuts, loses and holds back; or directly over its unix socket.
std::unique_ptr<Venue> redis_behind_proxy();
std::unique_ptr<Venue> redis_on_unix_socket();
/// The echo server, over either transport.
std::unique_ptr<Venue> echo_over_tcp();
std::unique_ptr<Venue> echo_on_unix_socket();

/// Makes trouble now and then, from the constructor to the destructor, which mends all.
class Troublemaker {
public:
    Troublemaker(Venue& venue, std::uint64_t seed);
    ~Troublemaker();
    Troublemaker(const Troublemaker&) = delete;
    Troublemaker& operator=(const Troublemaker&) = delete;

private:
    Venue& venue_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace redoubt::lab
