// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/experiments/moe_type_evidence.h"
#include "core/experiments/moe_type_fields.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/io/json.h"
#include "core/io/resources.h"
#include "core/report/model_identity.h"
#include "core/report/number_text.h"

namespace moescope {

using namespace moetype;

namespace {

Finding cosineFinding(const std::string& claim, const CosineEvidence& evidence, std::size_t family)
{
    Finding finding;
    finding.claim = claim;
    finding.countUnit = "weights";
    finding.tokens = evidence.weights;
    finding.family = family;
    finding.delta = kOriginDelta;
    finding.test = fmt::format("mean cosine of {} pairs of experts; interval: {}", evidence.pairs,
        evidence.jackknife ? "jackknife over experts" : "that of so many independent weights");
    finding.verdict = evidence.verdict;
    if (!evidence.interval)
        return finding;
    finding.effect = evidence.average.mean;
    finding.interval = evidence.interval;
    finding.null = NullModel{"independent experts", 0, evidence.nullBand()};
    finding.z = evidence.z;
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

std::string zText(double z)
{
    return displayNumber(z, std::abs(z) < 10 ? 1 : 0);
}

bool isBelowDelta(const CosineEvidence& evidence)
{
    return std::abs(evidence.average.mean) < kOriginDelta;
}

Finding projectionFinding(const MoeTypeResult& result, Projection projection)
{
    const CosineEvidence evidence = cosineEvidence(testsOf(result, projection));
    const std::string_view name = projectionName(projection);
    Finding finding
        = cosineFinding(fmt::format("The {} projections of the experts share an origin", name),
            evidence, result.tests.size());
    switch (evidence.origin) {
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
    case OriginVerdict::NotEnoughData:
        finding.conclusion = fmt::format("There is not enough data on the {} projections.", name);
        break;
    case OriginVerdict::NoEvidence:
        if (evidence.standing == Standing::AtNull)
            finding.conclusion
                = fmt::format("The {} projections are as unlike as random ones.", name);
        else if (evidence.standing == Standing::Slight)
            finding.conclusion = fmt::format("The {} projections differ from random ones (z {}), "
                                             "but by less than the {} that counts.",
                name, zText(evidence.z), kOriginDelta);
        else if (finding.verdict == Verdict::Contradicted)
            finding.conclusion
                = fmt::format("The {} projections are less alike than random ones.", name);
        else if (evidence.standing == Standing::Differs && isBelowDelta(evidence))
            finding.conclusion = fmt::format("The {} projections differ from random ones (z {}); "
                                             "whether by the {} that counts is left open.",
                name, zText(evidence.z), kOriginDelta);
        else
            finding.conclusion = fmt::format("The {} projections leave the question open.", name);
        break;
    }
    return finding;
}

std::string rankSentence(const RankEvidence& evidence, std::string_view name)
{
    const std::string what = fmt::format("differences of the {} projections", name);
    const std::string noise = evidence.byRowNorms ? noiseName(true) : "noise";
    const std::string nulls = ceilingsText(evidence);
    switch (evidence.verdict) {
    case Verdict::Supported:
        return fmt::format("The {} need {:.1f} directions, {:.0f} % of the rank that {} would need "
                           "({}).",
            what, evidence.rank, 100 * evidence.ratio(), noise, nulls);
    case Verdict::Contradicted:
        return fmt::format("The {} need more rank than {} would: {:.1f}, {:.0f} % of it ({}).",
            what, noise, evidence.rank, 100 * evidence.ratio(), nulls);
    case Verdict::AtNull:
        if (evidence.standing == Standing::AtNull)
            return fmt::format(
                "The {} have the rank of {}: {:.1f} ({}).", what, noise, evidence.rank, nulls);
        return fmt::format("The {} differ in rank from {}, but by less than the {} that counts: "
                           "{:.1f} ({}).",
            what, noise, percentText(kRankDelta), evidence.rank, nulls);
    case Verdict::NotApplicable:
        return "Without differences between the experts there is no rank to compare.";
    case Verdict::InsufficientData:
        break;
    }
    if (evidence.standing == Standing::Differs)
        return fmt::format("The {} differ in rank from {}; whether by the {} that counts is not "
                           "settled: {:.1f} ({}).",
            what, noise, percentText(kRankDelta), evidence.rank, nulls);
    return fmt::format(
        "The rank of the {} is not settled: {:.1f} ({}).", what, evidence.rank, nulls);
}

Finding rankFinding(const MoeTypeResult& result, Projection projection, double share)
{
    const RankEvidence evidence = rankEvidence(result, projection, share);
    const std::string_view name = projectionName(projection);
    Finding finding;
    finding.claim
        = fmt::format("The {} projections differ in fewer directions than noise would", name);
    finding.test = fmt::format("rank at {} of the energy of W - mean over the lower ceiling of "
                               "noise, means of experts and layers",
        percentText(share));
    finding.countUnit = "weights";
    finding.tokens = evidence.weights;
    finding.delta = kRankDelta;
    finding.family = result.tests.size();
    finding.verdict = evidence.verdict;
    finding.conclusion = rankSentence(evidence, name);
    if (finding.verdict == Verdict::NotApplicable)
        return finding;
    const double ceiling = evidence.ceiling();
    const Interval ranks = evidence.interval();
    const Interval band = evidence.nullBand();
    finding.effect = evidence.ratio();
    finding.interval = Interval{ranks.lo / ceiling, ranks.hi / ceiling};
    finding.null
        = NullModel{ceilingName(evidence), 1, Interval{band.lo / ceiling, band.hi / ceiling}};
    return finding;
}

Finding compressibleFinding(const MoeTypeResult& result)
{
    Finding finding;
    finding.claim = "The experts can be stored as a common base and low-rank differences";
    finding.test = "output error on real router inputs";
    finding.countUnit = "weights";
    finding.tokens = cosineEvidence(result.tests).weights;
    finding.verdict = Verdict::NotApplicable;
    finding.conclusion
        = "Whether the experts can be compressed is not measured: it needs the error "
          "of their outputs on real router inputs.";
    return finding;
}

/// "0-3, 7"
std::string layerRanges(const MoeTypeResult& result)
{
    std::string text;
    for (std::size_t first = 0; first < result.layers.size();) {
        const std::uint32_t from = result.layers[first]->layer.value;
        std::size_t next = first + 1;
        while (next < result.layers.size()
            && result.layers[next]->layer.value == from + (next - first))
            ++next;
        text += fmt::format("{}{}", text.empty() ? "" : ", ", from);
        if (next - first > 1)
            text += fmt::format(
                "{}{}", next - first > 2 ? "-" : ", ", result.layers[next - 1]->layer.value);
        first = next;
    }
    return text;
}

std::string scopeText(const MoeTypeResult& result)
{
    if (result.layers.empty() || !result.model || !result.model->model)
        return {};
    const std::size_t all = result.model->model->mixtureLayers().size();
    const std::size_t done = result.layers.size();
    if (done >= all)
        return fmt::format("Looked at every layer with experts: {}.", layerRanges(result));
    return done == 1
        ? fmt::format("Looked at layer {} alone, one of {} with experts.", layerRanges(result), all)
        : fmt::format(
            "Looked at the layers {} ({} of {} with experts).", layerRanges(result), done, all);
}

const LayerWeights& shownLayer(const MoeTypeResult& result, const MoeTypeView& view)
{
    const auto at = std::ranges::find_if(
        result.layers, [&](const auto& layer) { return layer->layer == view.layer; });
    return at == result.layers.end() ? *result.layers.front() : **at;
}

std::vector<Projection> shownOrder(const LayerWeights& layer, const MoeTypeView& view)
{
    std::vector<Projection> order = layer.projections;
    std::ranges::stable_partition(
        order, [&](Projection projection) { return projection == view.projection; });
    return order;
}

/// Which of the weights the figures of one layer are about.
Json shownFields(const LayerWeights& layer, const MoeTypeView& view, double share)
{
    return {{"layer", layer.layer.value},
        {"expert", view.expert ? Json(view.expert->value) : Json("mean")},
        {"matrices", view.differences ? "differences from the mean" : "whole"}, {"share", share}};
}

} // namespace

Report moeTypeReport(const MoeTypeResult& result, const MoeTypeView& view)
{
    Report report;
    report.experiment = "moe-type-analyze";
    report.title = "What the experts are made of";
    report.seed = result.spec.seed;
    report.complete = result.complete();
    if (result.model)
        report.model = identifyModel(*result.model);
    report.scope = scopeText(result);

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

    Finding headline = cosineFinding(
        "The experts share an origin", cosineEvidence(result.tests), result.tests.size());
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
    const double shownShare = view.share.value_or(share);
    report.figures.push_back(rankByLayerFigure(result, shownShare, view.differences));
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
        const LayerWeights& shown = shownLayer(result, view);
        (*report.spec)["shown"] = shownFields(shown, view, shownShare);
        const std::vector<Projection> order = shownOrder(shown, view);
        for (const Projection projection : order)
            report.figures.push_back(
                decayFigure(shown, projection, view.differences, view.expert, shownShare));
        for (const Projection projection : order)
            report.figures.push_back(similarityFigure(shown, projection));
    }
    return report;
}

} // namespace moescope
