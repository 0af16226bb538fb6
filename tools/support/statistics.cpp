// Figures from samples.
#include "tools/support/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace redoubt::lab {

double quantile(std::vector<double> samples, double q) {
    if (samples.empty()) return 0;
    std::sort(samples.begin(), samples.end());
    const auto position = std::clamp(q, 0.0, 1.0) * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const auto above = std::min(below + 1, samples.size() - 1);
    return std::lerp(samples[below], samples[above], position - static_cast<double>(below));
}

double harmonic_mean(std::span<const double> rates) {
    double sum = 0;
    for (const double rate : rates) {
        if (rate <= 0) return 0;
        sum += 1 / rate;
    }
    return rates.empty() ? 0 : static_cast<double>(rates.size()) / sum;
}

spread spread_of(const std::vector<double>& samples) {
    return {quantile(samples, 0.5), quantile(samples, 0), quantile(samples, 1)};
}

}  // namespace redoubt::lab
