// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/experiments/moe_type_evidence.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/report/number_text.h"
#include "core/spectra/spectrum.h"

namespace moescope {

using namespace moetype;

namespace {

/// The range over layers, which is no interval of the mean.
std::string layerRange(const Average& average, const char* of)
{
    return fmt::format("Lowest and highest of the {}: {} and {}. ", of,
        displayNumber(average.lo, 3), displayNumber(average.hi, 3));
}

/// "0.016 [0.014, 0.018]"
std::string valueText(double value, const std::optional<Interval>& interval)
{
    if (!interval)
        return displayNumber(value, 3);
    return fmt::format("{} [{}, {}]", displayNumber(value, 3), displayNumber(interval->lo, 3),
        displayNumber(interval->hi, 3));
}

std::string differsWords()
{
    return fmt::format("differs by less than {}", kOriginDelta);
}

std::string cosineDirection(const CosineEvidence& evidence, const std::vector<OriginTest>& tests)
{
    const auto shared = std::count_if(tests.begin(), tests.end(), [](const OriginTest& test) {
        return test.verdict == OriginVerdict::Evidence
            || test.verdict == OriginVerdict::ExactCopies;
    });
    switch (evidence.origin) {
    case OriginVerdict::ExactCopies:
        return "exact copies";
    case OriginVerdict::Evidence:
        return "shared";
    case OriginVerdict::Mixed:
        return fmt::format("shared in {} of {} layers", shared, tests.size());
    case OriginVerdict::NotEnoughData:
        return "not enough data";
    case OriginVerdict::NoEvidence:
        break;
    }
    if (evidence.standing == Standing::AtNull)
        return "as random";
    if (evidence.standing == Standing::Slight)
        return differsWords();
    return evidence.verdict == Verdict::Contradicted ? "less alike than random" : "left open";
}

int voteOf(const CosineEvidence& evidence)
{
    if (evidence.verdict == Verdict::Supported)
        return 1;
    return evidence.verdict == Verdict::Contradicted ? -1 : 0;
}

VerdictFigure::Row cosineRow(Projection projection, const std::vector<OriginTest>& tests)
{
    const CosineEvidence evidence = cosineEvidence(tests);
    VerdictFigure::Row row;
    row.test = fmt::format("pairwise cosine, {}", projectionName(projection));
    row.value = valueText(evidence.average.mean, evidence.interval);
    row.direction = cosineDirection(evidence, tests);
    row.vote = voteOf(evidence);
    row.standing = evidence.standing;
    row.slight = differsWords();
    row.help = fmt::format("Mean cosine of all pairs of experts, mean of the layers. {}It votes "
                           "for a shared origin from {} on when it is also at least {:.0f} "
                           "standard deviations above independent experts.",
        tests.size() > 1 ? layerRange(evidence.average, "layers") : "", kOriginDelta, kOriginZ);
    row.numbers.value = evidence.average.mean;
    row.numbers.count = evidence.weights;
    row.numbers.countUnit = "weights";
    if (!evidence.interval)
        return row;
    row.null = fmt::format("independent experts 0 ± {}", twoFigures(evidence.nullBand().hi));
    row.numbers.interval = evidence.interval;
    row.numbers.null = NullModel{"independent experts", 0, evidence.nullBand()};
    row.numbers.z = evidence.z;
    return row;
}

VerdictFigure::Row baseEnergyRow(const std::vector<OriginTest>& tests)
{
    const CosineEvidence evidence = cosineEvidence(tests);
    VerdictFigure::Row row;
    row.test = "base energy";
    std::vector<double> values;
    double null = 0;
    for (const OriginTest& test : tests) {
        if (!std::isfinite(test.baseEnergy))
            continue;
        values.push_back(test.baseEnergy);
        null = test.baseEnergyNull;
    }
    row.help = "Share of the energy of all experts that their mean holds. It says the same as the "
               "cosine and has no vote of its own.";
    if (values.empty()) {
        row.value = displayNumber(std::nan(""));
        row.direction = "not enough data";
        return row;
    }
    const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
    const double middle = mean(values);
    row.value = displayNumber(middle, 3);
    if (values.size() > 1)
        row.help = layerRange({middle, 0, *lo, *hi}, "layers and projections") + row.help;
    row.numbers.value = middle;
    row.numbers.count = evidence.weights;
    row.numbers.countUnit = "weights";
    if (null >= 1) {
        row.null = fmt::format("independent experts {:.3f}", null);
        row.direction = "not enough data";
        return row;
    }
    // The excess over 1/N is the mean cosine, weighted by the norms.
    const double excess = (middle - null) / (1 - null);
    const double half = (1 - null) * evidence.nullBand().hi;
    row.null = fmt::format("independent experts {:.3f} ± {}", null, twoFigures(half));
    row.numbers.null = NullModel{"independent experts", null, Interval{null - half, null + half}};
    row.slight = differsWords();
    if (excess >= kOriginDelta) {
        row.vote = 1;
        row.direction = "shared";
    } else if (std::abs(middle - null) <= half) {
        row.standing = Standing::AtNull;
        row.direction = "as random";
    } else if (excess > -kOriginDelta) {
        row.standing = Standing::Slight;
        row.direction = row.slight;
    } else {
        row.standing = Standing::Differs;
        row.direction = "less than random";
    }
    return row;
}

VerdictFigure::Row rankRow(const RankEvidence& evidence, Projection projection, double share)
{
    VerdictFigure::Row row;
    row.test
        = fmt::format("{} rank of differences, {}", percentText(share), projectionName(projection));
    row.value = fmt::format("{:.1f} of {:.0f}", evidence.rank, evidence.full);
    row.null = ceilingsText(evidence);
    row.standing = evidence.standing;
    row.slight = fmt::format("differs by less than {}", percentText(kRankDelta));
    row.numbers.value = evidence.rank;
    row.numbers.unit = fmt::format("of {:.0f}", evidence.full);
    row.numbers.count = evidence.weights;
    row.numbers.countUnit = "weights";
    if (evidence.copies) {
        row.direction = "no differences to compare";
        row.help = "The experts of at least one layer are exact copies, so that there is no rank "
                   "to compare.";
        return row;
    }
    row.direction = fmt::format("{} break-even {:.0f}",
        evidence.rank < evidence.breakEven ? "below" : "above", evidence.breakEven);
    const Interval interval = evidence.interval();
    row.help = fmt::format("Rank that holds {} of the energy of an expert's difference from the "
                           "mean, beside that of noise of the same shape and of noise with the "
                           "same row norms too; mean of the experts and layers, 95 % interval {} "
                           "to {}. The lower one of the two decides, here {}. Two factors of a "
                           "rank above break-even, mn/(m+n), take more room than the matrix.",
        percentText(share), displayNumber(interval.lo, 1), displayNumber(interval.hi, 1),
        ceilingName(evidence));
    row.numbers.interval = interval;
    row.numbers.null = NullModel{ceilingName(evidence), evidence.ceiling(), evidence.nullBand()};
    if (std::isfinite(evidence.otherCeiling()))
        row.numbers.otherNull
            = NullModel{noiseName(!evidence.byRowNorms), evidence.otherCeiling(), {}};
    return row;
}

} // namespace

Figure originFigure(const MoeTypeResult& result)
{
    Figure figure;
    figure.id = "origin";
    figure.title = "Shared origin";
    figure.caption = "Neuron matching and the comparison with a dense parent are not part of this "
                     "verdict: experts that were shuffled or cut out of a parent are not seen. No "
                     "evidence is not proof of training from random weights.";
    VerdictFigure verdict;
    verdict.question = "Shared origin";
    verdict.answer = originText(result.origin);
    verdict.basis = fmt::format("{} of {} layers, {} projection{}, {} expert{}",
        result.layers.size(), result.spec.layers.size(), result.spec.projections.size(),
        result.spec.projections.size() == 1 ? "" : "s", result.spec.experts,
        result.spec.experts == 1 ? "" : "s");
    if (result.origin == OriginVerdict::Evidence || result.origin == OriginVerdict::ExactCopies)
        verdict.tone = VerdictFigure::Tone::Evidence;
    else if (result.origin == OriginVerdict::Mixed)
        verdict.tone = VerdictFigure::Tone::Warning;
    if (!result.tests.empty()) {
        for (const Projection projection : result.spec.projections)
            verdict.rows.push_back(cosineRow(projection, testsOf(result, projection)));
        verdict.rows.push_back(baseEnergyRow(result.tests));
        const CosineEvidence all = cosineEvidence(result.tests);
        if (all.interval)
            verdict.note = fmt::format(
                "Means of the {} with their 95 % interval ({}); ± is the 95 % band of the null.",
                result.layers.size() > 1 ? "layers" : "pairs",
                all.jackknife ? "jackknife over experts" : "of so many independent weights");
    }
    figure.data = std::move(verdict);
    return figure;
}

Figure compressibleFigure(const MoeTypeResult& result)
{
    Figure figure;
    figure.id = "compressible";
    figure.title = "Compressible";
    figure.caption = "Whether a common base and low-rank differences can stand for the experts is "
                     "decided by the error of their outputs, which is not computed here. The ranks "
                     "below describe the weights alone.";
    VerdictFigure verdict;
    verdict.question = "Compressible";
    verdict.answer = "not measured";
    verdict.basis = "needs the output error on real router inputs";
    const double share = headlineShare(result.spec);
    for (const Projection projection : result.spec.projections) {
        const RankEvidence evidence = rankEvidence(result, projection, share);
        if (evidence.layers > 0)
            verdict.rows.push_back(rankRow(evidence, projection, share));
    }
    if (!verdict.rows.empty())
        verdict.note = fmt::format("Mean of the experts{}; of both kinds of noise the lower rank "
                                   "decides.",
            result.layers.size() > 1 ? " and layers" : "");
    figure.data = std::move(verdict);
    return figure;
}

Figure moeTypeTableFigure(const MoeTypeResult& result)
{
    Figure figure;
    figure.id = "layers";
    figure.title = "Layers and projections";
    figure.caption = "Ranks are means of the experts. Null of the cosine: 0; of the base energy: "
                     "1/N; of the ranks: the ceiling, noise of the same shape.";
    TableFigure table;
    table.columns = {{"layer", "", true, 0, "absolute block number"},
        {"projection", "", false, -1, ""}, {"cosine", "", true, 3, "mean of all pairs of experts"},
        {"SD", "", true, 3, "of the pairs"},
        {"z", "", true, 1, "mean cosine over its SD for independent experts"},
        {"base energy", "", true, 3, "share of the energy that the mean of the experts holds"},
        {"1/N", "", true, 3, "base energy of independent experts"},
        {"norm CV", "", true, 3, "coefficient of variation of the experts' norms"}};
    for (const double share : result.spec.shares) {
        const std::string at = percentText(share);
        table.columns.push_back({"rank " + at, "", true, 1, "of the differences from the mean"});
        table.columns.push_back({"raw " + at, "", true, 1, "rank of the weights themselves"});
        table.columns.push_back({"ceiling " + at, "", true, 1, "rank of noise of this shape"});
        table.columns.push_back(
            {"row noise " + at, "", true, 1, "rank of noise with the same row norms"});
    }
    table.columns.push_back({"origin", "", false, -1, "what this layer and projection votes"});
    for (const OriginTest& test : result.tests) {
        const auto layer = std::find_if(result.layers.begin(), result.layers.end(),
            [&](const auto& finished) { return finished->layer == test.layer; });
        const ProjectionAnalysis* analysis
            = layer == result.layers.end() ? nullptr : (*layer)->find(test.projection);
        if (!analysis)
            continue;
        std::vector<TableFigure::Cell> row{static_cast<double>(test.layer.value),
            std::string(projectionName(test.projection)), test.cosineMean, analysis->cosines.sd,
            test.z, test.baseEnergy, test.baseEnergyNull, analysis->normCv};
        for (const double share : result.spec.shares) {
            row.emplace_back(ranksOf(analysis->deltaSigma, share).mean);
            row.emplace_back(ranksOf(analysis->rawSigma, share).mean);
            row.emplace_back(ceilingOf(*analysis, share));
            row.emplace_back(ranksOf(analysis->surrogateSigma, share).mean);
        }
        row.emplace_back(std::string(originText(test.verdict)));
        table.rows.push_back(std::move(row));
    }
    figure.data = std::move(table);
    return figure;
}

} // namespace moescope
