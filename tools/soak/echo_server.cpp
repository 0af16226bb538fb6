// One thread, one poll; bytes move under the lock.
#include "tools/soak/echo_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace redoubt::lab {

using lock_guard = std::lock_guard<std::mutex>;
using std::chrono::steady_clock;

namespace {

int listen_on(const sockaddr* address, socklen_t size) {
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || ::bind(fd, address, size) < 0 || ::listen(fd, SOMAXCONN) < 0)
        throw std::runtime_error(std::string("the echo server cannot listen: ") + std::strerror(errno));
    return fd;
}

std::string upper(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return word;
}

}  // namespace

EchoServer::EchoServer() : unix_path_(dir_.file("echo.sock")), wake_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    unix_path_.copy(local.sun_path, sizeof local.sun_path - 1);
    listeners_[0] = listen_on(reinterpret_cast<const sockaddr*>(&local), sizeof local);
    sockaddr_in net{};
    net.sin_family = AF_INET;
    net.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const generic = reinterpret_cast<sockaddr*>(&net);
    listeners_[1] = listen_on(generic, sizeof net);
    socklen_t size = sizeof net;
    ::getsockname(listeners_[1], generic, &size);
    port_ = ntohs(net.sin_port);
    thread_ = std::thread([this] { run(); });
}

EchoServer::~EchoServer() {
    {
        const lock_guard hold(mutex_);
        stopping_ = true;
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_event_, &one, sizeof one);
    thread_.join();
    for (const auto& c : connections_) ::close(c.fd);
    for (const int fd : listeners_) ::close(fd);
    ::close(wake_event_);
}

void EchoServer::cut() {
    const lock_guard hold(mutex_);
    for (auto& c : connections_) c.over = true;
}
void EchoServer::cut_in_reply(std::size_t bytes) {
    const lock_guard hold(mutex_);
    for (auto& c : connections_) c.replies_left = bytes;
}
void EchoServer::cut_in_command(std::size_t bytes) {
    const lock_guard hold(mutex_);
    for (auto& c : connections_) c.commands_left = bytes;
}
void EchoServer::stall(std::chrono::milliseconds how_long) {
    const lock_guard hold(mutex_);
    stalled_until_ = steady_clock::now() + how_long;
}
void EchoServer::in_pieces(std::size_t bytes) {
    const lock_guard hold(mutex_);
    piece_ = bytes;
}
void EchoServer::tell(lie l) {
    const lock_guard hold(mutex_);
    lie_ = l;
}
std::size_t EchoServer::open() const {
    const lock_guard hold(mutex_);
    return connections_.size();
}
std::map<std::string, std::uint64_t> EchoServer::take_executed() {
    const lock_guard hold(mutex_);
    return std::exchange(executed_, {});
}

void EchoServer::run() {
    constexpr int look_again_ms = 5;  // for what was asked of us meanwhile
    std::vector<pollfd> fds;
    std::vector<connection*> owners;
    for (;;) {
        fds = {{wake_event_, POLLIN, 0}, {listeners_[0], POLLIN, 0}, {listeners_[1], POLLIN, 0}};
        owners.clear();
        {
            const lock_guard hold(mutex_);
            if (stopping_) return;
            connections_.remove_if([](const connection& c) { return c.over && ::close(c.fd) == 0; });
            for (auto& c : connections_) {
                if (steady_clock::now() < stalled_until_) break;
                fds.push_back({c.fd, static_cast<short>(c.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
                owners.push_back(&c);
            }
        }
        if (::poll(fds.data(), fds.size(), look_again_ms) < 0) continue;
        const lock_guard hold(mutex_);
        for (std::size_t i = 0; i < owners.size(); ++i) {
            auto& c = *owners[i];
            if (!c.over && (fds[i + 3].revents & (POLLIN | POLLHUP | POLLERR)) != 0) receive(c);
            if (!c.over && !c.out.empty()) send(c);
        }
        for (int i = 0; i < 2; ++i)
            if (fds[static_cast<std::size_t>(i) + 1].revents != 0) accept_from(listeners_[i]);
    }
}

void EchoServer::accept_from(int listener) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    const int on = 1;
    if (listener == listeners_[1]) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections_.emplace_back().fd = fd;
}

void EchoServer::receive(connection& c) {
    std::array<char, std::size_t{64} * 1024> bytes;  // NOLINT: filled by recv
    auto room = bytes.size();
    if (c.commands_left) room = std::min(room, *c.commands_left);
    const auto n = room == 0 ? 0 : ::recv(c.fd, bytes.data(), room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) {
        c.reader.add({bytes.data(), static_cast<std::size_t>(n)});
        if (c.commands_left) *c.commands_left -= static_cast<std::size_t>(n);
        execute(c);
    }
    if (n <= 0 || (c.commands_left && *c.commands_left == 0)) {
        if (n > 0) send(c);  // what was executed is answered, as far as it goes
        c.over = true;
    }
}

void EchoServer::execute(connection& c) try {
    while (const auto command = c.reader.next()) c.out += answer(*command);
} catch (const std::runtime_error&) {
    c.over = true;
}

std::string EchoServer::answer(const std::vector<std::string>& command) {
    const auto name = command.empty() ? std::string() : upper(command[0]);
    constexpr std::uint64_t lies_each = 100;
    const bool may_lie = lie_ == lie::wrong_reply ? name == "ECHO" : lie_ != lie::none && name == "RPUSH";
    const bool lying = may_lie && ++chances_to_lie_ % lies_each == 0;
    if (name == "ECHO" && command.size() == 2) {
        const bool wrong = lying && lie_ == lie::wrong_reply;
        const auto said = std::exchange(last_echo_, command[1]);
        const auto& text = wrong ? said : last_echo_;
        return '$' + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    if (name == "RPUSH" && command.size() == 3) {
        if (!lying || lie_ != lie::runs_not) executed_[command[2]] += lying && lie_ == lie::runs_twice ? 2U : 1U;
        return ':' + std::to_string(++pushes_) + "\r\n";
    }
    if (name == "PING") return "+PONG\r\n";
    if (name == "CLIENT" && command.size() == 2 && upper(command[1]) == "ID") return ":1\r\n";
    if (name == "CLIENT" || name == "SELECT" || name == "AUTH" || name == "UNWATCH") return "+OK\r\n";
    return "-ERR unknown command '" + name + "'\r\n";
}

void EchoServer::send(connection& c) const {
    while (!c.out.empty()) {
        auto size = c.out.size();
        if (piece_ != 0) size = std::min(size, piece_);
        if (c.replies_left) size = std::min(size, *c.replies_left);
        const auto n = size == 0 ? 0 : ::send(c.fd, c.out.data(), size, MSG_NOSIGNAL);
        if (n < 0) {
            c.over = errno != EAGAIN && errno != EINTR;
            return;
        }
        c.out.erase(0, static_cast<std::size_t>(n));
        if (c.replies_left) *c.replies_left -= static_cast<std::size_t>(n);
        if (c.replies_left && *c.replies_left == 0) {
            c.over = true;
            return;
        }
        if (piece_ != 0) return;  // the next piece with the next round
    }
}

}  // namespace redoubt::lab
