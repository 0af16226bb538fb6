// A server of our own that echoes and counts what it executed, and breaks connections where it is told to.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tools/support/command_reader.hpp"
#include "tools/support/ledger.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::lab {

/// Knows ECHO, PING, RPUSH (counts each element, answers a number that only grows) and enough for a handshake. One
/// thread serves all connections.
///
/// Thread safety: all functions, from any thread.
class EchoServer {
public:
    EchoServer();
    ~EchoServer();
    EchoServer(const EchoServer&) = delete;
    EchoServer& operator=(const EchoServer&) = delete;

    int port() const { return port_; }
    const std::string& unix_path() const { return unix_path_; }

    void cut();                                      ///< all connections, now
    void cut_in_reply(std::size_t bytes);            ///< each after so many more bytes of replies
    void cut_in_command(std::size_t bytes);          ///< each after so many more bytes of commands
    void stall(std::chrono::milliseconds how_long);  ///< nothing is read or written meanwhile
    void in_pieces(std::size_t bytes);               ///< at most so many bytes a send; 0: as many as go

    /// What it does wrong from now on, to show that somebody notices.
    enum class lie : std::uint8_t {
        none,
        wrong_reply,  ///< some ECHOs get the reply of the one before
        runs_twice,   ///< some commands
        runs_not,     ///< some commands, answered all the same
    };
    void tell(lie l);

    std::size_t open() const;  ///< connections
    /// What ran since this was asked last, by element.
    std::map<std::string, std::uint64_t> take_executed();

private:
    struct connection {
        int fd = -1;
        CommandReader reader;
        std::string out;
        std::optional<std::size_t> replies_left;
        std::optional<std::size_t> commands_left;
        bool over = false;
    };
    void run();
    void accept_from(int listener);
    void receive(connection& c);
    void execute(connection& c);
    std::string answer(const std::vector<std::string>& command);
    void send(connection& c) const;

    TempDir dir_;
    std::string unix_path_;
    int port_ = 0;
    int listeners_[2] = {-1, -1};
    int wake_event_ = -1;
    mutable std::mutex mutex_;
    std::list<connection> connections_;
    std::map<std::string, std::uint64_t> executed_;
    std::int64_t pushes_ = 0;
    std::string last_echo_;
    std::uint64_t chances_to_lie_ = 0;
    lie lie_ = lie::none;
    std::size_t piece_ = 0;
    std::chrono::steady_clock::time_point stalled_until_{};
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace redoubt::lab
