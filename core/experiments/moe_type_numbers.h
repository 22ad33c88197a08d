// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/experiments/moe_type.h"

// Numbers that the figures and the report of moe-type-analyze share.

namespace moescope::moetype {

/// Ranks at `share` of some spectra of one shape.
struct RankSummary {
    double mean = 0; ///< NaN without spectra
    double lo = 0; ///< smallest and largest
    double hi = 0;
    double error = 0; ///< standard error of the mean, from the spread over the spectra
};
RankSummary ranksOf(const std::vector<std::vector<double>>& spectra, double share);

/// The Marchenko-Pastur ceiling of the projection's shape.
double ceilingOf(const ProjectionAnalysis& analysis, double share);

/// 0.95 when the spec has it, else the share nearest to it.
double headlineShare(const MoeTypeSpec& spec);
/// 0.95 becomes "95 %", 0.999 "99.9 %".
std::string percentText(double share);

/// Which precision the spectra were computed in, and what that means for the stored values.
std::string precisionText(const ProjectionAnalysis& analysis);

/// The tests of one projection, ascending by layer.
std::vector<OriginTest> testsOf(const MoeTypeResult& result, Projection projection);

/// Mean over layers of independent means.
struct Average {
    double mean = 0; ///< NaN without values
    double error = 0;
    double lo = 0; ///< smallest and largest
    double hi = 0;
};
Average averageCosine(const std::vector<OriginTest>& tests);
/// SD of that mean for independent experts.
double averageNullSd(const std::vector<OriginTest>& tests);

} // namespace moescope::moetype
