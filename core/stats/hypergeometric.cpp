// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/hypergeometric.h"

#include <algorithm>
#include <cmath>

#include <boost/math/special_functions/gamma.hpp>

namespace moescope {

namespace {

// Far above what rounding adds to a sum of probabilities, far below any probability that matters.
constexpr double kRounding = 1e-12;

double logFactorial(std::uint64_t n)
{
    return boost::math::lgamma(static_cast<double>(n) + 1.0);
}

double logChoose(std::uint64_t n, std::uint64_t k)
{
    return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/// Possible overlaps; sets larger than the population are taken as the whole of it.
struct Support {
    std::uint64_t population;
    std::uint64_t first;
    std::uint64_t second;
    std::uint64_t lo;
    std::uint64_t hi;
};

Support supportOf(const OverlapNull& null)
{
    Support s{null.population, std::min(null.first, null.population),
        std::min(null.second, null.population), 0, 0};
    s.hi = std::min(s.first, s.second);
    const std::uint64_t outside = s.population - s.first;
    s.lo = s.second > outside ? s.second - outside : 0;
    return s;
}

double jaccard(const Support& s, std::uint64_t overlap)
{
    const std::uint64_t together = s.first + s.second - overlap;
    return together == 0 ? 0 : static_cast<double>(overlap) / static_cast<double>(together);
}

} // namespace

double OverlapNull::mean() const
{
    const Support s = supportOf(*this);
    return s.population == 0 ? 0
                             : static_cast<double>(s.first) * static_cast<double>(s.second)
            / static_cast<double>(s.population);
}

double OverlapNull::probability(std::uint64_t overlap) const
{
    const Support s = supportOf(*this);
    if (overlap < s.lo || overlap > s.hi)
        return 0;
    if (s.lo == s.hi)
        return 1;
    return std::exp(logChoose(s.first, overlap)
        + logChoose(s.population - s.first, s.second - overlap)
        - logChoose(s.population, s.second));
}

double OverlapNull::atLeast(std::uint64_t overlap) const
{
    const Support s = supportOf(*this);
    if (overlap <= s.lo)
        return 1;
    double sum = 0;
    // From the far end, where the terms are smallest.
    for (std::uint64_t o = s.hi + 1; o-- > overlap;)
        sum += probability(o);
    return std::min(sum, 1.0);
}

std::uint64_t OverlapNull::quantile(double q) const
{
    const Support s = supportOf(*this);
    double sum = 0;
    for (std::uint64_t o = s.lo; o < s.hi; ++o) {
        sum += probability(o);
        if (sum >= q - kRounding)
            return o;
    }
    return s.hi;
}

Interval OverlapNull::jaccardBand() const
{
    // The index rises with the overlap, so its quantiles are those of the overlap.
    const Support s = supportOf(*this);
    return {jaccard(s, quantile(0.025)), jaccard(s, quantile(0.975))};
}

double OverlapNull::jaccardMean() const
{
    const Support s = supportOf(*this);
    double sum = 0;
    for (std::uint64_t o = s.lo; o <= s.hi; ++o)
        sum += probability(o) * jaccard(s, o);
    return sum;
}

double expectedDistinct(std::uint64_t experts, std::uint64_t k, std::uint64_t tokens)
{
    if (experts == 0)
        return 0;
    const double share = std::min(1.0, static_cast<double>(k) / static_cast<double>(experts));
    return static_cast<double>(experts) * (1 - std::pow(1 - share, static_cast<double>(tokens)));
}

} // namespace moescope
