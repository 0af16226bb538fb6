// The known name nearest to a mistyped one, by edit distance.
#include "core/options/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace redoubt::core {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest(std::string_view typed, std::span<const std::string_view> known) {
    constexpr std::size_t longest = 64;  // Nothing longer is a slip of the finger, and the work is quadratic.
    if (typed.size() > longest) return {};
    std::string_view best;
    std::size_t best_distance = longest;
    for (const auto name : known) {
        const std::size_t distance = edit_distance(typed, name);
        if (distance < best_distance && distance * 3 <= std::max(typed.size(), name.size())) {
            best = name;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace redoubt::core
