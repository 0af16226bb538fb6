// The error of a wrong option.
#pragma once

#include <redoubt/error.hpp>
#include <string>
#include <utility>

namespace redoubt::core {

inline error invalid(std::string text) {
    return error(errc::invalid_option, fate::not_applied, phase::none, error_details{.text = std::move(text)});
}

}  // namespace redoubt::core
