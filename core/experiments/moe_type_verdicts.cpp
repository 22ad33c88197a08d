// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/experiments/moe_type_numbers.h"
#include "core/report/number_text.h"
#include "core/spectra/spectrum.h"

namespace moescope {

using namespace moetype;

namespace {

using Standing = VerdictFigure::Standing;

/// "0.840", with the range over layers when there are several.
std::string valueText(const Average& average, std::size_t count)
{
    if (count < 2)
        return displayNumber(average.mean, 3);
    return fmt::format("{} ({} to {})", displayNumber(average.mean, 3),
        displayNumber(average.lo, 3), displayNumber(average.hi, 3));
}

std::string cosineNullText(double sd)
{
    if (!std::isfinite(sd))
        return {};
    const double half = kZ95 * sd;
    return fmt::format("independent experts 0 ± {:.{}f}", half, half < 0.0005 ? 5 : 3);
}

/// Of a mean whose null is 0.
Standing standingTo(double mean, double nullSd)
{
    if (!std::isfinite(mean) || !std::isfinite(nullSd))
        return Standing::Unknown;
    return std::abs(mean) <= kZ95 * nullSd ? Standing::AtNull : Standing::Differs;
}

VerdictFigure::Row cosineRow(Projection projection, const std::vector<OriginTest>& tests)
{
    VerdictFigure::Row row;
    row.test = fmt::format("pairwise cosine, {}", projectionName(projection));
    const Average average = averageCosine(tests);
    row.value = valueText(average, tests.size());
    row.null = cosineNullText(averageNullSd(tests));
    row.help
        = fmt::format("Mean cosine of all pairs of experts, mean of the layers. It votes for a "
                      "shared origin from {} on when it is also at least {:.0f} standard "
                      "deviations above independent experts.",
            kOriginDelta, kOriginZ);
    row.standing = standingTo(average.mean, averageNullSd(tests));
    const auto shared = std::count_if(tests.begin(), tests.end(), [](const OriginTest& test) {
        return test.verdict == OriginVerdict::Evidence
            || test.verdict == OriginVerdict::ExactCopies;
    });
    switch (combineOrigin(tests)) {
    case OriginVerdict::ExactCopies:
        row.direction = "exact copies";
        row.vote = 1;
        break;
    case OriginVerdict::Evidence:
        row.direction = "shared";
        row.vote = 1;
        break;
    case OriginVerdict::NoEvidence:
        if (std::abs(average.mean) >= kOriginDelta)
            row.direction = "not shown";
        else if (row.standing == Standing::AtNull)
            row.direction = "as random";
        else
            row.direction = fmt::format("below {}", kOriginDelta);
        break;
    case OriginVerdict::Mixed:
        row.direction = fmt::format("shared in {} of {} layers", shared, tests.size());
        break;
    case OriginVerdict::NotEnoughData:
        row.direction = "not enough data";
        break;
    }
    return row;
}

VerdictFigure::Row baseEnergyRow(const std::vector<OriginTest>& tests)
{
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
    row.value = valueText({middle, 0, *lo, *hi}, values.size());
    row.null = fmt::format("independent experts {:.3f}", null);
    if (null >= 1) {
        row.direction = "not enough data";
        return row;
    }
    // The excess over 1/N is the mean cosine, weighted by the norms.
    const double excess = (middle - null) / (1 - null);
    row.standing = standingTo(excess, averageNullSd(tests));
    row.vote = excess >= kOriginDelta ? 1 : 0;
    if (row.vote > 0)
        row.direction = "shared";
    else if (row.standing == Standing::AtNull)
        row.direction = "as random";
    else
        row.direction = fmt::format("excess below {}", kOriginDelta);
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
        if (result.layers.size() > 1)
            verdict.note = "Means of the layers; in brackets the lowest and the highest (base "
                           "energy: of layers and projections).";
        else if (result.spec.projections.size() > 1)
            verdict.note = "Base energy: mean of the projections, in brackets the lowest and the "
                           "highest.";
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
        double rank = 0;
        double lowest = 0;
        double highest = 0;
        double ceiling = 0;
        double breakEven = 0;
        double smaller = 0;
        double count = 0;
        for (const auto& layer : result.layers) {
            const ProjectionAnalysis* analysis = layer->find(projection);
            if (!analysis)
                continue;
            const RankSummary ranks = ranksOf(analysis->deltaSigma, share);
            rank += ranks.mean;
            lowest += ranks.lo;
            highest += ranks.hi;
            ceiling += ceilingOf(*analysis, share);
            breakEven += breakEvenRank(analysis->m, analysis->n);
            smaller += static_cast<double>(analysis->minimum());
            ++count;
        }
        if (count == 0)
            continue;
        VerdictFigure::Row row;
        row.test = fmt::format(
            "{} rank of differences, {}", percentText(share), projectionName(projection));
        row.value = fmt::format("{:.1f} of {:.0f}", rank / count, smaller / count);
        row.null = fmt::format("noise {:.0f}", ceiling / count);
        row.direction = fmt::format(
            "{} break-even {:.0f}", rank < breakEven ? "below" : "above", breakEven / count);
        row.help = fmt::format(
            "Rank that holds {} of the energy of an expert's difference from the mean, beside that "
            "of noise of the same shape; mean of the experts and layers. Two factors of a rank "
            "above break-even, mn/(m+n), take more room than the matrix.",
            percentText(share));
        // Noise as wide as the experts lies between their ranks.
        row.standing = ceiling >= lowest - count / 2 && ceiling <= highest + count / 2
            ? Standing::AtNull
            : Standing::Differs;
        verdict.rows.push_back(std::move(row));
    }
    if (!verdict.rows.empty())
        verdict.note
            = result.layers.size() > 1 ? "Mean of the experts and layers." : "Mean of the experts.";
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
