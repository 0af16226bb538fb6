// The table of error codes of a server.
#include "core/protocol/server_error.hpp"

#include <algorithm>
#include <array>

namespace redoubt::core {

namespace {

// What a code proves when it answers a script, whose author may have written any text.
enum class in_script : std::uint8_t { as_plain, unknown };

struct row {
    std::string_view code;
    errc meaning;
    fate plain;
    in_script script;
};

constexpr std::array rows{
    row{"MOVED", errc::moved, fate::not_applied, in_script::unknown},
    row{"ASK", errc::ask, fate::not_applied, in_script::unknown},
    row{"TRYAGAIN", errc::try_again, fate::not_applied, in_script::unknown},
    row{"CLUSTERDOWN", errc::cluster_down, fate::not_applied, in_script::unknown},
    row{"LOADING", errc::loading, fate::not_applied, in_script::unknown},
    row{"READONLY", errc::read_only, fate::not_applied, in_script::unknown},
    row{"MASTERDOWN", errc::master_down, fate::not_applied, in_script::unknown},
    row{"BUSY", errc::busy, fate::not_applied, in_script::unknown},
    row{"OOM", errc::out_of_memory, fate::not_applied, in_script::unknown},
    row{"MISCONF", errc::misconf, fate::not_applied, in_script::unknown},
    row{"NOREPLICAS", errc::no_replicas, fate::not_applied, in_script::unknown},
    row{"NOAUTH", errc::no_auth, fate::not_applied, in_script::unknown},
    row{"WRONGPASS", errc::wrong_pass, fate::not_applied, in_script::unknown},
    row{"NOPERM", errc::no_perm, fate::not_applied, in_script::unknown},
    row{"NOSCRIPT", errc::no_script, fate::not_applied, in_script::as_plain},
    row{"UNBLOCKED", errc::unblocked, fate::not_applied, in_script::unknown},
    row{"DENIED", errc::denied, fate::not_applied, in_script::unknown},
    row{"IOERR", errc::io_error, fate::not_applied, in_script::unknown},
    row{"EXECABORT", errc::exec_abort, fate::not_applied, in_script::unknown},
    row{"WRONGTYPE", errc::wrong_type, fate::answered, in_script::as_plain},
};

constexpr std::string_view refused_clients = "ERR max number of clients";

// A script that writes on a replica is stopped by the server itself, which then names script and place:
// "… script: <name>, on @user_script:<line>." at the very end.
bool stopped_by_server(std::string_view text) noexcept {
    constexpr std::string_view before_name = " script: ";
    const auto name = text.rfind(before_name);
    if (name == std::string_view::npos || !text.ends_with('.')) return false;
    const auto words = text.substr(name + before_name.size());
    const auto place = words.find(", on @");
    return place != std::string_view::npos && std::count(words.begin(), words.end(), ' ') == 2 &&
           words.find(' ') == place + 1;
}

}  // namespace

server_error_meaning read_server_error(std::string_view text, command_flag flags) noexcept {
    const bool script = has(flags, command_flag::script);
    if (!script && text.starts_with(refused_clients)) return {errc::max_clients, fate::not_applied, false};
    const auto word = text.substr(0, text.find(' '));
    const auto* const found = std::find_if(rows.begin(), rows.end(), [word](const row& r) { return r.code == word; });
    if (found == rows.end()) return {errc::server_error, fate::answered, script};
    // EXEC is the one of them that changes the connection's state, and EXECABORT is the server's own word for it.
    const bool exec = script && has(flags, command_flag::connection_state);
    if (!script || (exec && found->meaning == errc::exec_abort)) return {found->meaning, found->plain, false};
    if (found->plain == fate::answered) return {found->meaning, fate::answered, true};
    if (found->script == in_script::as_plain) return {found->meaning, found->plain, false};
    if (found->meaning == errc::read_only && stopped_by_server(text)) return {found->meaning, fate::not_applied, false};
    return {found->meaning, fate::unknown, true};
}

}  // namespace redoubt::core
