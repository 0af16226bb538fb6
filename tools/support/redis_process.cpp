// Starts and drives a private redis-server.
#include "tools/support/redis_process.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace redoubt::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int free_port_attempts_max = 10;
constexpr std::size_t log_tail_bytes_max = 2'000;

struct socket_owner {
    int fd;
    explicit socket_owner(int descriptor) : fd(descriptor) {}
    ~socket_owner() {
        if (fd >= 0) ::close(fd);
    }
    socket_owner(const socket_owner&) = delete;
    socket_owner& operator=(const socket_owner&) = delete;
};

/// A port that is free now. Somebody else may take it before the server does: the caller tries again then.
int free_port() {
    const socket_owner socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.fd, generic, size) < 0 || ::getsockname(socket.fd, generic, &size) < 0)
        throw std::runtime_error(std::string("no free port on 127.0.0.1: ") + std::strerror(errno));
    return ntohs(address.sin_port);
}

/// One PING; the first bytes of what came back within the time.
std::string ping(const std::string& path, milliseconds time) {
    const socket_owner socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return {};
    static constexpr std::string_view request = "PING\r\n";
    if (::send(socket.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
    pollfd readable{socket.fd, POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(time.count())) <= 0) return {};
    char text[128];
    const auto count = ::recv(socket.fd, text, sizeof text, 0);
    return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : std::string();
}

/// A server that asks for a password is up as well; one that is loading is not.
bool is_up(std::string_view answer) {
    return answer.starts_with("+PONG") || answer.starts_with("-NOAUTH") || answer.starts_with("-NOPERM");
}

}  // namespace

RedisProcess::RedisProcess(redis_process_options options)
    : options_(std::move(options)), unix_path_(dir_.file("redis.sock")) {
    if (find_program(options_.program).empty())
        throw std::runtime_error(options_.program + " is not installed: apt-get install redis-server");
    options_.tcp ? start_on_a_free_port() : start();
}

RedisProcess::~RedisProcess() { stop(); }

void RedisProcess::start_on_a_free_port() {
    for (int attempt = 1;; ++attempt) {
        port_ = free_port();
        try {
            return start();
        } catch (const std::runtime_error&) {
            const bool taken = log_tail().find("Address already in use") != std::string::npos;
            if (!taken || attempt == free_port_attempts_max) throw;
        }
    }
}

void RedisProcess::start() {
    const auto until = steady_clock::now() + options_.start_timeout;
    const auto config = dir_.file("redis.conf");
    {
        std::ofstream out(config, std::ios::trunc);
        out << "bind 127.0.0.1\nport " << port_ << "\nunixsocket " << unix_path_ << "\nunixsocketperm 700\ndir "
            << dir_.path() << "\ndaemonize no\nlogfile \"\"\nsave \"\"\nappendonly no\nshutdown-timeout 0\n";
        for (const auto& [key, value] : options_.config) out << key << ' ' << (value.empty() ? "\"\"" : value) << '\n';
        if (!out.flush()) throw std::runtime_error(config + ": cannot be written");
    }
    const auto log = dir_.file("redis.log");
    ::unlink(log.c_str());
    child_ = std::make_unique<ChildProcess>(
        child_options{.argv = {options_.program, config}, .output_path = log, .error_path = {}});
    if (await_answer(until)) return;
    if (!child_->running()) fail("ended before it answered: " + child_->wait().text());
    stop();
    fail("does not answer PING within " + std::to_string(options_.start_timeout.count()) + " ms");
}

bool RedisProcess::await_answer(steady_clock::time_point until) {
    constexpr milliseconds step{5};
    while (steady_clock::now() < until) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
        if (is_up(ping(unix_path_, std::clamp(left, milliseconds{1}, milliseconds{500})))) return true;
        if (child_->wait_for(step)) return false;
    }
    return false;
}

void RedisProcess::stop() {
    if (running()) child_->terminate(options_.stop_timeout);
}

void RedisProcess::kill() {
    if (!running()) return;
    child_->signal(SIGKILL);
    child_->wait();
}

void RedisProcess::pause() {
    if (!running() || !child_->signal(SIGSTOP)) fail("cannot be paused: it does not run");
}

void RedisProcess::resume() {
    if (!running() || !child_->signal(SIGCONT)) fail("cannot be resumed: it does not run");
}

void RedisProcess::restart() {
    stop();
    start();
}

bool RedisProcess::running() const { return child_ != nullptr && child_->running(); }

pid_t RedisProcess::pid() const {
    if (!running()) fail("does not run");
    return child_->pid();
}

std::string RedisProcess::url() const { return port_ == 0 ? unix_url() : "redis://127.0.0.1:" + std::to_string(port_); }

std::string RedisProcess::log_tail() const { return file_tail(dir_.file("redis.log"), log_tail_bytes_max); }

void RedisProcess::fail(const std::string& what) const {
    const auto log = log_tail();
    throw std::runtime_error(options_.program + " " + what + (log.empty() ? "" : "\n--- its log ends:\n" + log));
}

}  // namespace redoubt::lab
