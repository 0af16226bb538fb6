// The tables of verdicts.
#include "core/pool/verdicts.hpp"

namespace redoubt::core {

std::optional<resilience::probe_answer> probe_verdict(const error& why) noexcept {
    using resilience::probe_answer;
    switch (why.kind()) {
        case errc::loading:
        case errc::busy:
        case errc::master_down: return probe_answer::quarantined;
        case errc::connection_full:
        case errc::limiter_full:
        case errc::breaker_open:
        case errc::no_resources:
        case errc::cancelled:
        case errc::closed: return std::nullopt;
        default: break;
    }
    // Any other answer proves it alive, whatever its words.
    const bool answered = why.phase() == phase::reply && why.fate() != fate::unknown;
    return answered ? probe_answer::alive : probe_answer::failed;
}

lease_verdict judge_lease(const error& why) noexcept {
    if (why.phase() != phase::reply || why.partial()) return lease_verdict::keep;
    switch (why.kind()) {
        case errc::read_only:
        case errc::no_auth: return lease_verdict::leave;
        case errc::denied: return lease_verdict::close;
        case errc::unblocked:
            return why.text().find("instance state changed") != std::string_view::npos ? lease_verdict::close
                                                                                       : lease_verdict::keep;
        default: return lease_verdict::keep;
    }
}

error closed_by_its_server(const error& answer) {
    return {errc::connection_lost,
            fate::unknown,
            phase::reply,
            {.node = std::string(answer.node()), .text = "the server answered: " + std::string(answer.text())}};
}

}  // namespace redoubt::core
