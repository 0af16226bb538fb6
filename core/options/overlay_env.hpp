// Environment variables onto options; the environment itself is a parameter.
#pragma once

#include <redoubt/options.hpp>
#include <string>
#include <string_view>

namespace redoubt::core {

/// The value of a variable; null if it is not set.
using environment = const char* (*)(const char* name);

/// See options::overlay_env.
result<void> overlay(options& o, environment get);

}  // namespace redoubt::core
