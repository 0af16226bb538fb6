// Watches from outside for the moment in which a server accepts connections.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

namespace redoubt::lab {

/// Whether a port of 127.0.0.1 accepts a connection now. The connection is closed at once; no byte is sent.
bool accepts_connections(int port);

/// Tries every 2 ms in a thread of its own until the port accepts, then calls `accepted` once, in that thread.
/// Thread safety: accepted_at() may be called from any thread.
class AcceptProbe {
public:
    using clock = std::chrono::steady_clock;

    AcceptProbe(int port, std::function<void(clock::time_point)> accepted);
    ~AcceptProbe();  ///< gives up when it has not been seen yet
    AcceptProbe(const AcceptProbe&) = delete;
    AcceptProbe& operator=(const AcceptProbe&) = delete;

    std::optional<clock::time_point> accepted_at() const;

private:
    std::atomic<bool> stop_{false};
    std::atomic<clock::rep> accepted_at_{0};
    std::thread thread_;
};

}  // namespace redoubt::lab
