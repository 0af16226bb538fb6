// Planned failures over a real socket pair.
#include "tests/support/faulty_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace redoubt::test {

namespace {

FaultySocket* current = nullptr;

FaultySocket::plan next(std::deque<FaultySocket::plan>& planned, const FaultySocket::plan& otherwise) {
    if (planned.empty()) return otherwise;
    const auto p = planned.front();
    planned.pop_front();
    return p;
}

std::size_t limited(const FaultySocket::plan& p, std::size_t size) {
    return p.bytes_max == 0 ? size : std::min(size, p.bytes_max);
}

ssize_t send(int fd, const void* data, std::size_t size) {
    ++current->send_calls;
    const auto p = next(current->sends, current->every_send);
    if (p.error == 0) return core::syscalls::real().send(fd, data, limited(p, size));
    errno = p.error;
    return -1;
}

ssize_t receive(int fd, void* data, std::size_t size) {
    ++current->receive_calls;
    const auto p = next(current->receives, current->every_receive);
    if (p.error == 0) return core::syscalls::real().recv(fd, data, limited(p, size));
    errno = p.error;
    return -1;
}

int shutdown(int fd) {
    ++current->shutdowns;
    return core::syscalls::real().shutdown(fd);
}

int close(int fd) {
    current->closed.push_back(fd);
    return core::syscalls::real().close(fd);
}

bool something_there(int fd) { return core::syscalls::real().something_there(fd); }

void await_readable(int fd, std::int64_t until_ns) { core::syscalls::real().await_readable(fd, until_ns); }

}  // namespace

const core::syscalls& FaultySocket::calls() {
    static constexpr core::syscalls table{send, receive, shutdown, close, something_there, await_readable};
    return table;
}

FaultySocket::FaultySocket() {
    current = this;
    open();
}

FaultySocket::~FaultySocket() {
    close_both();
    current = nullptr;
}

void FaultySocket::open() {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        throw std::runtime_error("socketpair");
    }
    ours_ = pair[0];
    theirs_ = pair[1];
}

// The connection has closed its own end if it was ever adopted.
void FaultySocket::close_both() {
    if (std::find(closed.begin(), closed.end(), ours_) == closed.end()) ::close(ours_);
    hang_up();
}

void FaultySocket::reconnect() {
    close_both();
    closed.clear();
    reader_ = {};
    open();
}

std::vector<std::string> FaultySocket::commands() {
    std::array<char, 65536> buffer{};
    for (ssize_t n = 1; theirs_ >= 0 && n > 0;) {
        n = ::recv(theirs_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n > 0) reader_.add({buffer.data(), static_cast<std::size_t>(n)});
    }
    std::vector<std::string> all;
    while (const auto words = reader_.next()) {
        std::string joined;
        for (const auto& word : *words) joined += (joined.empty() ? "" : " ") + word;
        all.push_back(joined);
    }
    return all;
}

void FaultySocket::say(const std::string& bytes) {
    const auto n = ::send(theirs_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    if (n != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("the socket of the peer is full or closed");
}

void FaultySocket::hang_up() {
    if (theirs_ >= 0) ::close(std::exchange(theirs_, -1));
}

}  // namespace redoubt::test
