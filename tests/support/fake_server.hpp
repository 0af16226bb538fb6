// A server that plays a script: what it expects, what it answers, where it falls silent or hangs up.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tools/support/temp_dir.hpp"

namespace redoubt::test {

using words = std::vector<std::string>;

/// The script of one connection. At its end the connection is closed.
class Conversation {
public:
    Conversation& expect(words command);            ///< exactly this command
    Conversation& expect_any();                     ///< one command, whatever it is
    Conversation& expect_bytes(std::string bytes);  ///< exactly these bytes, not cut into commands
    Conversation& expect_close();                   ///< the peer closes, and sends nothing before
    Conversation& reply(std::string bytes);
    Conversation& reply_in_pieces(std::string bytes, std::size_t piece_bytes);  ///< a send for each piece
    /// Answers every command with what the function returns, until the peer closes or the server ends.
    Conversation& answer(std::function<std::string(const words&)> function);
    Conversation& wait_for(std::string gate);  ///< goes on when the test calls FakeServer::open(gate)
    Conversation& ignore();                    ///< reads and answers nothing, until the peer closes or the server ends
    Conversation& read_nothing();              ///< leaves the bytes in the kernel, until the server ends
    Conversation& half_close();                ///< no more bytes from here; reading goes on
    Conversation& close();                     ///< ends the script here
    Conversation& reset();                     ///< like close(), and over TCP with RST

private:
    friend class FakeServer;
    enum class act {
        expect,
        expect_any,
        expect_bytes,
        expect_close,
        reply,
        answer,
        wait_for,
        ignore,
        read_nothing,
        half_close,
        close,
        reset
    };
    struct step {
        act what;
        words command = {};
        std::string bytes = {};
        std::size_t piece_bytes = 0;
        std::function<std::string(const words&)> function = {};
    };
    Conversation& add(step s);
    std::vector<step> steps_;
};

/// Listens on a unix socket and on a free port of 127.0.0.1. Connections get the scripts in the order in which both
/// were added and accepted; further ones get the script of otherwise(), or are closed and count as a failure.
/// Its destructor reports to GoogleTest whatever did not go as the scripts say, and scripts that nobody played.
///
/// Thread safety: all functions, from any thread.
class FakeServer {
public:
    FakeServer();
    ~FakeServer();
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    FakeServer& then(Conversation conversation);       ///< for the next connection without a script
    FakeServer& otherwise(Conversation conversation);  ///< for all further ones
    void open(const std::string& gate);

    const std::string& unix_path() const { return unix_path_; }
    std::string unix_url() const { return "redis+unix://" + unix_path_; }
    int port() const { return port_; }
    std::string tcp_url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

    std::size_t accepted() const;
    /// Waits until this many scripts were played to their end; false when they were not within 5 s.
    bool await_played(std::size_t count) const;
    /// What differed from the scripts so far, one sentence each. Those that were taken are not reported again.
    std::vector<std::string> take_failures();
    void stop();  ///< ends every connection and listener; the destructor does it too

private:
    class Player;
    void accept_all();
    std::optional<Conversation> next_script();
    void fail(std::string sentence);
    bool gate_opened(const std::string& gate);

    lab::TempDir dir_;
    std::string unix_path_;
    int port_ = 0;
    int listeners_[2] = {-1, -1};
    int stop_event_ = -1;  ///< readable for ever once the server ends
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::deque<Conversation> scripts_;
    std::optional<Conversation> otherwise_;
    std::set<std::string> open_gates_;
    std::vector<std::string> failures_;
    std::size_t accepted_ = 0;
    std::size_t played_ = 0;
    bool stopping_ = false;
    std::vector<std::thread> players_;
    std::thread acceptor_;
};

}  // namespace redoubt::test
