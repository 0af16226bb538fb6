// Clients of a test's server, and numbered payloads that show whose reply a reply is.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <redoubt/client.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "tools/support/redis_process.hpp"

namespace redoubt::test {

enum class transport { unix_socket, tcp };

inline const auto both_transports = testing::Values(transport::unix_socket, transport::tcp);
inline std::string transport_name(const testing::TestParamInfo<transport>& t) {
    return t.param == transport::tcp ? "tcp" : "unix_socket";
}

/// The suites of failures run a second time with the other way of reading.
inline options in_this_run(options o) {
    if (const char* const reader = std::getenv("REDOUBT_TEST_READ_BY")) {
        o.read_by = std::string_view(reader) == "io_thread" ? read_by::io_thread : read_by::caller;
    }
    return o;
}

inline options options_for(const lab::RedisProcess& server, transport t = transport::unix_socket) {
    options o;
    o.endpoints = {t == transport::tcp ? "127.0.0.1:" + std::to_string(server.port()) : "unix:" + server.unix_path()};
    return in_this_run(std::move(o));
}

/// A client that is connected, or an exception that says what stands in the way.
inline Client connected(const options& o) {
    auto client = Client::open(o).value();
    client.ready(std::chrono::seconds(10)).value();
    return client;
}

inline std::string payload(std::string_view who, std::uint64_t number) {
    return std::string(who) + '#' + std::to_string(number);
}

class Stopwatch {
public:
    std::chrono::milliseconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start_);
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace redoubt::test
