// The known name nearest to a mistyped one.
#pragma once

#include <span>
#include <string_view>

namespace redoubt::core {

/// The name with the fewest changed, missing or surplus characters; empty if none is near enough to be meant
/// (more than a third of the longer name differs).
std::string_view nearest(std::string_view typed, std::span<const std::string_view> known);

}  // namespace redoubt::core
