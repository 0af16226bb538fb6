// The options that are neither numbers nor durations: how each is printed, checked and parsed.
#pragma once

#include "core/options/endpoint.hpp"

namespace redoubt::core {

std::string print_endpoints(const options&);
reason check_endpoints(const options&);

std::string print_user(const options&);
reason check_user(const options&);
reason parse_user(options&, std::string_view text);

std::string print_password(const options&);
reason check_password(const options&);
reason parse_password(options&, std::string_view text);

std::string print_app(const options&);
reason check_app(const options&);
reason parse_app(options&, std::string_view text);

std::string print_when_disconnected(const options&);
reason check_when_disconnected(const options&);
reason parse_when_disconnected(options&, std::string_view text);

std::string print_read_by(const options&);
reason check_read_by(const options&);
reason parse_read_by(options&, std::string_view text);

}  // namespace redoubt::core
