// Values of options as text: durations, whole numbers, and foreign text made safe for an error message.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace redoubt::core {

/// "0", or a whole number with the largest unit that loses nothing: ns, us, ms, s, m, h.
std::string print_duration(std::chrono::nanoseconds d);

/// The reverse; "min" is understood too. Only 0 needs no unit. Nothing if it is not a duration or does not fit.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// A whole decimal number with nothing around it.
std::optional<std::int64_t> parse_number(std::string_view text);

/// In double quotes, at most 40 characters, others than printable ASCII replaced by '?'.
std::string in_quotes(std::string_view text);

}  // namespace redoubt::core
