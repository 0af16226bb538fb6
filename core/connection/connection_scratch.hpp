// Where the reader of a connection receives and decodes to.
#pragma once

#include <array>
#include <cstddef>

#include "core/connection/connection.hpp"

namespace redoubt::core {

struct Connection::scratch {
    char* bytes;
    std::size_t bytes_max;
    reply* replies;
    std::size_t replies_max;
};

// Not on the caller's stack: that may be small.
struct Connection::lead_scratch {
    std::array<char, std::size_t{16} * 1024> bytes;
    std::array<reply, 16> replies;

    scratch all() noexcept { return {bytes.data(), bytes.size(), replies.data(), replies.size()}; }
};

}  // namespace redoubt::core
