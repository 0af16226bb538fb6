// Plays scripts on real sockets.
#include "tests/support/fake_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tools/support/command_reader.hpp"

namespace redoubt::test {
namespace {

int listen_on(const sockaddr* address, socklen_t size) {
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || ::bind(fd, address, size) < 0 || ::listen(fd, SOMAXCONN) < 0)
        throw std::runtime_error(std::string("a fake server cannot listen: ") + std::strerror(errno));
    return fd;
}

std::string shown(const words& command) {
    std::string text;
    for (const auto& word : command) text += (text.empty() ? "" : " ") + word;
    return "\"" + text + "\"";
}

}  // namespace

Conversation& Conversation::add(step s) {
    steps_.push_back(std::move(s));
    return *this;
}
Conversation& Conversation::expect(words command) { return add({.what = act::expect, .command = std::move(command)}); }
Conversation& Conversation::expect_any() { return add({.what = act::expect_any}); }
Conversation& Conversation::expect_bytes(std::string bytes) {
    return add({.what = act::expect_bytes, .bytes = std::move(bytes)});
}
Conversation& Conversation::expect_close() { return add({.what = act::expect_close}); }
Conversation& Conversation::reply(std::string bytes) {
    const auto size = bytes.size();
    return reply_in_pieces(std::move(bytes), size);
}
Conversation& Conversation::reply_in_pieces(std::string bytes, std::size_t piece_bytes) {
    return add({.what = act::reply, .bytes = std::move(bytes), .piece_bytes = std::max<std::size_t>(piece_bytes, 1)});
}
Conversation& Conversation::answer(std::function<std::string(const words&)> function) {
    return add({.what = act::answer, .function = std::move(function)});
}
Conversation& Conversation::wait_for(std::string gate) {
    return add({.what = act::wait_for, .bytes = std::move(gate)});
}
Conversation& Conversation::ignore() { return add({.what = act::ignore}); }
Conversation& Conversation::read_nothing() { return add({.what = act::read_nothing}); }
Conversation& Conversation::half_close() { return add({.what = act::half_close}); }
Conversation& Conversation::close() { return add({.what = act::close}); }
Conversation& Conversation::reset() { return add({.what = act::reset}); }

/// One connection and its script.
class FakeServer::Player {
public:
    Player(FakeServer& server, int fd, std::size_t number) : server_(server), fd_(fd), number_(number) {}
    ~Player() { ::close(fd_); }
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    void play(const Conversation& script) {
        for (const auto& step : script.steps_)
            if (!perform(step)) return;
    }

private:
    using act = Conversation::act;

    /// False when the script ends here.
    bool perform(const Conversation::step& step) {
        switch (step.what) {
            case act::expect: return expect(step.command);
            case act::expect_any: return command("any command").has_value();
            case act::expect_bytes: return expect_bytes(step.bytes);
            case act::expect_close: return expect_close();
            case act::reply: return reply(step);
            case act::answer: return answer(step.function);
            case act::wait_for:
                return server_.gate_opened(step.bytes) || fail("the gate " + step.bytes + " never opened");
            case act::ignore:
                while (receive()) reader_.take(std::string::npos);
                return true;
            case act::read_nothing: ready(0); return true;
            case act::half_close: ::shutdown(fd_, SHUT_WR); return true;
            case act::close: return false;
            case act::reset: break;
        }
        const linger at_once{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return false;
    }

    bool fail(const std::string& what) {
        server_.fail("connection " + std::to_string(number_) + ": " + what);
        return false;
    }

    /// Waits for the socket (events 0: for nothing but the end); false when the server ends.
    bool ready(short events) {
        pollfd fds[2] = {{events == 0 ? -1 : fd_, events, 0}, {server_.stop_event_, POLLIN, 0}};
        while (::poll(fds, 2, -1) < 0 && errno == EINTR) {
        }
        return fds[1].revents == 0;
    }

    /// False at the end of the stream, of the connection or of the server.
    bool receive() {
        if (!ready(POLLIN)) return false;
        char bytes[4096];
        const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
        if (count <= 0) return false;
        reader_.add({bytes, static_cast<std::size_t>(count)});
        return true;
    }

    std::optional<words> command(const std::string& expected) try {
        for (;;) {
            if (auto next = reader_.next()) return next;
            if (receive()) continue;
            fail("ended while " + expected + " was expected");
            return std::nullopt;
        }
    } catch (const std::runtime_error& e) {
        fail(e.what());
        return std::nullopt;
    }

    bool expect(const words& expected) {
        const auto got = command(shown(expected));
        return got && (*got == expected || fail("expected " + shown(expected) + ", got " + shown(*got)));
    }

    bool expect_bytes(const std::string& expected) {
        while (reader_.rest().size() < expected.size() && receive()) {
        }
        const auto got = reader_.take(expected.size());
        return got == expected || fail("expected the bytes \"" + expected + "\", got \"" + got + "\"");
    }

    bool expect_close() {
        while (receive()) {
        }
        if (!reader_.rest().empty()) return fail("sent \"" + reader_.rest() + "\" before it closed");
        char byte;
        const bool closed = ::recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0 || (errno != EAGAIN);
        return closed || fail("did not close");
    }

    bool reply(const Conversation::step& step) {
        for (std::size_t at = 0; at < step.bytes.size(); at += step.piece_bytes)
            if (!send(std::string_view(step.bytes).substr(at, step.piece_bytes))) return false;
        return true;
    }

    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count > 0)
                bytes.remove_prefix(static_cast<std::size_t>(count));
            else if (errno != EAGAIN)
                return false;  // the peer has gone: its affair
            else if (!ready(POLLOUT))
                return false;
        }
        return true;
    }

    bool answer(const std::function<std::string(const words&)>& function) try {
        for (;;) {
            while (const auto next = reader_.next())
                if (!send(function(*next))) return true;
            if (!receive()) return true;
        }
    } catch (const std::runtime_error& e) {
        return fail(e.what());
    }

    FakeServer& server_;
    int fd_;
    std::size_t number_;
    lab::CommandReader reader_;
};

