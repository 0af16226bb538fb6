// Sockets as this library wants them: non-blocking, close-on-exec, kept alive, never delayed.
#pragma once

#include <sys/socket.h>
#include <redoubt/options.hpp>

#include <system_error>

namespace redoubt::core {

/// A new non-blocking stream socket, or -1 with `ec`.
int open_socket(int family, std::error_code& ec) noexcept;

/// TCP only: no delay, keepalive, TCP_USER_TIMEOUT. Failures are ignored: none of them is needed for correctness.
void set_tcp_options(int fd, const connect_options& o) noexcept;

/// The error a connect under way has come to.
std::error_code connect_outcome(int fd) noexcept;

}  // namespace redoubt::core
