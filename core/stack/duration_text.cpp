// Durations as people write them.
#include "core/stack/duration_text.hpp"

#include <array>
#include <utility>

namespace redoubt::core {

std::string duration_text(std::chrono::nanoseconds d) {
    using std::chrono::nanoseconds;
    if (d.count() == 0) return "none";
    static constexpr std::array<std::pair<std::int64_t, const char*>, 6> units{{{3'600'000'000'000, "h"},
                                                                                {60'000'000'000, "min"},
                                                                                {1'000'000'000, "s"},
                                                                                {1'000'000, "ms"},
                                                                                {1'000, "us"},
                                                                                {1, "ns"}}};
    for (const auto& [size, name] : units) {
        if (d.count() % size == 0) return std::to_string(d.count() / size) + name;
    }
    return {};
}

std::string rounded_duration_text(std::chrono::nanoseconds d) {
    using namespace std::chrono_literals;
    const std::chrono::nanoseconds step = d < 1s ? 1ms : d < 10s ? 100ms : 1s;
    const auto rounded = (d + step / 2) / step * step;
    return rounded.count() > 0 ? duration_text(rounded) : "0ms";
}

}  // namespace redoubt::core
