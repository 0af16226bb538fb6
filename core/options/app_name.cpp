// The name of the program in the names of its connections.
#include "core/options/app_name.hpp"

#include <cerrno>

namespace redoubt::core {

std::string fit_app_name(std::string_view name) {
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    std::string out(name.substr(0, 64));
    for (char& c : out) c = allowed.find(c) == std::string_view::npos ? '_' : c;
    return out.empty() ? "app" : out;
}

std::string app_name(const options& o) { return o.app.empty() ? fit_app_name(program_invocation_short_name) : o.app; }

}  // namespace redoubt::core
