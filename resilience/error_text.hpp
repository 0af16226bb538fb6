// The words of errors: headline, fate and remedy for each code.
#pragma once

#include <redoubt/error.hpp>
#include <string_view>

namespace redoubt::resilience {

/// What happened, as the beginning of a sentence.
std::string_view headline(errc) noexcept;

/// What to do about it; empty when there is nothing general to say.
std::string_view remedy(errc) noexcept;

std::string_view fate_sentence(fate, bool partial) noexcept;

/// Trying the same call again cannot help: the caller or the configuration has to change.
bool is_usage_error(errc) noexcept;

}  // namespace redoubt::resilience
