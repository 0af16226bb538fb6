// The figures of the scenes with a server in trouble, and what is promised about them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/support/call_tally.hpp"
#include "tools/support/json.hpp"
#include "tools/support/ledger.hpp"

namespace redoubt::lab {

/// The server is killed, stays away, and comes back.
struct outage_figures {
    tally_figures calls;
    judgement ledger;
    std::optional<double> first_success_ms;  ///< since the server accepts connections again; nothing: there was none
    std::uint64_t dials = 0;                 ///< from the kill to the first success
    double away_s = 0;                       ///< from the kill until connections are accepted
    std::uint64_t log_lines = 0;

    boost::json::object json() const;
    /// One sentence for each promise that does not hold: back within a second; at most 8 + 5 dials a second; nothing
    /// twice, nothing lost, every fate true; no call late; every reply the caller's own; fewer than 20 log lines.
    std::vector<std::string> promises_broken() const;
};

/// The server stops answering, keeps its connections, and goes on.
struct hang_figures {
    tally_figures calls;
    std::optional<double> first_success_ms;  ///< since it goes on

    boost::json::object json() const;
    /// No call late, every reply the caller's own, back within a second.
    std::vector<std::string> promises_broken() const;
};

/// The server has no place left for another connection.
struct full_figures {
    tally_figures calls;
    std::optional<double> first_success_ms;  ///< since the others left
    std::uint64_t dials = 0;                 ///< from the loss of the connection to the first success
    double full_s = 0;

    boost::json::object json() const;
    /// Errors say why; at most 8 + 5 dials a second; back within a second; no call late; every reply the caller's own.
    std::vector<std::string> promises_broken() const;
};

}  // namespace redoubt::lab
