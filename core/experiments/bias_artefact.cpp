// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/bias_artefact.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/experiments/moe_type.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/stats/intervals.h"

namespace moescope {

namespace {

/// Share of each spectrum's energy in its first value, mean over the spectra.
double firstShare(const std::vector<std::vector<double>>& spectra)
{
    std::vector<double> shares;
    for (const auto& sigma : spectra) {
        double energy = 0;
        for (const double value : sigma)
            energy += value * value;
        shares.push_back(energy > 0 ? sigma.front() * sigma.front() / energy : 0);
    }
    return mean(shares);
}

double spread(std::span<const MatrixView> biases)
{
    std::vector<double> values;
    for (const MatrixView& bias : biases) {
        for (const float value : decodeAll(bias))
            values.push_back(static_cast<double>(value));
    }
    return standardDeviation(values);
}

} // namespace

bool hasBias(std::span<const MlpTensors> experts, Projection projection)
{
    return std::ranges::any_of(
        experts, [&](const MlpTensors& expert) { return !expert.bias(projection).empty(); });
}

Result<BiasArtefact> measureBiasArtefact(std::span<const MlpTensors> experts, Projection projection,
    const ProjectionAnalysis& right, double share, TaskContext& context, ProjectionOptions options)
{
    std::vector<MatrixView> views;
    std::vector<MatrixView> biases;
    for (const MlpTensors& expert : experts.first(std::min(experts.size(), right.experts()))) {
        views.push_back(expert[projection]);
        biases.push_back(expert.bias(projection));
    }
    options.columnBias = biases;
    MOESCOPE_TRY(ProjectionAnalysis wrong, analyseProjection(views, context, options));

    BiasArtefact artefact;
    artefact.projection = projection;
    double energy = 0;
    for (const double norm : right.norms)
        energy += norm * norm;
    const double weightSpread = std::sqrt(energy / static_cast<double>(right.weights()));
    artefact.biasOverWeight = weightSpread > 0 ? spread(biases) / weightSpread : 0;
    artefact.rightCosine = right.cosines.mean;
    artefact.wrongCosine = wrong.cosines.mean;
    artefact.rightRank = moetype::ranksOf(right.deltaSigma, share).mean;
    artefact.wrongRank = moetype::ranksOf(wrong.deltaSigma, share).mean;
    artefact.rightFirst = firstShare(right.deltaSigma);
    artefact.wrongFirst = firstShare(wrong.deltaSigma);
    artefact.ceiling = moetype::ceilingOf(right, share);
    artefact.wrong = std::move(wrong);
    return artefact;
}

std::optional<Figure> biasArtefactFigure(const MoeTypeResult& result)
{
    const auto with = std::ranges::find_if(
        result.layers, [](const auto& layer) { return !layer->artefacts.empty(); });
    if (with == result.layers.end())
        return std::nullopt;
    const LayerWeights& layer = **with;
    const double share = moetype::headlineShare(result.spec);
    const std::string rank = fmt::format("rank at {}", moetype::percentText(share));
    Figure figure;
    figure.id = "bias-artefact";
    figure.title = "What biases would fake";
    figure.subtitle
        = fmt::format("layer {}, biases added to the weights: wrong on purpose", layer.layer.value);
    figure.caption
        = "The \"wrong\" columns add each expert's bias to every column of its matrix, a mistake "
          "that makes experts look alike and their differences look low-rank. The claim that "
          "GPT-OSS was grown from a dense model came from it. All other figures leave biases out.";
    TableFigure table;
    table.columns = {{"projection", "", false, -1, ""},
        {"bias / weight", "SD", true, 2, "Spread of the biases over the spread of the weights"},
        {"cosine", "", true, 3, "Mean cosine of the pairs of experts, weights alone"},
        {"wrong cosine", "", true, 3, "The same with the biases added"},
        {rank, "", true, 0, "Of the differences from the mean expert, weights alone"},
        {"wrong rank", "", true, 0, "The same with the biases added"},
        {"ceiling", "", true, 0, "Rank that noise of this shape needs (Marchenko\u2013Pastur)"},
        {"first direction", "%", true, 1,
            "Share of the differences' energy in one direction, weights alone"},
        {"wrong first", "%", true, 1, "The same with the biases added"}};
    for (const BiasArtefact& artefact : layer.artefacts)
        table.rows.push_back(
            {std::string(projectionName(artefact.projection)), artefact.biasOverWeight,
                artefact.rightCosine, artefact.wrongCosine, artefact.rightRank, artefact.wrongRank,
                artefact.ceiling, 100 * artefact.rightFirst, 100 * artefact.wrongFirst});
    figure.data = std::move(table);
    return figure;
}

} // namespace moescope
