// The table of ends.
#include "core/stack/breaker_outcome.hpp"

namespace redoubt::core {

using resilience::call_outcome;

// Without a default: the compiler asks for a decision about each new code.
call_outcome breaker_outcome(const error& why, command_flag flags) noexcept {
    switch (why.kind()) {
        case errc::loading:
        case errc::master_down:
        case errc::busy:
            // A script can answer any words. The server's own would say the same, but there is no telling.
            return why.partial() ? call_outcome::ignored : call_outcome::failure;
        // Its time runs only while the command is with a connection.
        case errc::attempt_timeout: return call_outcome::failure;
        case errc::deadline_exceeded: {
            // A command that waits on the server may well outlast its deadline there, and all is well.
            const bool answer_was_due = why.fate() == fate::unknown && !has(flags, command_flag::blocking);
            return answer_was_due ? call_outcome::failure : call_outcome::ignored;
        }

        case errc::server_error:
        case errc::wrong_type:
        case errc::reply_type:
        case errc::reply_range: return call_outcome::success;

        // Answers about roles, slots, rights and resources.
        case errc::moved:
        case errc::ask:
        case errc::try_again:
        case errc::cluster_down:
        case errc::read_only:
        case errc::out_of_memory:
        case errc::misconf:
        case errc::no_replicas:
        case errc::no_auth:
        case errc::wrong_pass:
        case errc::no_perm:
        case errc::no_script:
        case errc::unblocked:
        case errc::denied:
        case errc::io_error:
        case errc::exec_abort:
        // Events of a connection.
        case errc::max_clients:
        case errc::not_connected:
        case errc::resolve_failed:
        case errc::connect_failed:
        case errc::connect_timeout:
        case errc::handshake_failed:
        case errc::reconnect_exhausted:
        case errc::connection_lost:
        case errc::write_failed:
        case errc::protocol_error:
        case errc::reply_limit:
        // Ends of our own making.
        case errc::closed:
        case errc::forked:
        case errc::would_deadlock:
        case errc::cancelled:
        case errc::limiter_full:
        case errc::connection_full:
        case errc::breaker_open:
        case errc::invalid_option:
        case errc::needs_dedicated:
        case errc::refused_command:
        case errc::invalid_command:
        case errc::no_resources: return call_outcome::ignored;
    }
    return call_outcome::ignored;
}

}  // namespace redoubt::core
