// Sockets as this library wants them.
#include "core/connection/socket_options.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>

namespace redoubt::core {

namespace {

void set(int fd, int level, int name, int value) noexcept { ::setsockopt(fd, level, name, &value, sizeof value); }

int whole_seconds(std::chrono::nanoseconds d) noexcept {
    return std::max(1, static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(d).count()));
}

}  // namespace

int open_socket(int family, std::error_code& ec) noexcept {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) ec.assign(errno, std::system_category());
    return fd;
}

void set_tcp_options(int fd, const connect_options& o) noexcept {
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (o.keepalive_idle.count() > 0) {
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set(fd, IPPROTO_TCP, TCP_KEEPIDLE, whole_seconds(o.keepalive_idle));
        set(fd, IPPROTO_TCP, TCP_KEEPINTVL, whole_seconds(o.keepalive_interval));
        set(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(o.keepalive_probes));
    }
    if (o.tcp_user_timeout.count() > 0) {
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(o.tcp_user_timeout).count();
        set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(std::max<std::int64_t>(1, ms)));
    }
}

std::error_code connect_outcome(int fd) noexcept {
    int err = 0;
    socklen_t size = sizeof err;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0) err = errno;
    return {err, std::system_category()};
}

}  // namespace redoubt::core
