// Counting the lines of each kind.
#include "core/log_gate.hpp"

#include <algorithm>
#include <utility>

namespace redoubt::core {

std::optional<std::uint64_t> LogGate::admit(std::string_view kind, std::string_view node, std::int64_t now_ns) {
    auto& t = tally_of(kind, node, now_ns);
    t.last_ns = now_ns;
    if (now_ns - t.since_ns >= span_ns) {
        t.since_ns = now_ns;
        t.written = 0;
    }
    if (t.written == lines_max) {
        ++t.suppressed;
        return std::nullopt;
    }
    ++t.written;
    return std::exchange(t.suppressed, 0);
}

LogGate::tally& LogGate::tally_of(std::string_view kind, std::string_view node, std::int64_t now_ns) {
    const auto known = std::find_if(tallies_.begin(), tallies_.end(),
                                    [&](const tally& t) { return t.node == node && t.kind == kind; });
    if (known != tallies_.end()) return *known;
    tally fresh{.kind = std::string(kind), .node = std::string(node), .since_ns = now_ns, .last_ns = now_ns};
    if (tallies_.size() < kinds_max) return tallies_.emplace_back(std::move(fresh));
    auto& quiet = *std::min_element(tallies_.begin(), tallies_.end(),
                                    [](const tally& a, const tally& b) { return a.last_ns < b.last_ns; });
    return quiet = std::move(fresh);
}

}  // namespace redoubt::core
