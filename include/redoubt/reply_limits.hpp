// What a server may make this process hold for one reply; beyond it the connection fails with a clear error.
#pragma once

#include <cstddef>
#include <cstdint>

namespace redoubt {

// A limit is checked as soon as the reply announces its size, before any memory is spent on it.
struct reply_limits {
    // Longest bulk string, in bytes. 1 to 1 GiB; the server's own default is 512 MiB.
    std::size_t bulk_bytes_max = std::size_t{512} << 20;

    // Longest line (status, error, integer, header), in bytes without its type byte. 64 to 16 MiB.
    std::size_t line_bytes_max = std::size_t{1} << 20;

    // Values in one reply, nested ones and arrays themselves included. 1 to 2^28; each costs 16 bytes beside its text.
    std::uint32_t nodes_max = std::uint32_t{16} << 20;

    // Arrays inside arrays; a plain array has depth 1. 1 to 8: the parser supports no more.
    std::uint32_t depth_max = 8;

    // All text of one reply, in bytes. 1 to 3 GiB.
    std::size_t text_bytes_max = std::size_t{1} << 30;
};

}  // namespace redoubt
