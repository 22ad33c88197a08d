// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "core/experiments/moe_type_numbers.h"
#include "core/report/number_text.h"
#include "core/spectra/spectrum.h"

namespace moescope {

using namespace moetype;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
/// A curve of more points than this is drawn through some of its ranks.
constexpr std::size_t kCurvePoints = 512;
constexpr std::size_t kDenseRanks = 128;
/// A map of similarities with a cosine below this shows the sign.
constexpr double kOppositeCosine = -0.1;

/// 1-based ranks: the first ones all, since the curve is steep there, then evenly to the last.
std::vector<std::size_t> curveRanks(std::size_t count)
{
    std::vector<std::size_t> ranks;
    if (count <= kCurvePoints) {
        for (std::size_t r = 1; r <= count; ++r)
            ranks.push_back(r);
        return ranks;
    }
    for (std::size_t r = 1; r <= kDenseRanks; ++r)
        ranks.push_back(r);
    const std::size_t rest = kCurvePoints - kDenseRanks;
    for (std::size_t i = 1; i <= rest; ++i)
        ranks.push_back(kDenseRanks + i * (count - kDenseRanks) / rest);
    return ranks;
}

std::vector<double> asDoubles(const std::vector<std::size_t>& values)
{
    return {values.begin(), values.end()};
}

/// sigma_j over the root mean square of all sigma; NaN for zero energy.
std::vector<double> relativeCurve(
    const std::vector<double>& sigma, const std::vector<std::size_t>& ranks)
{
    double energy = 0;
    for (const double s : sigma)
        energy += s * s;
    const double rms = std::sqrt(energy / static_cast<double>(sigma.size()));
    std::vector<double> curve;
    for (const std::size_t r : ranks)
        curve.push_back(rms > 0 ? sigma[r - 1] / rms : kNan);
    return curve;
}

std::vector<double> meanCurve(
    const std::vector<std::vector<double>>& spectra, const std::vector<std::size_t>& ranks)
{
    std::vector<double> average(ranks.size());
    for (const auto& sigma : spectra) {
        const std::vector<double> curve = relativeCurve(sigma, ranks);
        for (std::size_t i = 0; i < curve.size(); ++i)
            average[i] += curve[i] / static_cast<double>(spectra.size());
    }
    return average;
}

double layerNumber(LayerId layer)
{
    return static_cast<double>(layer.value);
}

/// Where the layers that are not there yet begin; nothing when all are.
std::optional<double> pendingFrom(const MoeTypeResult& result)
{
    if (result.layers.size() >= result.spec.layers.size())
        return std::nullopt;
    for (const LayerId layer : result.spec.layers) {
        const bool there = std::any_of(result.layers.begin(), result.layers.end(),
            [&](const auto& finished) { return finished->layer == layer; });
        if (!there)
            return layerNumber(layer) - 0.5;
    }
    return std::nullopt;
}

/// Dense layers between those that were asked for.
std::vector<LineFigure::Gap> denseGaps(const MoeTypeResult& result)
{
    std::vector<LineFigure::Gap> gaps;
    if (!result.model || !result.model->model || result.spec.layers.empty())
        return gaps;
    const auto& mixtures = result.model->model->mixtureLayers();
    for (LayerId layer = result.spec.layers.front(); layer < result.spec.layers.back();
         ++layer.value)
        if (std::ranges::find(mixtures, layer) == mixtures.end())
            gaps.push_back({"dense", layerNumber(layer)});
    return gaps;
}

LineFigure layerFigure(const MoeTypeResult& result, std::string yTitle)
{
    LineFigure line;
    line.xAxis.title = "layer";
    if (result.spec.layers.size() > 1) {
        line.xAxis.lo = layerNumber(result.spec.layers.front());
        line.xAxis.hi = layerNumber(result.spec.layers.back());
    }
    line.yAxis.title = std::move(yTitle);
    line.gaps = denseGaps(result);
    line.pendingFrom = pendingFrom(result);
    return line;
}

std::string layersDone(const MoeTypeResult& result)
{
    return fmt::format("{} of {} layers", result.layers.size(), result.spec.layers.size());
}

std::string shapeText(const ProjectionAnalysis& analysis)
{
    return fmt::format("{} experts of {} × {} weights", analysis.experts(), analysis.m, analysis.n);
}

} // namespace

