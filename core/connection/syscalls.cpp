// The real system calls.
#include "core/connection/syscalls.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "core/stack/clock.hpp"

namespace redoubt::core {

const syscalls& syscalls::real() noexcept {
    static constexpr syscalls table{
        [](int fd, const void* data, std::size_t size) { return ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT); },
        [](int fd, void* data, std::size_t size) { return ::recv(fd, data, size, MSG_DONTWAIT); },
        [](int fd) { return ::shutdown(fd, SHUT_RDWR); },
        [](int fd) { return ::close(fd); },
        [](int fd) {
            char unused = 0;
            return ::recv(fd, &unused, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 ||
                   (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
        },
        [](int fd, std::int64_t until_ns) {
            pollfd one{fd, POLLIN, 0};
            timespec limit{};
            const auto left = std::max<std::int64_t>(until_ns - steady_now_ns(), 0);
            limit.tv_sec = static_cast<time_t>(left / 1'000'000'000);
            limit.tv_nsec = static_cast<long>(left % 1'000'000'000);
            (void)::ppoll(&one, 1, until_ns == never_ns ? nullptr : &limit, nullptr);
        },
    };
    return table;
}

}  // namespace redoubt::core
