// The real system calls.
#include "core/connection/syscalls.hpp"

#include <unistd.h>

namespace redoubt::core {

const syscalls& syscalls::real() noexcept {
    static constexpr syscalls table{
        [](int fd, const void* data, std::size_t size) { return ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT); },
        [](int fd, void* data, std::size_t size) { return ::recv(fd, data, size, MSG_DONTWAIT); },
        [](int fd) { return ::shutdown(fd, SHUT_RDWR); },
        [](int fd) { return ::close(fd); },
    };
    return table;
}

}  // namespace redoubt::core
