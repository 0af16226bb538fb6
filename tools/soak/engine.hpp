// The soak of the engine: rounds of users, trouble and closed clients, and what must hold in each.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tools/soak/echo_server.hpp"

namespace redoubt::lab {

struct soak_options {
    std::chrono::milliseconds length{60'000};
    std::chrono::milliseconds round{2'000};
    std::chrono::milliseconds margin{500};      ///< how far past its deadline a call may end
    std::chrono::milliseconds patience{5'000};  ///< deadline of calls that are not meant to be short of time
    std::uint64_t seed = 1;
    bool json = false;
    std::string venue = {};                       ///< this one only
    std::string weather = {};                     ///< this one only
    EchoServer::lie lie = EchoServer::lie::none;  ///< of the echo server, to show that the soak finds out
};

/// 0: nothing was violated; 1: something was, and has been named; 3: could not run.
int run_engine_soak(const soak_options& options);

}  // namespace redoubt::lab
