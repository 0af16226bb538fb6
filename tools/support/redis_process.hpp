// A private redis-server: started in a directory of its own, stopped, killed, paused and restarted at will.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/support/child_process.hpp"
#include "tools/support/temp_dir.hpp"

namespace redoubt::lab {

struct redis_process_options {
    bool tcp = false;  ///< also listen on a free port of 127.0.0.1; the unix socket is always there
    /// Lines of redis.conf, added after ours: {"maxclients", "160"}. An empty value is written as "".
    std::vector<std::pair<std::string, std::string>> config = {};
    std::string program = "redis-server";
    std::chrono::milliseconds start_timeout{10'000};  ///< from the start to the first answer
    std::chrono::milliseconds stop_timeout{5'000};    ///< from SIGTERM to SIGKILL
};

/// A running redis-server, without persistence unless the configuration says otherwise. Its directory outlives a
/// restart and goes with the object; the server dies with the program, however that ends.
///
/// Every failure is a std::runtime_error with the tail of the server's log in it.
/// Thread safety: one thread at a time; url(), unix_path() and port() never change and are free for all.
class RedisProcess {
public:
    explicit RedisProcess(redis_process_options options = {});  ///< returns when the server answers PING
    ~RedisProcess();
    RedisProcess(const RedisProcess&) = delete;
    RedisProcess& operator=(const RedisProcess&) = delete;

    void stop();     ///< SIGTERM, SIGKILL after stop_timeout; nothing when it does not run
    void kill();     ///< SIGKILL
    void pause();    ///< SIGSTOP: the kernel still accepts connections and bytes, nobody answers
    void resume();   ///< SIGCONT
    void restart();  ///< stops it when it runs, and starts it on the same socket, port and directory

    bool running() const;
    pid_t pid() const;  ///< of the present process; throws when none runs
    const std::string& unix_path() const { return unix_path_; }
    int port() const { return port_; }  ///< 0 without TCP
    const std::string& dir() const { return dir_.path(); }
    std::string unix_url() const { return "redis+unix://" + unix_path_; }
    /// The TCP address when there is one, else that of the socket.
    std::string url() const;
    std::string log_tail() const;

private:
    void start_on_a_free_port();
    void start();
    bool await_answer(std::chrono::steady_clock::time_point until);
    [[noreturn]] void fail(const std::string& what) const;

    redis_process_options options_;
    TempDir dir_;
    std::string unix_path_;
    int port_ = 0;
    std::unique_ptr<ChildProcess> child_;
};

}  // namespace redoubt::lab
