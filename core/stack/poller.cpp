// The set of sockets over epoll.
#include "core/stack/poller.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace redoubt::core {

namespace {

// Reading is level-triggered: what one turn leaves behind is reported again. The rest is told once, on a change: the
// end of a stream that somebody else reads must not keep the I/O thread awake until he has noticed.
epoll_event event_of(std::uint8_t what, Poller::Watcher& watcher) noexcept {
    epoll_event e{};
    e.events = EPOLLRDHUP;
    if ((what & Poller::readable) != 0) e.events |= EPOLLIN;
    if ((what & Poller::writable) != 0) e.events |= EPOLLOUT;
    if ((what & Poller::readable) == 0) e.events |= EPOLLET;
    e.data.ptr = &watcher;
    return e;
}

std::uint8_t what_of(std::uint32_t events) noexcept {
    std::uint8_t what = 0;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) what |= Poller::readable;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) what |= Poller::writable;
    return what;
}

}  // namespace

Poller::Poller() : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (set_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

Poller::~Poller() { ::close(set_); }

bool Poller::add(int fd, std::uint8_t what, Watcher& watcher) noexcept {
    auto e = event_of(what, watcher);
    return ::epoll_ctl(set_, EPOLL_CTL_ADD, fd, &e) == 0;
}

void Poller::change(int fd, std::uint8_t what, Watcher& watcher) noexcept {
    auto e = event_of(what, watcher);
    (void)::epoll_ctl(set_, EPOLL_CTL_MOD, fd, &e);  // fails only for a socket that is not in the set
}

void Poller::remove(int fd, const Watcher& watcher) noexcept {
    epoll_event unused{};
    (void)::epoll_ctl(set_, EPOLL_CTL_DEL, fd, &unused);
    std::replace(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(ready_count_),
                 const_cast<Watcher*>(&watcher), static_cast<Watcher*>(nullptr));
}

void Poller::dispatch() noexcept {
    std::array<epoll_event, batch_max> events;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by the kernel
    const int n = ::epoll_wait(set_, events.data(), static_cast<int>(events.size()), 0);
    if (n <= 0) return;
    ready_count_ = static_cast<std::size_t>(n);
    for (std::size_t i = 0; i < ready_count_; ++i) ready_[i] = static_cast<Watcher*>(events[i].data.ptr);
    for (std::size_t i = 0; i < ready_count_; ++i) {
        if (ready_[i] != nullptr) ready_[i]->on_ready(what_of(events[i].events));
    }
    ready_count_ = 0;
}

}  // namespace redoubt::core
