// Which lines get through to the log, so that nothing can flood it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::core {

/// Pure. Of one kind of line about one node, `lines_max` get through within each `span_ns`, which begins with the first
/// of them. It remembers `kinds_max` kinds; beyond them the one that was quiet longest is forgotten, and counts anew.
class LogGate {
public:
    static constexpr std::uint64_t lines_max = 5;
    static constexpr std::int64_t span_ns = 10'000'000'000;
    static constexpr std::size_t kinds_max = 256;

    /// nullopt: suppress it. Else let it through, and say how many of its kind were suppressed since the last one.
    std::optional<std::uint64_t> admit(std::string_view kind, std::string_view node, std::int64_t now_ns);

private:
    struct tally {
        std::string kind;
        std::string node;
        std::int64_t since_ns = 0;
        std::int64_t last_ns = 0;
        std::uint64_t written = 0;  // within this span
        std::uint64_t suppressed = 0;
    };
    tally& tally_of(std::string_view kind, std::string_view node, std::int64_t now_ns);

    std::vector<tally> tallies_;
};

}  // namespace redoubt::core
