// One thread, one poll: bytes move under the lock, so what a test changes holds at once.
#include "tools/support/fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace redoubt::lab {

using lock_guard = std::lock_guard<std::mutex>;

namespace {

sockaddr_in loopback(int port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(static_cast<std::uint16_t>(port));
    return a;
}

void without_delay(int fd) {
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

}  // namespace

FaultProxy::FaultProxy(int server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    wake_event_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    auto here = loopback(0);
    socklen_t size = sizeof here;
    auto* const generic = reinterpret_cast<sockaddr*>(&here);
    if (listener_ < 0 || ::bind(listener_, generic, size) < 0 || ::listen(listener_, SOMAXCONN) < 0)
        throw std::runtime_error(std::string("a proxy cannot listen: ") + std::strerror(errno));
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(here.sin_port);
    thread_ = std::thread([this] { run(); });
}

FaultProxy::~FaultProxy() {
    {
        const lock_guard hold(lock_);
        stopping_ = true;
    }
    wake();
    thread_.join();
    for (auto& l : links_) end(l, passage::forward);
    ::close(listener_);
    ::close(wake_event_);
}

void FaultProxy::open_links(passage p) {
    {
        const lock_guard hold(lock_);
        for (auto& l : links_) {
            l.how = p;
            if (p == passage::reset) end(l, p);
        }
    }
    wake();
}

void FaultProxy::new_links(passage p) {
    const lock_guard hold(lock_);
    for_new_ = p;
}

void FaultProxy::cut_after(std::size_t reply_bytes) {
    const lock_guard hold(lock_);
    for (auto& l : links_) l.replies.left = reply_bytes;
}

void FaultProxy::cut_after_requests(std::size_t request_bytes) {
    const lock_guard hold(lock_);
    for (auto& l : links_) l.requests.left = request_bytes;
}

std::size_t FaultProxy::accepted() const {
    const lock_guard hold(lock_);
    return accepted_;
}

std::size_t FaultProxy::open() const {
    const lock_guard hold(lock_);
    return static_cast<std::size_t>(std::count_if(links_.begin(), links_.end(), [](const link& l) { return !l.over; }));
}

void FaultProxy::wake() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_event_, &one, sizeof one);
}

void FaultProxy::run() {
    std::vector<pollfd> fds;
    std::vector<std::pair<link*, lane*>> owners;
    for (;;) {
        fds = {{listener_, POLLIN, 0}, {wake_event_, POLLIN, 0}};
        owners.clear();
        {
            const lock_guard hold(lock_);
            if (stopping_) return;
            links_.remove_if([](const link& l) { return l.over; });
            for (auto& l : links_) {
                if (l.how == passage::stall) continue;
                for (auto* const way : {&l.requests, &l.replies}) {
                    fds.push_back(way->empty() ? pollfd{way->from, POLLIN, 0} : pollfd{way->to, POLLOUT, 0});
                    owners.emplace_back(&l, way);
                }
            }
        }
        if (::poll(fds.data(), fds.size(), -1) < 0) continue;
        const lock_guard hold(lock_);
        std::uint64_t woken = 0;
        [[maybe_unused]] const auto taken = ::read(wake_event_, &woken, sizeof woken);
        for (std::size_t i = 0; i < owners.size(); ++i) {
            if (fds[i + 2].revents != 0) serve(*owners[i].first, *owners[i].second, fds[i + 2].events);
        }
        if (fds[0].revents != 0) accept_one();
    }
}

void FaultProxy::accept_one() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    ++accepted_;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto there = loopback(server_port_);
    auto& l = links_.emplace_back();
    l.requests.from = l.replies.to = client;
    l.requests.to = l.replies.from = server;
    l.how = for_new_;
    const bool connected = ::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
    if (!connected || l.how == passage::reset) return end(l, passage::reset);
    without_delay(client);
    without_delay(server);
}

void FaultProxy::serve(link& l, lane& way, short ready) {
    // Between poll and here a test may have changed its mind.
    if (l.over || l.how == passage::stall) return;
    if (ready == POLLIN) {
        const auto n = ::recv(way.from, way.bytes, sizeof way.bytes, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        const bool from_server = &way == &l.replies;
        if (n <= 0) return l.how == passage::black_hole && from_server ? void(l.how = passage::stall) : end(l, l.how);
        if (l.how == passage::black_hole) return;
        way.begin = 0;
        way.end = static_cast<std::size_t>(n);
        if (way.left) {
            way.end = std::min(way.end, *way.left);
            *way.left -= way.end;
        }
    }
    const auto n = ::send(way.to, way.bytes + way.begin, way.end - way.begin, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return end(l, l.how);
    if (n > 0) way.begin += static_cast<std::size_t>(n);
    if (way.left && *way.left == 0 && way.empty()) end(l, l.how);
}

void FaultProxy::end(link& l, passage how) noexcept {
    if (l.over) return;
    l.over = true;
    if (how == passage::reset) {
        const linger at_once{1, 0};
        ::setsockopt(l.requests.from, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::close(l.requests.from);
    ::close(l.requests.to);
}

}  // namespace redoubt::lab
