// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/experiments/moe_type.h"
#include "core/experiments/moe_type_numbers.h"

// What the numbers of moe-type-analyze say, once for the findings and the verdict cards.

namespace moescope::moetype {

using Standing = VerdictFigure::Standing;

inline constexpr double kRankDelta = 0.05; ///< smallest difference that counts, of the null's rank

/// Mean cosines of one or more projections and layers.
struct CosineEvidence {
    Average average;
    double nullSd = 0; ///< of that mean for independent experts; NaN without values
    double z = 0;
    std::optional<Interval> interval; ///< 95 % of the mean
    bool jackknife = true; ///< the interval is; else it is that of so many independent weights
    std::size_t pairs = 0;
    std::uint64_t weights = 0; ///< looked at
    OriginVerdict origin = OriginVerdict::NotEnoughData;
    Verdict verdict = Verdict::InsufficientData; ///< of the claim that the experts share an origin
    Standing standing = Standing::Unknown;

    Interval nullBand() const { return {-kZ95 * nullSd, kZ95 * nullSd}; }
};
CosineEvidence cosineEvidence(const std::vector<OriginTest>& tests);

/// Ranks of the differences of one projection beside both ceilings of section 3.0; the lower one
/// decides.
struct RankEvidence {
    std::size_t layers = 0; ///< 0: nothing was analysed yet
    std::uint64_t weights = 0;
    bool copies = false; ///< some layer has no differences
    double rank = 0; ///< mean of the experts and layers, as are the next ones
    double error = 0; ///< standard error of `rank`
    double shape = 0; ///< rank of noise of the same shape (Marchenko-Pastur)
    double rowNorms = 0; ///< rank of noise with the same row norms; NaN when none was drawn
    double full = 0; ///< smaller side of the matrix
    double breakEven = 0;
    bool byRowNorms = false; ///< the noise with the same row norms is the lower ceiling
    double bandHalf = 0; ///< of the lower ceiling, in ranks: at least 1, at 95 %
    Verdict verdict = Verdict::NotApplicable; ///< of the claim that there are fewer than in noise
    Standing standing = Standing::Unknown;

    double ceiling() const { return byRowNorms ? rowNorms : shape; }
    double otherCeiling() const { return byRowNorms ? shape : rowNorms; }
    double ratio() const { return rank / ceiling(); }
    Interval interval() const { return {rank - kZ95 * error, rank + kZ95 * error}; } ///< 95 %
    Interval nullBand() const { return {ceiling() - bandHalf, ceiling() + bandHalf}; }
};
RankEvidence rankEvidence(const MoeTypeResult& result, Projection projection, double share);

/// Both ceilings: "noise 39.0, same row norms 36.6".
std::string ceilingsText(const RankEvidence& evidence);
/// The lower one with what its band is: "noise with the same row norms, within one rank".
std::string ceilingName(const RankEvidence& evidence);
/// "noise with the same row norms" or "noise of the same shape (Marchenko-Pastur)".
std::string noiseName(bool byRowNorms);

/// 0.0005707 becomes "0.00057": two figures, never an exponent.
std::string twoFigures(double value);

} // namespace moescope::moetype
