// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type_evidence.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/report/number_text.h"
#include "core/spectra/spectrum.h"

namespace moescope::moetype {

namespace {

/// Ranks are whole numbers, and the Marchenko-Pastur ceiling holds within one of them.
constexpr double kRankStep = 1;
/// Fewer experts have no jackknife.
constexpr std::size_t kFewestForJackknife = 3;

Verdict verdictOf(OriginVerdict origin, const Interval& interval, double effect)
{
    switch (origin) {
    case OriginVerdict::ExactCopies:
    case OriginVerdict::Evidence:
        return Verdict::Supported;
    case OriginVerdict::NoEvidence: {
        const Verdict verdict = judge(ClaimKind::Greater, interval, effect, 0, kOriginDelta, true);
        // A mean that counts but is too uncertain (z below the bound) supports nothing.
        return verdict == Verdict::Supported ? Verdict::InsufficientData : verdict;
    }
    case OriginVerdict::Mixed:
    case OriginVerdict::NotEnoughData:
        return Verdict::InsufficientData;
    }
    return Verdict::InsufficientData;
}

/// Inside null ± delta a number may still differ from its null; then it differs by too little. Too
/// uncertain a number may do so too: `apart` when its interval and the null's band do not meet.
Standing standingOf(Verdict verdict, bool inBand, bool apart)
{
    switch (verdict) {
    case Verdict::Supported:
    case Verdict::Contradicted:
        return Standing::Differs;
    case Verdict::AtNull:
        return inBand ? Standing::AtNull : Standing::Slight;
    case Verdict::InsufficientData:
        return apart ? Standing::Differs : Standing::Unknown;
    case Verdict::NotApplicable:
        break;
    }
    return Standing::Unknown;
}

bool areApart(const Interval& a, const Interval& b)
{
    return a.hi < b.lo || a.lo > b.hi;
}

/// Half of the 95 % interval of the mean of a layer's draws; 0 for a single one.
double halfOfDraws(const std::vector<std::vector<double>>& spectra, double share)
{
    std::vector<double> ranks;
    for (const auto& sigma : spectra)
        ranks.push_back(static_cast<double>(energyRank(sigma, share)));
    const Interval interval = meanInterval(ranks);
    return std::isfinite(interval.hi) ? (interval.hi - interval.lo) / 2 : 0.0;
}

void judgeRanks(RankEvidence& evidence)
{
    if (evidence.layers == 0 || evidence.copies)
        return;
    const double ceiling = evidence.ceiling();
    const Interval ranks = evidence.interval();
    const Interval ratios{ranks.lo / ceiling, ranks.hi / ceiling};
    const double ratio = evidence.ratio();
    evidence.verdict = judge(ClaimKind::Less, ratios, ratio, 1, kRankDelta, true);
    const Interval band = evidence.nullBand();
    // The null itself is no sharper than its band.
    const bool apart = areApart(ranks, band);
    if (!apart && evidence.verdict != Verdict::AtNull)
        evidence.verdict = Verdict::InsufficientData;
    evidence.standing
        = standingOf(evidence.verdict, evidence.rank >= band.lo && evidence.rank <= band.hi, apart);
}

} // namespace

CosineEvidence cosineEvidence(const std::vector<OriginTest>& tests)
{
    CosineEvidence evidence;
    evidence.average = averageCosine(tests);
    evidence.nullSd = averageNullSd(tests);
    evidence.origin = combineOrigin(tests);
    for (const OriginTest& test : tests) {
        evidence.pairs += test.pairs;
        evidence.weights += test.weights;
        evidence.jackknife = evidence.jackknife && test.experts >= kFewestForJackknife;
    }
    const double mean = evidence.average.mean;
    if (!std::isfinite(mean)) {
        evidence.verdict = verdictOf(evidence.origin, {}, 0);
        return evidence;
    }
    const double half = kZ95 * evidence.average.error;
    evidence.interval = Interval{std::max(-1.0, mean - half), std::min(1.0, mean + half)};
    evidence.z = mean / evidence.nullSd;
    evidence.verdict = verdictOf(evidence.origin, *evidence.interval, mean);
    evidence.standing = evidence.origin == OriginVerdict::Mixed
        ? Standing::Differs
        : standingOf(evidence.verdict, std::abs(evidence.z) <= kZ95,
            areApart(*evidence.interval, evidence.nullBand()));
    return evidence;
}

RankEvidence rankEvidence(const MoeTypeResult& result, Projection projection, double share)
{
    RankEvidence evidence;
    double variance = 0;
    double drawn = 0; // squares of the halves of the layers' draws
    for (const auto& layer : result.layers) {
        const ProjectionAnalysis* analysis = layer->find(projection);
        if (!analysis)
            continue;
        ++evidence.layers;
        evidence.weights += analysis->weights();
        evidence.copies
            = evidence.copies || analysis->experts() < 2 || analysis->deltaShare <= kExactCopyShare;
        const RankSummary ranks = ranksOf(analysis->deltaSigma, share);
        evidence.rank += ranks.mean;
        variance += ranks.error * ranks.error;
        evidence.shape += ceilingOf(*analysis, share);
        evidence.rowNorms += ranksOf(analysis->surrogateSigma, share).mean;
        const double half = halfOfDraws(analysis->surrogateSigma, share);
        drawn += half * half;
        evidence.full += static_cast<double>(analysis->minimum());
        evidence.breakEven += breakEvenRank(analysis->m, analysis->n);
    }
    if (evidence.layers == 0)
        return evidence;
    const auto count = static_cast<double>(evidence.layers);
    for (double* sum :
        {&evidence.rank, &evidence.shape, &evidence.rowNorms, &evidence.full, &evidence.breakEven})
        *sum /= count;
    evidence.error = std::sqrt(variance) / count;
    evidence.byRowNorms = evidence.rowNorms < evidence.shape;
    evidence.bandHalf
        = evidence.byRowNorms ? std::max(kRankStep, std::sqrt(drawn) / count) : kRankStep;
    judgeRanks(evidence);
    return evidence;
}

std::string ceilingsText(const RankEvidence& evidence)
{
    std::string text = fmt::format("noise {:.1f}", evidence.shape);
    if (std::isfinite(evidence.rowNorms) && !evidence.copies)
        text += fmt::format(", same row norms {:.1f}", evidence.rowNorms);
    return text;
}

std::string ceilingName(const RankEvidence& evidence)
{
    return noiseName(evidence.byRowNorms)
        + (evidence.bandHalf > kRankStep ? ", 95 % of its draws" : ", within one rank");
}

std::string noiseName(bool byRowNorms)
{
    return byRowNorms ? "noise with the same row norms"
                      : "noise of the same shape (Marchenko-Pastur)";
}

std::string twoFigures(double value)
{
    const double size = std::abs(value);
    if (!(size > 0) || !std::isfinite(size))
        return displayNumber(value);
    return displayNumber(value, std::max(0, 1 - static_cast<int>(std::floor(std::log10(size)))));
}

} // namespace moescope::moetype
