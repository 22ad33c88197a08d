// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/intervals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace moescope {

namespace {
constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
}

Interval wilson(double hits, double n, double z)
{
    if (!(n > 0) || !std::isfinite(n) || !std::isfinite(hits))
        return {0, 1};
    // E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    const double p = std::clamp(hits / n, 0.0, 1.0);
    const double zz = z * z / n;
    const double centre = (p + zz / 2) / (1 + zz);
    const double half = z / (1 + zz) * std::sqrt(p * (1 - p) / n + zz / (4 * n));
    // The two ends are exact by algebra and must not miss 0 and 1 by rounding.
    return {
        p <= 0 ? 0.0 : std::max(0.0, centre - half), p >= 1 ? 1.0 : std::min(1.0, centre + half)};
}

double quantile(std::span<const double> values, double q)
{
    if (values.empty() || std::isnan(q)
        || std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
        return kNotANumber;
    std::vector<double> sorted(values.begin(), values.end());
    std::sort(sorted.begin(), sorted.end());
    const double position = std::clamp(q, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const double fraction = position - static_cast<double>(below);
    if (fraction <= 0 || below + 1 >= sorted.size())
        return sorted[below];
    return std::lerp(sorted[below], sorted[below + 1], fraction);
}

double mean(std::span<const double> values)
{
    if (values.empty())
        return kNotANumber;
    double sum = 0;
    for (const double value : values)
        sum += value;
    return sum / static_cast<double>(values.size());
}

double standardDeviation(std::span<const double> values)
{
    if (values.size() < 2)
        return 0;
    const double centre = mean(values);
    double squares = 0;
    for (const double value : values)
        squares += (value - centre) * (value - centre);
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

Interval meanInterval(std::span<const double> values)
{
    if (values.size() < 2)
        return {kNotANumber, kNotANumber};
    constexpr std::array kFew = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
        2.2622, 2.2281}; // quantiles of Student's t at 0.975 for one degree of freedom and more
    const std::size_t degrees = values.size() - 1;
    const double v = static_cast<double>(degrees);
    const double z = kZ95;
    // Beyond the table, R. A. Fisher and E. A. Cornish (1960).
    const double t = degrees <= kFew.size()
        ? kFew[degrees - 1]
        : z + z * (z * z + 1) / (4 * v) + z * (5 * z * z * z * z + 16 * z * z + 3) / (96 * v * v);
    const double half
        = t * standardDeviation(values) / std::sqrt(static_cast<double>(values.size()));
    const double centre = mean(values);
    return {centre - half, centre + half};
}

} // namespace moescope
