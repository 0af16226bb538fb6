// Percent-encoding of URLs, both ways.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace redoubt::core {

/// Nothing if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

/// Keeps letters, digits, "-._~" and the characters of `also_keep`.
std::string percent_encode(std::string_view text, std::string_view also_keep = {});

}  // namespace redoubt::core
