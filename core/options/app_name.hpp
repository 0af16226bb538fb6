// The name of the program in the names of its connections.
#pragma once

#include <redoubt/options.hpp>
#include <string>
#include <string_view>

namespace redoubt::core {

/// `options::app`, or the name of the executable made fit for CLIENT SETNAME.
std::string app_name(const options&);

/// Replaces what is outside [A-Za-z0-9_.-] by '_' and keeps the first 64 bytes; "app" for an empty name.
std::string fit_app_name(std::string_view name);

}  // namespace redoubt::core
