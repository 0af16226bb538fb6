// The table of failures. What is not in it is never repeated.
#include "core/stack/retry_class.hpp"

#include <algorithm>
#include <array>

namespace redoubt::core {

namespace {

using namespace std::chrono_literals;
using enum resilience::retry_class;

enum class unsent : bool { no, yes };

struct row {
    errc code;
    resilience::retry_class not_applied;
    resilience::retry_class unknown;
    unsent free = unsent::no;  // where it was not applied: nothing of use had left, so one repetition is free
    std::chrono::nanoseconds pause_min{};
    std::chrono::nanoseconds pause_max{};
};

constexpr std::array rows{
    // No connection came about.
    row{errc::resolve_failed, any, idempotent},
    row{errc::connect_failed, any, idempotent},
    row{errc::connect_timeout, any, idempotent},
    row{errc::max_clients, any, idempotent},
    // A connection ended. A command that had not left whole goes to the next one.
    row{errc::connection_lost, any, idempotent, unsent::yes},
    row{errc::write_failed, any, idempotent, unsent::yes},
    row{errc::protocol_error, any, idempotent, unsent::yes},
    row{errc::attempt_timeout, any, idempotent},
    // The server refuses for a state that will pass. Where the fate is unknown a script spoke, which can say anything.
    row{errc::loading, wait_state, never, unsent::no, 100ms, 1s},
    row{errc::master_down, wait_state, never, unsent::no, 100ms, 1s},
    row{errc::cluster_down, wait_state, never, unsent::no, 100ms, 1s},
    row{errc::try_again, wait_state, never, unsent::no, 50ms, 100ms},
    row{errc::read_only, any, never},
    row{errc::busy, any_once, never, unsent::no, 100ms},
    row{errc::no_replicas, any_once, never},
    row{errc::no_auth, any_once, never},
};

bool repeatable(command_flag flags, bool idempotent) noexcept {
    if (has(flags, command_flag::blocking | command_flag::connection_state)) return false;
    return idempotent || has(flags, command_flag::read_only);
}

}  // namespace

resilience::retry_failure read_failure(const error& why, command_flag flags, bool idempotent) noexcept {
    const auto* const found =
        std::find_if(rows.begin(), rows.end(), [&](const row& r) { return r.code == why.kind(); });
    if (found == rows.end() || why.fate() == fate::answered) return {};
    // Credentials that a dial was refused with are not tried again for one command.
    if (why.kind() == errc::no_auth && why.phase() != phase::reply) return {};
    const bool not_applied = why.fate() == fate::not_applied;
    return {.kind = not_applied ? found->not_applied : found->unknown,
            .unsent = not_applied && found->free == unsent::yes,
            .repeatable = repeatable(flags, idempotent),
            .pause_min = found->pause_min,
            .pause_max = found->pause_max};
}

}  // namespace redoubt::core
