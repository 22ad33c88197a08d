// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type_numbers.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/spectra/spectrum.h"
#include "core/spectra/spectrum_batch.h"

namespace moescope::moetype {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

} // namespace

RankSummary ranksOf(const std::vector<std::vector<double>>& spectra, double share)
{
    std::vector<double> ranks;
    for (const auto& sigma : spectra)
        ranks.push_back(static_cast<double>(energyRank(sigma, share)));
    if (ranks.empty())
        return {kNan, kNan, kNan, kNan};
    const auto [lo, hi] = std::minmax_element(ranks.begin(), ranks.end());
    return {mean(ranks), *lo, *hi,
        standardDeviation(ranks) / std::sqrt(static_cast<double>(ranks.size()))};
}

double ceilingOf(const ProjectionAnalysis& analysis, double share)
{
    return marchenkoPasturRank(analysis.m, analysis.n, share);
}

double headlineShare(const MoeTypeSpec& spec)
{
    constexpr double kUsual = 0.95;
    double best = spec.shares.empty() ? kUsual : spec.shares.front();
    for (const double share : spec.shares)
        if (std::abs(share - kUsual) < std::abs(best - kUsual))
            best = share;
    return best;
}

std::string percentText(double share)
{
    return fmt::format("{:.12g} %", share * 100);
}

std::string precisionText(const ProjectionAnalysis& analysis)
{
    const std::size_t all = analysis.spectra();
    if (analysis.doubleSpectra >= all)
        return fmt::format("All {} spectra were computed in double precision.", all);
    return fmt::format("{} of {} spectra were computed in double precision; values of the others "
                       "lie within {} of their largest one, and all ranks are those of double.",
        analysis.doubleSpectra, all, kSingleTolerance);
}

std::vector<OriginTest> testsOf(const MoeTypeResult& result, Projection projection)
{
    std::vector<OriginTest> tests;
    std::copy_if(result.tests.begin(), result.tests.end(), std::back_inserter(tests),
        [&](const OriginTest& test) { return test.projection == projection; });
    return tests;
}

Average averageCosine(const std::vector<OriginTest>& tests)
{
    std::vector<double> means;
    double variance = 0;
    for (const OriginTest& test : tests) {
        if (!std::isfinite(test.cosineMean))
            continue;
        means.push_back(test.cosineMean);
        variance += test.cosineError * test.cosineError;
    }
    if (means.empty())
        return {kNan, kNan, kNan, kNan};
    const auto [lo, hi] = std::minmax_element(means.begin(), means.end());
    return {mean(means), std::sqrt(variance) / static_cast<double>(means.size()), *lo, *hi};
}

double averageNullSd(const std::vector<OriginTest>& tests)
{
    double variance = 0;
    double count = 0;
    for (const OriginTest& test : tests) {
        if (!std::isfinite(test.cosineMean))
            continue;
        variance += test.nullSd * test.nullSd;
        ++count;
    }
    return count > 0 ? std::sqrt(variance) / count : kNan;
}

} // namespace moescope::moetype
