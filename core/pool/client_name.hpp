// The names our connections give themselves, by which operators tell them apart in CLIENT LIST.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace redoubt::core {

/// `redoubt:<app>:<host>:<pid>:<role>:<n>`; parts of [A-Za-z0-9_.-], other characters become '_'. An empty app is the
/// name of the executable.
std::string client_name(std::string_view app, std::string_view role, std::uint64_t n);

}  // namespace redoubt::core