FakeServer::FakeServer() : unix_path_(dir_.file("fake.sock")), stop_event_(::eventfd(0, EFD_CLOEXEC)) {
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
    acceptor_ = std::thread([this] { accept_all(); });
}

FakeServer::~FakeServer() {
    stop();
    for (const auto& sentence : failures_) ADD_FAILURE() << "fake server: " << sentence;
    if (!scripts_.empty()) ADD_FAILURE() << "fake server: " << scripts_.size() << " scripts found no connection";
    ::close(stop_event_);
}

void FakeServer::stop() {
    {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
        stopping_ = true;
    }
    changed_.notify_all();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_event_, &one, sizeof one);
    acceptor_.join();
    for (auto& player : players_) player.join();
    for (const int fd : listeners_) ::close(fd);
}

FakeServer& FakeServer::then(Conversation conversation) {
    std::lock_guard lock(mutex_);
    scripts_.push_back(std::move(conversation));
    return *this;
}

FakeServer& FakeServer::otherwise(Conversation conversation) {
    std::lock_guard lock(mutex_);
    otherwise_ = std::move(conversation);
    return *this;
}

void FakeServer::open(const std::string& gate) {
    std::lock_guard lock(mutex_);
    open_gates_.insert(gate);
    changed_.notify_all();
}

bool FakeServer::gate_opened(const std::string& gate) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stopping_ || open_gates_.contains(gate); });
    return open_gates_.contains(gate);
}

std::size_t FakeServer::accepted() const {
    std::lock_guard lock(mutex_);
    return accepted_;
}

bool FakeServer::await_played(std::size_t count) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [&] { return played_ >= count; });
}

std::vector<std::string> FakeServer::take_failures() {
    std::lock_guard lock(mutex_);
    return std::exchange(failures_, {});
}

void FakeServer::fail(std::string sentence) {
    std::lock_guard lock(mutex_);
    failures_.push_back(std::move(sentence));
}

void FakeServer::accept_all() {
    for (;;) {
        pollfd fds[3] = {{listeners_[0], POLLIN, 0}, {listeners_[1], POLLIN, 0}, {stop_event_, POLLIN, 0}};
        if (::poll(fds, 3, -1) < 0 && errno == EINTR) continue;
        if (fds[2].revents != 0) return;
        for (int i = 0; i < 2; ++i) {
            const int fd = fds[i].revents != 0 ? ::accept4(fds[i].fd, nullptr, nullptr, SOCK_CLOEXEC) : -1;
            if (fd < 0) continue;
            const int on = 1;
            if (i == 1) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            std::size_t number;
            {
                std::lock_guard lock(mutex_);
                number = ++accepted_;
            }
            changed_.notify_all();
            auto script = next_script();
            if (!script) {
                fail("connection " + std::to_string(number) + " has no script");
                ::close(fd);
                continue;
            }
            players_.emplace_back([this, fd, number, script = std::move(*script)] {
                Player(*this, fd, number).play(script);
                std::lock_guard lock(mutex_);
                ++played_;
                changed_.notify_all();
            });
        }
    }
}

std::optional<Conversation> FakeServer::next_script() {
    std::lock_guard lock(mutex_);
    if (scripts_.empty()) return otherwise_;
    auto script = std::move(scripts_.front());
    scripts_.pop_front();
    return script;
}

}  // namespace redoubt::test
