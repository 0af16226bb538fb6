// Endpoints: "host:port", "[v6]:port" and "unix:/path", and the names that errors and statistics use.
#include "core/options/endpoint.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>

#include "core/options/invalid.hpp"
#include "core/options/percent.hpp"
#include "core/options/value_text.hpp"

namespace redoubt::core {

namespace {

constexpr std::size_t host_bytes_max = 253;                                // RFC 1035
constexpr std::size_t zone_bytes_max = 15;                                 // IFNAMSIZ without its NUL
constexpr std::size_t path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;  // its NUL

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_name_character(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' || c == '_' || c == '.';
}

reason read_port(std::string_view text, endpoint& out) {
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
    const auto port = digits ? parse_number(text) : std::nullopt;
    if (!port || *port < 1 || *port > 65535) return "the port is not a whole number in 1..65535";
    out.port = static_cast<std::uint16_t>(*port);
    return std::nullopt;
}

reason read_name(std::string_view host, endpoint& out) {
    if (host.empty()) return "the host is empty";
    if (host.size() > host_bytes_max) return "the host is longer than 253 bytes";
    if (!std::all_of(host.begin(), host.end(), is_name_character)) {
        return "the host has a character other than letters, digits and \"-_.\" (an international name is written in "
               "its ASCII form)";
    }
    if (host.front() == '-' || host.front() == '.' || host.find("..") != std::string_view::npos) {
        return "the host has an empty label or begins with '-'";
    }
    out.host.assign(host);
    std::transform(out.host.begin(), out.host.end(), out.host.begin(), to_lower);
    // Old resolver functions read "10.1" as 10.0.0.1 and "010" as 8: only the usual form is taken for an address.
    in_addr address{};
    if (std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; }) &&
        ::inet_pton(AF_INET, out.host.c_str(), &address) != 1) {
        return "the host is not an IPv4 address of four numbers in 0..255";
    }
    return std::nullopt;
}

reason read_address_v6(std::string_view text, endpoint& out) {
    const auto percent = text.find('%');
    const std::string address(text.substr(0, percent));
    in6_addr bytes{};
    // An embedded NUL would end the text early for inet_pton.
    if (address.find('\0') != std::string::npos || ::inet_pton(AF_INET6, address.c_str(), &bytes) != 1) {
        return "what stands in brackets is not an IPv6 address";
    }
    char shortest[INET6_ADDRSTRLEN]{};
    ::inet_ntop(AF_INET6, &bytes, shortest, sizeof shortest);
    out.host = shortest;
    if (percent == std::string_view::npos) return std::nullopt;
    const auto zone = text.substr(percent + 1);
    if (zone.empty() || zone.size() > zone_bytes_max || !std::all_of(zone.begin(), zone.end(), is_name_character)) {
        return "the zone of the IPv6 address is not the name of an interface";
    }
    out.host.append("%").append(zone);
    return std::nullopt;
}

}  // namespace

reason read_tcp_endpoint(std::string_view text, endpoint& out) {
    out = endpoint{};
    if (text.empty()) return "the host is empty";
    if (text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return "the bracket of the IPv6 address is not closed";
        if (auto wrong = read_address_v6(text.substr(1, close - 1), out)) return wrong;
        const auto rest = text.substr(close + 1);
        if (rest.empty()) return std::nullopt;
        if (rest.front() != ':') return "only \":port\" may follow the bracket of an IPv6 address";
        return read_port(rest.substr(1), out);
    }
    const auto colon = text.find(':');
    if (colon != text.rfind(':')) return "more than one ':' (an IPv6 address stands in brackets, as in [::1]:6379)";
    if (auto wrong = read_name(text.substr(0, colon), out)) return wrong;
    return colon == std::string_view::npos ? std::nullopt : read_port(text.substr(colon + 1), out);
}

reason read_socket_path(std::string_view path, endpoint& out) {
    out = endpoint{.kind = endpoint::kind::unix_socket, .port = 0};
    if (path.empty() || path.front() != '/') return "the path of the unix socket is not absolute (it begins with '/')";
    if (path.size() < 2) return "the path of the unix socket is empty";
    // "unix://user:password@/path" looks like a URL to whoever wrote it.
    if (path[1] == '/') return "the path of the unix socket begins with two slashes";
    if (path.find('\0') != std::string_view::npos) return "the path of the unix socket holds a NUL";
    if (path.size() > path_bytes_max) {
        return "the path of the unix socket is longer than " + std::to_string(path_bytes_max) + " bytes";
    }
    out.path.assign(path);
    return std::nullopt;
}

reason read_endpoint(std::string_view text, endpoint& out) {
    constexpr std::string_view unix_prefix = "unix:";
    if (text.starts_with(unix_prefix)) return read_socket_path(text.substr(unix_prefix.size()), out);
    if (text.find("://") != std::string_view::npos) return "it is a URL, which options::from_url takes";
    if (text.starts_with('/')) return "a unix socket is written as unix:/path";
    if (text.find('@') != std::string_view::npos) return "it holds an '@' (user and password are options of their own)";
    return read_tcp_endpoint(text, out);
}

}  // namespace redoubt::core

namespace redoubt {

result<endpoint> parse_endpoint(std::string_view text) {
    endpoint out;
    if (auto wrong = core::read_endpoint(text, out)) return core::invalid("endpoint: " + *wrong);
    return out;
}

std::string to_string(const endpoint& e) {
    if (e.kind == endpoint::kind::unix_socket) return "unix:" + e.path;
    const bool v6 = e.host.find(':') != std::string::npos;
    return (v6 ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
}

std::string node_name(const endpoint& e) {
    if (e.kind == endpoint::kind::unix_socket) return "redis+unix://" + core::percent_encode(e.path, "/");
    const bool v6 = e.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + core::percent_encode(e.host, ":") + "]" : core::percent_encode(e.host);
    return "redis://" + host + ":" + std::to_string(e.port);
}

}  // namespace redoubt
