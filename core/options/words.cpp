// The options that are neither numbers nor durations.
#include "core/options/words.hpp"

#include <algorithm>

#include "core/options/value_text.hpp"

namespace redoubt::core {

namespace {

constexpr std::size_t credential_bytes_max = 16384;  // The server's limit for clients that are not logged in.
constexpr std::size_t app_bytes_max = 64;

// The characters that the server's isspace() and ACL SETUSER refuse.
constexpr std::string_view refused_in_user{" \t\n\v\f\r\0", 7};

reason wrong_user(std::string_view user) {
    if (user.size() > credential_bytes_max) return "longer than 16384 bytes";
    if (user.find_first_of(refused_in_user) != std::string_view::npos) return "holds white space or a NUL";
    return std::nullopt;
}

reason wrong_password(std::string_view password) {
    if (password.size() > credential_bytes_max) return "longer than 16384 bytes";
    return std::nullopt;
}

bool is_app_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
}

reason wrong_app(std::string_view app) {
    if (!std::all_of(app.begin(), app.end(), is_app_character)) {
        return in_quotes(app) + " has a character outside [A-Za-z0-9_.-]";
    }
    if (app.size() > app_bytes_max) return in_quotes(app) + " is longer than 64 bytes";
    return std::nullopt;
}

// A value that cannot be read as an endpoint may hold anything, a password too: it is not shown.
std::string shown(const std::string& text) {
    endpoint e;
    return read_endpoint(text, e) ? "(invalid)" : to_string(e);
}

// A URL or "user:password@host" by mistake is not repeated in an error.
bool may_be_quoted(std::string_view text) {
    return text.find('@') == std::string_view::npos && text.find("://") == std::string_view::npos;
}

}  // namespace

std::string print_endpoints(const options& o) {
    std::string out;
    for (const auto& text : o.endpoints) out.append(out.empty() ? "" : ", ").append(shown(text));
    return out.empty() ? "(none)" : out;
}

reason check_endpoints(const options& o) {
    if (o.endpoints.size() != 1) {
        return std::to_string(o.endpoints.size()) + " given, exactly 1 is supported (a standalone server)";
    }
    endpoint e;
    const auto& text = o.endpoints.front();
    auto wrong = read_endpoint(text, e);
    if (wrong && may_be_quoted(text)) return in_quotes(text) + ": " + *wrong;
    return wrong;
}

std::string print_user(const options& o) { return o.user.empty() ? "(empty)" : in_quotes(o.user); }
reason check_user(const options& o) { return wrong_user(o.user); }
reason parse_user(options& o, std::string_view text) {
    if (auto wrong = wrong_user(text)) return wrong;
    o.user.assign(text);
    return std::nullopt;
}

std::string print_password(const options& o) { return o.password.empty() ? "(empty)" : "(set)"; }
reason check_password(const options& o) { return wrong_password(o.password); }
reason parse_password(options& o, std::string_view text) {
    if (auto wrong = wrong_password(text)) return wrong;
    o.password.assign(text);
    return std::nullopt;
}

std::string print_app(const options& o) { return o.app.empty() ? "(empty)" : in_quotes(o.app); }
reason check_app(const options& o) { return wrong_app(o.app); }
reason parse_app(options& o, std::string_view text) {
    if (auto wrong = wrong_app(text)) return wrong;
    o.app.assign(text);
    return std::nullopt;
}

std::string print_when_disconnected(const options& o) {
    return o.when_disconnected == when_disconnected::fail ? "fail" : "wait";
}
reason check_when_disconnected(const options& o) {
    switch (o.when_disconnected) {
        case when_disconnected::wait:
        case when_disconnected::fail: return std::nullopt;
    }
    return std::to_string(static_cast<unsigned>(o.when_disconnected)) + " is neither wait nor fail";
}
reason parse_when_disconnected(options& o, std::string_view text) {
    if (text != "wait" && text != "fail") return in_quotes(text) + " is neither wait nor fail";
    o.when_disconnected = text == "wait" ? when_disconnected::wait : when_disconnected::fail;
    return std::nullopt;
}

}  // namespace redoubt::core
