// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

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

} // namespace moescope
