// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/experiments/moe_type_fields.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/io/json.h"
#include "core/io/resources.h"
#include "core/report/model_identity.h"

namespace moescope {

using namespace moetype;

namespace {

std::uint64_t weightsOf(const std::vector<OriginTest>& tests)
{
    std::uint64_t sum = 0;
    for (const OriginTest& test : tests)
        sum += test.weights;
    return sum;
}

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

Finding cosineFinding(
    const std::string& claim, const std::vector<OriginTest>& tests, std::size_t family)
{
    Finding finding;
    finding.claim = claim;
    finding.countUnit = "weights";
    finding.tokens = weightsOf(tests);
    finding.family = family;
    finding.delta = kOriginDelta;
    std::size_t pairs = 0;
    for (const OriginTest& test : tests)
        pairs += test.pairs;
    const Average average = averageCosine(tests);
    const double nullSd = averageNullSd(tests);
    finding.test = fmt::format(
        "mean cosine of {} pairs of experts; interval: jackknife over experts", pairs);
    const OriginVerdict origin = combineOrigin(tests);
    if (!std::isfinite(average.mean)) {
        finding.verdict = verdictOf(origin, {}, 0);
        return finding;
    }
    finding.effect = average.mean;
    finding.interval = Interval{std::max(-1.0, average.mean - kZ95 * average.error),
        std::min(1.0, average.mean + kZ95 * average.error)};
    finding.null = NullModel{"independent experts", 0, Interval{-kZ95 * nullSd, kZ95 * nullSd}};
    finding.z = average.mean / nullSd;
    finding.verdict = verdictOf(origin, *finding.interval, average.mean);
    return finding;
}

/// What cosines without evidence of a shared origin say, as far as their verdict allows.
std::string withoutEvidence(Verdict verdict)
{
    if (verdict == Verdict::Contradicted)
        return "The experts are less alike than independent ones would be, which speaks against a "
               "shared origin.";
    if (verdict == Verdict::AtNull)
        return "The pairwise cosines show no evidence of a shared origin; this is not proof of "
               "training from random weights.";
    return "The pairwise cosines show no evidence of a shared origin, but are too uncertain to "
           "rule one out.";
}

std::string originSentence(const MoeTypeResult& result, Verdict verdict)
{
    switch (result.origin) {
    case OriginVerdict::ExactCopies:
        return "The experts are exact copies of one another.";
    case OriginVerdict::Evidence:
        return "The experts resemble one another far more than independent ones would: evidence of "
               "a shared origin in every layer and projection looked at.";
    case OriginVerdict::NoEvidence:
        return withoutEvidence(verdict);
    case OriginVerdict::Mixed:
        return "Layers or projections disagree: some show evidence of a shared origin, others "
               "none.";
    case OriginVerdict::NotEnoughData:
        return result.spec.experts < 2
            ? "One expert alone cannot be compared: at least two are needed."
            : "There are too few weights to tell.";
    }
    return {};
}

Finding projectionFinding(const MoeTypeResult& result, Projection projection)
{
    const auto tests = testsOf(result, projection);
    Finding finding = cosineFinding(fmt::format("The {} projections of the experts share an origin",
                                        projectionName(projection)),
        tests, result.tests.size());
    const std::string_view name = projectionName(projection);
    switch (combineOrigin(tests)) {
    case OriginVerdict::ExactCopies:
        finding.conclusion = fmt::format("The {} projections are exact copies.", name);
        break;
    case OriginVerdict::Evidence:
        finding.conclusion
            = fmt::format("The {} projections resemble one another: evidence.", name);
        break;
    case OriginVerdict::Mixed:
        finding.conclusion = fmt::format("The layers disagree about the {} projection.", name);
        break;
    case OriginVerdict::NoEvidence:
    case OriginVerdict::NotEnoughData:
        if (finding.verdict == Verdict::AtNull)
            finding.conclusion = fmt::format(
                "The {} projections are as unlike as random ones, within {}.", name, kOriginDelta);
        else if (finding.verdict == Verdict::Contradicted)
            finding.conclusion
                = fmt::format("The {} projections are less alike than random ones.", name);
        else
            finding.conclusion = fmt::format("The {} projections leave the question open.", name);
        break;
    }
    return finding;
}

Finding rankFinding(const MoeTypeResult& result, Projection projection, double share)
{
    Finding finding;
    finding.claim = fmt::format("The {} projections differ in fewer directions than noise would",
        projectionName(projection));
    finding.test = fmt::format("rank at {} of the energy of W - mean over the Marchenko-Pastur "
                               "ceiling, mean of experts and layers",
        percentText(share));
    finding.countUnit = "weights";
    finding.delta = 0.05;
    finding.family = result.tests.size();
    std::vector<double> ratios;
    double variance = 0;
    double smallestCeiling = 0;
    bool copies = false;
    for (const auto& layer : result.layers) {
        const ProjectionAnalysis* analysis = layer->find(projection);
        if (!analysis)
            continue;
        finding.tokens += analysis->weights();
        copies = copies || analysis->experts() < 2 || analysis->deltaShare <= kExactCopyShare;
        const double ceiling = ceilingOf(*analysis, share);
        const RankSummary ranks = ranksOf(analysis->deltaSigma, share);
        ratios.push_back(ranks.mean / ceiling);
        variance += ranks.error * ranks.error / (ceiling * ceiling);
        smallestCeiling = ratios.size() == 1 ? ceiling : std::min(smallestCeiling, ceiling);
    }
    if (ratios.empty() || copies) {
        finding.verdict = Verdict::NotApplicable;
        finding.conclusion = "Without differences between the experts there is no rank to compare.";
        return finding;
    }
    const double effect = mean(ratios);
    const double half = kZ95 * std::sqrt(variance) / static_cast<double>(ratios.size());
    finding.effect = effect;
    finding.interval = Interval{effect - half, effect + half};
    finding.null = NullModel{"noise of the same shape (Marchenko-Pastur, within one rank)", 1,
        Interval{1 - 1 / smallestCeiling, 1 + 1 / smallestCeiling}};
    finding.verdict = judge(ClaimKind::Less, *finding.interval, effect, 1, finding.delta, true);
    const std::string_view name = projectionName(projection);
    if (finding.verdict == Verdict::Supported)
        finding.conclusion = fmt::format("The differences of the {} projections need {:.0f} % of "
                                         "the rank that noise would need.",
            name, effect * 100);
    else if (finding.verdict == Verdict::AtNull)
        finding.conclusion
            = fmt::format("The differences of the {} projections have the rank of noise.", name);
    else if (finding.verdict == Verdict::Contradicted)
        finding.conclusion = fmt::format("The differences of the {} projections need more rank "
                                         "than noise would: {:.0f} % of it.",
            name, effect * 100);
    else
        finding.conclusion = fmt::format(
            "The rank of the differences of the {} projections is not settled.", name);
    return finding;
}

Finding compressibleFinding(const MoeTypeResult& result)
{
    Finding finding;
    finding.claim = "The experts can be stored as a common base and low-rank differences";
    finding.test = "output error on real router inputs";
    finding.countUnit = "weights";
    finding.tokens = weightsOf(result.tests);
    finding.verdict = Verdict::NotApplicable;
    finding.conclusion
        = "Whether the experts can be compressed is not measured: it needs the error "
          "of their outputs on real router inputs.";
    return finding;
}

} // namespace

Report moeTypeReport(const MoeTypeResult& result)
{
    Report report;
    report.experiment = "moe-type-analyze";
    report.title = "What the experts are made of";
    report.seed = result.spec.seed;
    report.complete = result.complete();
    if (result.model)
        report.model = identifyModel(*result.model);

    Json layers = Json::array();
    for (const LayerId layer : result.spec.layers)
        layers.push_back(layer.value);
    Json projections = Json::array();
    for (const Projection projection : result.spec.projections)
        projections.push_back(projectionName(projection));
    *report.spec = Json{{"layers", layers}, {"experts", result.spec.experts},
        {"projections", projections}, {"shares", result.spec.shares}, {"seed", result.spec.seed}};
    *report.fields = analysisFields(result);
    report.bigArrays = spectraBesideTheJson(result);

    Finding headline
        = cosineFinding("The experts share an origin", result.tests, result.tests.size());
    headline.conclusion = originSentence(result, headline.verdict);
    report.findings.push_back(std::move(headline));
    for (const Projection projection : result.spec.projections)
        report.findings.push_back(projectionFinding(result, projection));
    const double share = headlineShare(result.spec);
    for (const Projection projection : result.spec.projections)
        report.findings.push_back(rankFinding(result, projection, share));
    report.findings.push_back(compressibleFinding(result));

    report.figures.push_back(originFigure(result));
    report.figures.push_back(compressibleFigure(result));
    report.figures.push_back(rankByLayerFigure(result, share, true));
    report.figures.push_back(cosineByLayerFigure(result));
    report.figures.push_back(moeTypeTableFigure(result));
    if (auto artefact = biasArtefactFigure(result))
        report.figures.push_back(std::move(*artefact));
    if (auto rounding = roundingFigure(result))
        report.figures.push_back(std::move(*rounding));
    if (const auto resources = findResources()) {
        const auto known = loadTaxonomy(*resources);
        if (auto published = known ? publishedFigure(result, *known) : std::nullopt)
            report.figures.push_back(std::move(*published));
    }
    if (!result.layers.empty()) {
        const LayerWeights& first = *result.layers.front();
        for (const Projection projection : first.projections)
            report.figures.push_back(decayFigure(first, projection, true, std::nullopt, share));
        for (const Projection projection : first.projections)
            report.figures.push_back(similarityFigure(first, projection));
    }
    return report;
}

} // namespace moescope
