// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/hypergeometric.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/special_functions/gamma.hpp>

#include "core/base/random.h"

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

/// What is left to come when this little is missing cannot be seen in a double.
constexpr double kSettled = 1e-16;

/// The count as a Markov chain: with d experts used, a k-subset adds as many as it has of the other
/// E - d.
std::vector<double> exactDistinct(const DistinctNull& null)
{
    const std::size_t experts = null.experts;
    const std::size_t k = std::min(null.k, null.experts);
    std::vector<double> added((experts + 1) * (k + 1));
    for (std::size_t d = 0; d <= experts; ++d)
        for (std::size_t j = 0; j <= k; ++j)
            added[d * (k + 1) + j] = OverlapNull{experts, experts - d, k}.probability(j);
    std::vector<double> p(experts + 1);
    p[0] = 1;
    for (std::uint64_t t = 0; t < null.tokens; ++t) {
        std::vector<double> next(experts + 1);
        next[experts] = p[experts];
        double open = 0;
        for (std::size_t d = 0; d < experts; ++d) {
            for (std::size_t j = 0; j <= std::min(k, experts - d); ++j)
                next[d + j] += p[d] * added[d * (k + 1) + j];
            open += p[d];
        }
        if (open < kSettled)
            break;
        p = std::move(next);
    }
    return p;
}

/// The first `count` of `values` become a random subset of all of them.
void shuffleFront(std::vector<std::size_t>& values, std::size_t count, Random& random)
{
    for (std::size_t i = 0; i < count; ++i)
        std::swap(values[i], values[i + random.below(values.size() - i)]);
}

std::vector<double> simulatedDistinct(const DistinctNull& null)
{
    constexpr std::uint64_t kReplicates = 4000;
    const std::size_t experts = null.experts;
    const std::size_t size = experts / null.groups;
    const std::size_t k = std::min<std::size_t>(null.k, size * null.keptGroups);
    std::vector<std::size_t> groups(null.groups);
    std::iota(groups.begin(), groups.end(), std::size_t{0});
    std::vector<std::size_t> open(size * null.keptGroups);
    std::vector<double> p(experts + 1);
    for (std::uint64_t r = 0; r < kReplicates; ++r) {
        Random random = Random::stream(1, 0x64697374, null.tokens, r);
        std::vector<bool> used(experts);
        std::size_t distinct = 0;
        for (std::uint64_t t = 0; t < null.tokens && distinct < experts; ++t) {
            shuffleFront(groups, null.keptGroups, random);
            for (std::size_t i = 0; i < open.size(); ++i)
                open[i] = groups[i / size] * size + i % size;
            shuffleFront(open, k, random);
            for (std::size_t i = 0; i < k; ++i) {
                distinct += !used[open[i]];
                used[open[i]] = true;
            }
        }
        p[distinct] += 1.0 / kReplicates;
    }
    return p;
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

std::vector<double> DistinctNull::distribution() const
{
    const bool limited = keptGroups >= 1 && keptGroups < groups && experts % groups == 0;
    return limited ? simulatedDistinct(*this) : exactDistinct(*this);
}

Interval bandOf(const std::vector<double>& distribution)
{
    const auto at = [&](double q) {
        double sum = 0;
        for (std::size_t i = 0; i < distribution.size(); ++i)
            if ((sum += distribution[i]) >= q - kRounding)
                return static_cast<double>(i);
        return distribution.empty() ? 0.0 : static_cast<double>(distribution.size() - 1);
    };
    return {at(0.025), at(0.975)};
}

} // namespace moescope
