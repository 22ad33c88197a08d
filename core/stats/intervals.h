// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace moescope {

struct Interval {
    double lo = 0;
    double hi = 0;
};

inline constexpr double kZ95 = 1.959963984540054;

/// Wilson score interval of a proportion; `n` may be an effective size. n <= 0 gives [0, 1]. With zero hits the upper
/// bound is z²/(n+z²).
Interval wilson(double hits, double n, double z = kZ95);
/// Empirical quantile with linear interpolation between order statistics; `q` in [0, 1]; `values` may
/// be unsorted. NaN when there are no values or one of them is NaN.
double quantile(std::span<const double> values, double q);
double mean(std::span<const double> values); ///< NaN of no values
double standardDeviation(std::span<const double> values); ///< sample SD (n - 1); 0 for n < 2

/// 95 % interval of the mean of a few independent values, by Student's t; NaN with fewer than two.
Interval meanInterval(std::span<const double> values);

} // namespace moescope
