// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/stats/intervals.h"

namespace moescope {

/// Overlap of two random subsets of sizes a and b of E things: P(o) = C(a,o) C(E-a,b-o) / C(E,b). A set
/// larger than the population counts as all of it; two empty sets overlap by 0.
struct OverlapNull {
    std::uint64_t population = 0; ///< E
    std::uint64_t first = 0; ///< a
    std::uint64_t second = 0; ///< b

    double mean() const; ///< a·b/E
    double probability(std::uint64_t overlap) const;
    double atLeast(std::uint64_t overlap) const; ///< P(o >= overlap)
    double any() const { return atLeast(1); }
    std::uint64_t quantile(double q) const; ///< smallest o with P(<= o) >= q
    /// 95 % band of |A∩B| / |A∪B|.
    Interval jaccardBand() const;
    double jaccardMean() const;
};

/// Expected number of distinct experts after `tokens` independent uniform k-subsets: E(1-(1-k/E)^tokens).
double expectedDistinct(std::uint64_t experts, std::uint64_t k, std::uint64_t tokens);

/// How many distinct experts that many independent uniform k-subsets use.
struct DistinctNull {
    std::uint64_t experts = 0; ///< E
    std::uint64_t k = 0;
    std::uint64_t tokens = 0;
    std::uint64_t groups = 1; ///< contiguous; each k-subset lies within `keptGroups` of them
    std::uint64_t keptGroups = 1;

    double mean() const { return expectedDistinct(experts, k, tokens); }
    /// Probability of 0, 1, ... E distinct experts: exact, with limited groups by simulation (seed 1).
    std::vector<double> distribution() const;
};
/// 2.5 to 97.5 % quantiles of a distribution over 0, 1, 2, ...
Interval bandOf(const std::vector<double>& distribution);

} // namespace moescope
