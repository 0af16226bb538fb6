// The options that are neither numbers nor durations.
#include "core/options/words.hpp"

#include <algorithm>
#include <array>

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

namespace {

// An enum of two words, in the order of its values.
struct choice {
    std::array<std::string_view, 2> words;

    std::string neither() const { return " is neither " + std::string(words[0]) + " nor " + std::string(words[1]); }
    template <class E> std::string print(E value) const { return std::string(words[value == E{} ? 0 : 1]); }
    template <class E> reason check(E value) const {
        const auto n = static_cast<unsigned>(value);
        return n < words.size() ? reason() : std::to_string(n) + neither();
    }
    template <class E> reason parse(E& value, std::string_view text) const {
        if (text != words[0] && text != words[1]) return in_quotes(text) + neither();
        value = static_cast<E>(text == words[0] ? 0 : 1);
        return std::nullopt;
    }
};

constexpr choice disconnected{{"wait", "fail"}};
constexpr choice readers{{"caller", "io_thread"}};

}  // namespace

std::string print_when_disconnected(const options& o) { return disconnected.print(o.when_disconnected); }
reason check_when_disconnected(const options& o) { return disconnected.check(o.when_disconnected); }
reason parse_when_disconnected(options& o, std::string_view text) {
    return disconnected.parse(o.when_disconnected, text);
}

std::string print_read_by(const options& o) { return readers.print(o.read_by); }
reason check_read_by(const options& o) { return readers.check(o.read_by); }
reason parse_read_by(options& o, std::string_view text) { return readers.parse(o.read_by, text); }

}  // namespace redoubt::core
