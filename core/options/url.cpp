// URLs: redis://user:password@host:port/database?name=value and redis+unix://user:password@/path?name=value.
#include "core/options/url.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/options/fields.hpp"
#include "core/options/invalid.hpp"
#include "core/options/nearest.hpp"
#include "core/options/percent.hpp"
#include "core/options/value_text.hpp"

namespace redoubt::core {

namespace {

constexpr std::size_t url_bytes_max = 128 * 1024;  // User and password at their limits, all of it encoded.

enum class scheme : std::uint8_t { redis, redis_unix };

struct url_parts {
    enum scheme scheme = scheme::redis;
    std::string_view authority;
    std::string_view path;
    std::string_view query;
};

struct parameter {
    std::string name;
    std::string value;
};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

reason read_scheme(std::string_view text, scheme& out) {
    const std::string name = lower(text);
    if (name == "redis") return out = scheme::redis, std::nullopt;
    if (name == "redis+unix") return out = scheme::redis_unix, std::nullopt;
    if (name == "rediss") return "rediss:// needs TLS, which this build does not have";
    if (name == "unix" || name == "redis-socket") return "for a unix socket write redis+unix:///path";
    return "the scheme is none of redis, redis+unix";
}

// Every character that could make two readers see two different hosts is refused unencoded.
reason split(std::string_view url, url_parts& out) {
    if (url.empty()) return "it is empty";
    if (url.size() > url_bytes_max) return "it is longer than 131072 bytes";
    if (std::any_of(url.begin(), url.end(), [](char c) { return (c >= '\0' && c <= ' ') || c == '\x7f'; })) {
        return "it holds white space or a control character (a space is written as %20)";
    }
    if (url.find('\\') != std::string_view::npos) return "it holds a backslash (written as %5C)";
    const auto colon = url.find("://");
    if (colon == std::string_view::npos) return "it has no scheme (write redis://host:port)";
    if (auto wrong = read_scheme(url.substr(0, colon), out.scheme)) return wrong;
    auto rest = url.substr(colon + 3);
    if (rest.find('#') != std::string_view::npos) return "it holds a '#' (written as %23 in a password)";
    const auto end = std::min(rest.find_first_of("/?"), rest.size());
    out.authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (rest.find('@') != std::string_view::npos) {
        return "it holds an '@' behind the host (in user and password write / as %2F, ? as %3F, @ as %40)";
    }
    const auto question = std::min(rest.find('?'), rest.size());
    out.path = rest.substr(0, question);
    out.query = rest.substr(std::min(question + 1, rest.size()));
    return std::nullopt;
}

reason read_credentials(std::string_view text, options& o) {
    if (text.empty()) return std::nullopt;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) {
        return "a user without a password (write :password@ for a password alone, user:@ for a user alone)";
    }
    const auto user = percent_decode(text.substr(0, colon));
    if (!user) return "the user has a '%' without two hexadecimal digits (a percent sign is written as %25)";
    const auto password = percent_decode(text.substr(colon + 1));
    if (!password) return "the password has a '%' without two hexadecimal digits (a percent sign is written as %25)";
    o.user = *user;
    o.password = *password;
    return std::nullopt;
}

// Takes "user:password@" off the front of the authority.
reason take_credentials(std::string_view& authority, options& o) {
    const auto at = authority.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    if (at != authority.rfind('@')) return "more than one '@' before the path (in user and password write it as %40)";
    if (auto wrong = read_credentials(authority.substr(0, at), o)) return wrong;
    authority.remove_prefix(at + 1);
    return std::nullopt;
}

// "/" and "" say nothing about the database.
reason read_database(std::string_view path, options& o, bool& given) {
    if (path.size() < 2) return std::nullopt;
    const auto digits = path.substr(1);
    const auto number = parse_number(digits);
    if (!number || digits.front() == '-' || *number > 2147483647) {
        return "the database is not a whole number in 0..2147483647";
    }
    o.database = static_cast<std::int32_t>(*number);
    given = true;
    return std::nullopt;
}

reason read_target(const url_parts& parts, options& o, bool& database_given) {
    auto authority = parts.authority;
    o.user.clear();
    o.password.clear();
    o.database = 0;
    const bool credentials = authority.find('@') != std::string_view::npos;
    if (auto wrong = take_credentials(authority, o)) return wrong;
    endpoint e{.host = "127.0.0.1"};
    if (parts.scheme == scheme::redis_unix) {
        if (!authority.empty()) return "a host before the path of the unix socket (write redis+unix:///path)";
        const auto path = percent_decode(parts.path);
        if (!path) return "the path has a '%' without two hexadecimal digits";
        if (auto wrong = read_socket_path(*path, e)) return wrong;
    } else {
        if (!authority.empty() || credentials) {  // "redis://" alone is the default address
            const auto host = percent_decode(authority);
            if (!host) return "the host has a '%' without two hexadecimal digits";
            if (auto wrong = read_tcp_endpoint(*host, e)) return wrong;
        }
        if (auto wrong = read_database(parts.path, o, database_given)) return wrong;
    }
    o.endpoints = {to_string(e)};
    return std::nullopt;
}

const field* find_parameter(std::string_view name) {
    for (const auto& f : fields()) {
        if (!f.parameter.empty() && f.parameter == name) return &f;
    }
    return nullptr;
}

std::string unknown_parameter(const std::string& name) {
    constexpr std::array<std::string_view, 6> credentials{"user", "username", "password", "pass", "auth", "passwd"};
    const std::string text = "unknown parameter " + in_quotes(name);
    if (std::find(credentials.begin(), credentials.end(), name) != credentials.end()) {
        return text + " (user and password stand before the host, user:password@)";
    }
    std::vector<std::string_view> known;
    std::string all;
    for (const auto& f : fields()) {
        if (f.parameter.empty()) continue;
        known.push_back(f.parameter);
        all.append(all.empty() ? "" : ", ").append(f.parameter);
    }
    const auto meant = nearest(lower(name), known);
    return meant.empty() ? text + " (known: " + all + ")" : text + " (did you mean " + std::string(meant) + "?)";
}

reason read_parameter(std::string_view text, parameter& out) {
    if (text.empty()) return "an empty parameter in the query";
    const auto equals = text.find('=');
    const auto name = percent_decode(text.substr(0, equals));
    if (!name) return "a parameter's name has a '%' without two hexadecimal digits";
    out.name = *name;
    if (find_parameter(*name) == nullptr) return unknown_parameter(*name);
    if (equals == std::string_view::npos) return "parameter " + *name + " has no value";
    const auto value = percent_decode(text.substr(equals + 1));
    if (!value) return "parameter " + *name + " has a '%' without two hexadecimal digits";
    if (value->empty()) return "parameter " + *name + " has no value";
    out.value = *value;
    return std::nullopt;
}

reason read_query(std::string_view query, std::vector<parameter>& out) {
    while (!query.empty()) {
        const auto end = query.find('&');
        parameter p;
        if (auto wrong = read_parameter(query.substr(0, end), p)) return wrong;
        for (const auto& earlier : out) {
            if (earlier.name == p.name) return "parameter " + p.name + " is given twice";
        }
        out.push_back(std::move(p));
        if (end == std::string_view::npos) return std::nullopt;
        query.remove_prefix(end + 1);
        if (query.empty()) return "an empty parameter in the query";
    }
    return std::nullopt;
}

}  // namespace

reason apply_url(options& o, std::string_view url) {
    url_parts parts;
    if (auto wrong = split(url, parts)) return wrong;
    bool database_given = false;
    if (auto wrong = read_target(parts, o, database_given)) return wrong;
    std::vector<parameter> parameters;
    if (auto wrong = read_query(parts.query, parameters)) return wrong;
    // In the order of the table, not of the URL: "queue_max" needs the limiter that "limit" makes.
    for (const auto& f : fields()) {
        if (f.parameter.empty()) continue;
        const auto given = std::find_if(parameters.begin(), parameters.end(),
                                        [&f](const parameter& p) { return p.name == f.parameter; });
        if (given == parameters.end()) continue;
        if (f.parameter == "db" && database_given) return "the database is given twice, as path and as parameter db";
        if (auto wrong = parse(f, o, given->value)) return given->name + ": " + *wrong;
    }
    return std::nullopt;
}

}  // namespace redoubt::core

namespace redoubt {

result<options> options::from_url(std::string_view url) {
    options o;
    if (auto wrong = core::apply_url(o, url)) return core::invalid("URL: " + *wrong);
    if (auto checked = validate(o); !checked) return checked.error();
    return o;
}

}  // namespace redoubt
