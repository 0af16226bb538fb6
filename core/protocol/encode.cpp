// Doubles as text, for arguments.
#include "core/protocol/encode.hpp"

#include <charconv>
#include <cmath>

namespace redoubt::core {

namespace {

template <class N> std::size_t write(char (&to)[real_size_max], N n) noexcept {
    if (std::isnan(n)) n = std::fabs(n);  // no "-nan"
    const auto end = std::to_chars(to, to + sizeof to, n).ptr;
    return static_cast<std::size_t>(end - to);
}

}  // namespace

std::size_t write_real(char (&to)[real_size_max], double n) noexcept { return write(to, n); }
std::size_t write_real(char (&to)[real_size_max], float n) noexcept { return write(to, n); }

}  // namespace redoubt::core
