// A connected pair of sockets whose calls a test can make fail, one by one, and the peer at its other end.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include "core/connection/syscalls.hpp"
#include "tools/support/command_reader.hpp"

namespace redoubt::test {

/// One at a time: the system calls of a connection have no object. Calls that nothing was planned for are the real
/// ones, on a real descriptor, so readiness is real too.
class FaultySocket {
public:
    /// What one call does: fail with this errno, or transfer at most this many bytes.
    struct plan {
        int error = 0;
        std::size_t bytes_max = 0;  // 0: as many as asked for
    };

    FaultySocket();
    ~FaultySocket();
    FaultySocket(const FaultySocket&) = delete;
    FaultySocket& operator=(const FaultySocket&) = delete;

    static const core::syscalls& calls();

    /// The connection's end; belongs to whoever adopts it.
    int descriptor() const noexcept { return ours_; }
    /// A new pair in place of the old one, which was closed.
    void reconnect();

    std::deque<plan> sends;     // for the next calls, in order
    std::deque<plan> receives;  // the same
    plan every_send;            // for the calls after them
    plan every_receive;
    std::size_t send_calls = 0;
    std::size_t receive_calls = 0;
    std::size_t shutdowns = 0;
    std::vector<int> closed;

    // -- the peer --

    /// Commands that have arrived whole so far and were not asked for before: their arguments, joined by spaces.
    std::vector<std::string> commands();
    /// Nobody hears it when the connection is gone.
    void say(const std::string& bytes);
    void hang_up();
    /// Bytes behind the last whole command.
    std::size_t incomplete() const { return reader_.rest().size(); }

private:
    void open();
    void close_both();

    int ours_ = -1;
    int theirs_ = -1;
    lab::CommandReader reader_;
};

}  // namespace redoubt::test
