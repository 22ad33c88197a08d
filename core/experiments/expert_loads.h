// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <vector>

#include "core/base/ids.h"
#include "core/stats/intervals.h"
#include "core/trace/routing_trace.h"

namespace moescope {

/// Share of tokens that choose each expert at one layer (the shares sum to k), special tokens left
/// out.
std::vector<double> loadShares(const RoutingTrace& trace, std::size_t ordinal);

/// Loads of the tokens first..last at one layer, beside what even random routing would give.
struct LoadTable {
    struct Load {
        std::size_t tokens = 0; ///< that chose the expert
        double meanWeight = 0; ///< where it was chosen; 0 without tokens
    };
    std::size_t tokens = 0; ///< counted, special tokens left out
    double evenShare = 0; ///< k/E
    /// 95 % band of one expert's share when every token picks k experts evenly at random
    /// (binomial).
    Interval band;
    std::vector<Load> experts; ///< E of them

    double share(std::size_t expert) const;
};
LoadTable expertLoads(
    const RoutingTrace& trace, std::size_t ordinal, std::size_t first, std::size_t last);

/// Tokens that chose one expert at one layer, largest weight first; at most `count`.
struct ReadToken {
    std::size_t token = 0;
    float weight = 0;
    std::size_t rank = 0; ///< 0 = its first choice
};
std::vector<ReadToken> tokensReadBy(
    const RoutingTrace& trace, std::size_t ordinal, ExpertId expert, std::size_t count);

/// Experts in an order that puts those chosen for the same tokens side by side: average linkage of
/// the cosine of their token sets. Unused experts stand last.
std::vector<std::size_t> clusteredExperts(const RoutingTrace& trace, std::size_t ordinal);

} // namespace moescope