Figure decayFigure(const LayerWeights& layer, Projection projection, bool differences,
    std::optional<ExpertId> selected, double share)
{
    Figure figure;
    figure.id = fmt::format("decay-layer{}-{}{}", layer.layer.value, projectionName(projection),
        differences ? "" : "-raw");
    figure.title = "Singular values";
    figure.subtitle = fmt::format("layer {}, {}, {}", layer.layer.value, projectionName(projection),
        differences ? "differences from the mean" : "whole matrices");
    LineFigure line;
    line.xAxis.title = "rank";
    line.yAxis.title = "σ / rms";
    line.yAxis.lo = 0;
    const ProjectionAnalysis* analysis = layer.find(projection);
    if (!analysis) {
        figure.data = std::move(line);
        return figure;
    }
    line.xAxis.lo = 0;
    line.xAxis.hi = static_cast<double>(analysis->minimum());
    const auto& spectra = differences ? analysis->deltaSigma : analysis->rawSigma;
    const std::vector<std::size_t> ranks = curveRanks(analysis->minimum());
    const std::vector<double> x = asDoubles(ranks);
    const bool hasSelection = selected && selected->value < spectra.size();
    for (std::size_t e = 0; e < spectra.size(); ++e) {
        const bool chosen = hasSelection && selected->value == e;
        line.series.push_back({fmt::format("E{}", e), x, relativeCurve(spectra[e], ranks), {}, {},
            false, chosen, !chosen, false});
    }
    if (!hasSelection)
        line.series.push_back({"mean of the experts", x, meanCurve(spectra, ranks), {}, {}, false,
            true, false, false});
    line.series.push_back({"random matrix of this shape (Marchenko–Pastur)", x,
        relativeCurve(marchenkoPasturSpectrum(analysis->m, analysis->n), ranks), {}, {}, true,
        false, false, false});
    if (differences)
        line.series.push_back({"noise with the same row norms", x,
            meanCurve(analysis->surrogateSigma, ranks), {}, {}, true, false, true, false});

    const double measured = hasSelection
        ? static_cast<double>(energyRank(spectra[selected->value], share))
        : ranksOf(spectra, share).mean;
    const double ceiling = ceilingOf(*analysis, share);
    line.verticals.push_back(
        {fmt::format("{} of energy: {:.4g}", percentText(share), measured), measured, false});
    line.verticals.push_back({fmt::format("noise: {:.0f}", ceiling), ceiling, true});
    const double breakEven = breakEvenRank(analysis->m, analysis->n);
    line.verticals.push_back({fmt::format("break-even: {:.0f}", breakEven), breakEven, false});
    figure.caption
        = fmt::format("{}. σ over the root mean square of the {} singular values. Marked: "
                      "the rank that holds {} of the energy{}, the same for noise of "
                      "this shape, and the rank from which two factors take more room "
                      "than the matrix.",
            shapeText(*analysis), analysis->minimum(), percentText(share),
            hasSelection ? fmt::format(" of E{}", selected->value) : std::string(" (mean)"));
    if (analysis->doubleSpectra < analysis->spectra())
        figure.caption += " " + precisionText(*analysis);
    figure.data = std::move(line);
    return figure;
}

Figure similarityFigure(const LayerWeights& layer, Projection projection)
{
    Figure figure;
    figure.id = fmt::format("similarity-layer{}-{}", layer.layer.value, projectionName(projection));
    figure.title = "Similarity of experts";
    figure.subtitle
        = fmt::format("cosine, layer {}, {}", layer.layer.value, projectionName(projection));
    HeatMapFigure map;
    map.valueTitle = "cosine";
    map.rowAxis.title = "expert";
    map.colAxis.title = "expert";
    map.range = Interval{0, 1};
    if (const ProjectionAnalysis* analysis = layer.find(projection)) {
        const std::size_t count = analysis->experts();
        map.rows = count;
        map.cols = count;
        map.values = analysis->cosine;
        for (std::size_t e = 0; e < count; ++e)
            map.rowLabels.push_back(fmt::format("E{}", e));
        map.colLabels = map.rowLabels;
        map.diagonal = "the same expert";
        map.clusteredOrder = clusteredOrder(analysis->cosine, count);
        const double band
            = kZ95 / std::sqrt(static_cast<double>(analysis->m) * static_cast<double>(analysis->n));
        map.null = NullModel{"independent experts", 0, Interval{-band, band}};
        // Cosines of weights lie at or above 0 but for noise; where they do not, the sign counts.
        if (std::ranges::any_of(
                analysis->cosine, [](double cosine) { return cosine < kOppositeCosine; })) {
            map.scale = ColourScale::Diverging;
            map.range = Interval{-1, 1};
        }
        figure.caption = fmt::format(
            "{}, {} pairs, mean {}. 1 = the same direction, 0 = unrelated; a pair of independent "
            "experts gives 0 ± {:.2g} (95 %).",
            shapeText(*analysis), analysis->cosines.pairs, displayNumber(analysis->cosines.mean, 3),
            band);
    }
    figure.data = std::move(map);
    return figure;
}

