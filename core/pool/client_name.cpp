// The names of connections.
#include "core/pool/client_name.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>

namespace redoubt::core {

namespace {

std::string clean(std::string_view part) {
    std::string out(part.empty() ? std::string_view("unknown") : part);
    std::replace_if(
        out.begin(), out.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '.' && c != '-'; },
        '_');
    return out;
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

std::string client_name(std::string_view app, std::string_view role, std::uint64_t n) {
    const std::string_view program = app.empty() ? program_invocation_short_name : app;
    return "redoubt:" + clean(program) + ':' + clean(host_name()) + ':' + std::to_string(::getpid()) + ':' +
           clean(role) + ':' + std::to_string(n);
}

}  // namespace redoubt::core
