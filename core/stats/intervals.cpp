// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/intervals.h"

#include <algorithm>
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

} // namespace moescope
