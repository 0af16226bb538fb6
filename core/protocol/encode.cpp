// Doubles as text, for arguments.
#include "core/protocol/encode.hpp"

#include <charconv>
#include <cmath>

namespace redoubt::core {

std::size_t write_real(char (&to)[real_size_max], double n) noexcept {
    if (std::isnan(n)) n = std::fabs(n);  // no "-nan"
    const auto end = std::to_chars(to, to + sizeof to, n).ptr;
    return static_cast<std::size_t>(end - to);
}

}  // namespace redoubt::core
