// What an error reply means: its code, and whether the server may have run the command.
#pragma once

#include <redoubt/command.hpp>
#include <redoubt/error.hpp>
#include <string_view>

namespace redoubt::core {

struct server_error_meaning {
    errc code = errc::server_error;
    redoubt::fate fate = fate::answered;
    bool partial = false;  // a script or module may have changed something before
};

/// Reads the first word of an error reply (the code is the whole word: BUSYGROUP is not BUSY) in the light of the
/// command that it answers: a script can answer any text, so inside one a state code proves nothing.
server_error_meaning read_server_error(std::string_view text, command_flag flags) noexcept;

}  // namespace redoubt::core
