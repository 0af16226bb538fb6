// Connects until it works.
#include "tools/support/accept_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace redoubt::lab {

namespace {

sockaddr_in ipv4(std::uint32_t address, int port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(address);
    out.sin_port = htons(static_cast<in_port_t>(port));
    return out;
}

}  // namespace

bool accepts_connections(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    // From 127.0.0.2: with the address of the server, the kernel may choose the server's own port on this side as well,
    // and the socket would be connected to itself.
    const auto here = ipv4(INADDR_LOOPBACK + 1, 0);
    const auto there = ipv4(INADDR_LOOPBACK, port);
    // On loopback connect() ends at once, one way or the other.
    const bool accepted = ::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0 &&
                          ::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
    ::close(fd);
    return accepted;
}

AcceptProbe::AcceptProbe(int port, std::function<void(clock::time_point)> accepted)
    : thread_([this, port, accepted = std::move(accepted)] {
          while (!stop_) {
              if (accepts_connections(port)) {
                  const auto now = clock::now();
                  accepted_at_ = now.time_since_epoch().count();
                  return accepted(now);
              }
              std::this_thread::sleep_for(std::chrono::milliseconds(2));
          }
      }) {}

AcceptProbe::~AcceptProbe() {
    stop_ = true;
    thread_.join();
}

std::optional<AcceptProbe::clock::time_point> AcceptProbe::accepted_at() const {
    const auto at = accepted_at_.load();
    if (at == 0) return std::nullopt;
    return clock::time_point(clock::duration(at));
}

}  // namespace redoubt::lab
