// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/spectra/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

// Marchenko and Pastur, "Distribution of eigenvalues for some sets of random matrices" (1967). With
// x = 1 + c + 2√c cosθ the eigenvalue of WWᵀ/max(m,n), everything above the angle φ has a closed
// form: φ = 0 is the largest eigenvalue, φ = π the smallest.

namespace moescope {

namespace {

constexpr double kPi = std::numbers::pi;

double energyAbove(double phi)
{
    return (phi - std::sin(phi) * std::cos(phi)) / kPi;
}

/// Share of the singular values that lie above φ.
double countAbove(double phi, double c)
{
    const double root = std::sqrt(c);
    const double arc = std::atan((1 - root) / (1 + root) * std::tan(phi / 2));
    const double share = ((1 + c) * phi - 2 * (1 - c) * arc) / (2 * c) - std::sin(phi) / root;
    return std::clamp(share / kPi, 0.0, 1.0);
}

/// The φ in [lo, π] where the growing function f reaches `target`.
template <typename Function>
double solve(double target, double lo, const Function& f)
{
    double hi = kPi;
    for (int i = 0; i < 200; ++i) {
        const double middle = (lo + hi) / 2;
        if (middle <= lo || middle >= hi)
            break;
        (f(middle) < target ? lo : hi) = middle;
    }
    return (lo + hi) / 2;
}

double aspect(std::size_t m, std::size_t n)
{
    return static_cast<double>(std::min(m, n)) / static_cast<double>(std::max(m, n));
}

} // namespace

double marchenkoPasturRank(std::size_t m, std::size_t n, double share)
{
    if (m == 0 || n == 0 || !(share > 0))
        return 0;
    const auto order = static_cast<double>(std::min(m, n));
    if (share >= 1)
        return order;
    const double phi = solve(share, 0, energyAbove);
    return order * countAbove(phi, aspect(m, n));
}

std::vector<double> marchenkoPasturSpectrum(std::size_t m, std::size_t n)
{
    const std::size_t order = std::min(m, n);
    std::vector<double> values(order);
    const double c = order == 0 ? 1 : aspect(m, n);
    const double total = static_cast<double>(m) * static_cast<double>(n);
    double phi = 0;
    double above = 0;
    for (std::size_t j = 0; j < order; ++j) {
        const double target = static_cast<double>(j + 1) / static_cast<double>(order);
        phi = j + 1 == order ? kPi : solve(target, phi, [c](double x) { return countAbove(x, c); });
        const double next = energyAbove(phi);
        values[j] = std::sqrt(std::max(0.0, next - above) * total);
        above = next;
    }
    return values;
}

} // namespace moescope
