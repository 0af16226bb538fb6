// Figures from samples: median, quantiles, harmonic mean.
#pragma once

#include <span>
#include <vector>

namespace redoubt::lab {

/// The q-quantile (0 to 1) with linear interpolation between neighbours; 0 for no samples.
double quantile(std::vector<double> samples, double q);
inline double median(std::vector<double> samples) { return quantile(std::move(samples), 0.5); }
/// The rate of a mixture whose parts, in equal numbers, run at these rates; 0 when one of them is not above 0.
double harmonic_mean(std::span<const double> rates);

struct spread {
    double median = 0;
    double min = 0;
    double max = 0;
};
spread spread_of(const std::vector<double>& samples);

}  // namespace redoubt::lab
