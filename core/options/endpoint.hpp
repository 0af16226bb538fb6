// Endpoints taken apart, with the reason apart from its prefix.
#pragma once

#include <optional>
#include <redoubt/options.hpp>
#include <string>
#include <string_view>

namespace redoubt::core {

/// What is wrong, without the name of what it is wrong in; nothing: all is well.
using reason = std::optional<std::string>;

/// Puts an endpoint together from text into `out`. The reason quotes nothing of the text, which may hold credentials.
reason read_endpoint(std::string_view text, endpoint& out);

/// The same for "host:port" and its like.
reason read_tcp_endpoint(std::string_view text, endpoint& out);

/// The same for the path of a unix socket.
reason read_socket_path(std::string_view path, endpoint& out);

}  // namespace redoubt::core
