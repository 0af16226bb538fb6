// How often this process has come out of fork(): what was made under another number belongs to the parent.
#pragma once

#include <cstdint>

namespace redoubt::core {

/// 0 in a process that no fork() has made since the first call; cheap. Any thread.
std::uint32_t fork_number() noexcept;

}  // namespace redoubt::core
