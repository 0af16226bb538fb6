// The system calls of a connection, as a table: tests put a socket of their own in their place and fail each in turn.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace redoubt::core {

/// Every call behaves as the POSIX function of its name: -1 and errno on failure. send() never raises a signal.
struct syscalls {
    ssize_t (*send)(int fd, const void* data, std::size_t size);
    ssize_t (*recv)(int fd, void* data, std::size_t size);
    int (*shutdown)(int fd);
    int (*close)(int fd);
    /// Whether receiving would find something: bytes, the end of the stream, an error.
    bool (*something_there)(int fd);
    /// Waits until there is something to receive, or something happened, or that time has come.
    void (*await_readable)(int fd, std::int64_t until_ns);

    static const syscalls& real() noexcept;
};

}  // namespace redoubt::core
