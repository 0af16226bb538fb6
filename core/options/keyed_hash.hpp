// SipHash-2-4: a short hash that tells nothing to whoever does not have the key.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace redoubt::core {

using hash_key = std::array<std::uint64_t, 2>;

std::uint64_t keyed_hash(const hash_key& key, std::string_view text) noexcept;

/// A key that only this process (and what it forks) knows, drawn when it is first asked for.
const hash_key& process_secret() noexcept;

}  // namespace redoubt::core