Figure rankByLayerFigure(const MoeTypeResult& result, double share, bool differences)
{
    Figure figure;
    figure.id = differences ? "rank-by-layer" : "rank-by-layer-raw";
    figure.title = "Rank by layer";
    figure.subtitle = fmt::format("{} of energy, share of the ceiling", percentText(share));
    figure.caption = fmt::format("{}, {}. Rank that holds {} of the energy over the rank that "
                                 "noise of the same shape needs (Marchenko–Pastur); mean of the "
                                 "experts, bars from the smallest to the largest.",
        layersDone(result), differences ? "differences from the mean" : "whole matrices",
        percentText(share));
    LineFigure line = layerFigure(result, "rank / ceiling");
    line.yAxis.lo = 0;
    line.levels.push_back({"ceiling: noise of this shape", 1, true});
    LineFigure::Series noise;
    noise.name = "noise with the same row norms (lowest projection)";
    noise.isNull = true;
    noise.muted = true;
    for (const auto& layer : result.layers) {
        double lowest = kNan;
        for (const ProjectionAnalysis& analysis : layer->analyses)
            lowest = std::fmin(
                lowest, ranksOf(analysis.surrogateSigma, share).mean / ceilingOf(analysis, share));
        noise.x.push_back(layerNumber(layer->layer));
        noise.y.push_back(lowest);
    }
    for (const Projection projection : result.spec.projections) {
        LineFigure::Series series;
        series.name = projectionName(projection);
        series.markers = true;
        for (const auto& layer : result.layers) {
            const ProjectionAnalysis* analysis = layer->find(projection);
            if (!analysis)
                continue;
            const double ceiling = ceilingOf(*analysis, share);
            const RankSummary ranks
                = ranksOf(differences ? analysis->deltaSigma : analysis->rawSigma, share);
            series.x.push_back(layerNumber(layer->layer));
            series.y.push_back(ranks.mean / ceiling);
            series.lo.push_back(ranks.lo / ceiling);
            series.hi.push_back(ranks.hi / ceiling);
        }
        line.series.push_back(std::move(series));
    }
    if (differences)
        line.series.push_back(std::move(noise));
    figure.data = std::move(line);
    return figure;
}

Figure cosineByLayerFigure(const MoeTypeResult& result)
{
    Figure figure;
    figure.id = "cosine-by-layer";
    figure.title = "Similarity by layer";
    figure.subtitle = "mean cosine of the pairs of experts";
    figure.caption = fmt::format("{}. Bars: 95 % interval of the mean (jackknife over experts). "
                                 "Independent experts would lie at 0; a mean from {} on counts as "
                                 "evidence of a shared origin.",
        layersDone(result), kOriginDelta);
    LineFigure line = layerFigure(result, "mean cosine");
    line.yAxis.hi = 1;
    double lowest = 0;
    LineFigure::Band band;
    for (const Projection projection : result.spec.projections) {
        LineFigure::Series series;
        series.name = projectionName(projection);
        series.markers = true;
        for (const OriginTest& test : testsOf(result, projection)) {
            const Interval interval = test.interval();
            series.x.push_back(layerNumber(test.layer));
            series.y.push_back(test.cosineMean);
            series.lo.push_back(interval.lo);
            series.hi.push_back(interval.hi);
            if (interval.lo < lowest)
                lowest = interval.lo;
            if (projection == result.spec.projections.front()) {
                band.x.push_back(layerNumber(test.layer));
                band.lo.push_back(-kZ95 * test.nullSd);
                band.hi.push_back(kZ95 * test.nullSd);
            }
        }
        line.series.push_back(std::move(series));
    }
    line.yAxis.lo = lowest;
    band.name = fmt::format("independent experts: 0, 95 % band ({})",
        result.spec.projections.empty() ? "" : projectionName(result.spec.projections.front()));
    line.bands.push_back(std::move(band));
    line.levels.push_back({"independent experts", 0, true});
    line.levels.push_back({"smallest that counts", kOriginDelta, false});
    figure.data = std::move(line);
    return figure;
}

} // namespace moescope
