// URLs onto options, with the reason apart from its prefix.
#pragma once

#include <string_view>

#include "core/options/endpoint.hpp"

namespace redoubt::core {

/// Replaces endpoint, user, password and database by those of the URL, then applies its parameters. On failure the
/// options are left half changed. The reason never repeats what may hold credentials: nothing of the part before the
/// query, no unknown parameter's value.
reason apply_url(options& o, std::string_view url);

}  // namespace redoubt::core
