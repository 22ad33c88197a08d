// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type_fields.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/experiments/moe_type_numbers.h"
#include "core/io/json.h"
#include "core/spectra/spectrum.h"

namespace moescope::moetype {

namespace {

/// Spectra of more numbers than this stay out of the report.
constexpr std::uint64_t kMaxSpectrumNumbers = 1'000'000;
/// The sources' bins of pairwise cosines.
constexpr std::array<double, 4> kBinEdges{0.05, 0.15, 0.3, 0.5};

Json squareMatrix(const std::vector<double>& values, std::size_t count)
{
    Json rows = Json::array();
    for (std::size_t i = 0; i < count; ++i)
        rows.push_back(std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(i * count),
            values.begin() + static_cast<std::ptrdiff_t>((i + 1) * count)));
    return rows;
}

/// [E][p]
Json ranksPerExpert(
    const std::vector<std::vector<double>>& spectra, const std::vector<double>& shares)
{
    Json rows = Json::array();
    for (const auto& sigma : spectra) {
        Json row = Json::array();
        for (const double share : shares)
            row.push_back(energyRank(sigma, share));
        rows.push_back(std::move(row));
    }
    return rows;
}

Json relativeSpectra(const std::vector<std::vector<double>>& spectra)
{
    Json rows = Json::array();
    for (const auto& sigma : spectra) {
        std::vector<double> relative = sigma;
        const double largest = sigma.empty() ? 0 : sigma.front();
        for (double& value : relative)
            value = largest > 0 ? value / largest : 0;
        rows.push_back(std::move(relative));
    }
    return rows;
}

Json energySpectra(const std::vector<std::vector<double>>& spectra)
{
    Json rows = Json::array();
    for (const auto& sigma : spectra) {
        std::vector<double> energy = cumulativeEnergy(sigma);
        energy.resize(sigma.size()); // zeros for zero energy
        rows.push_back(std::move(energy));
    }
    return rows;
}

std::vector<std::size_t> cosineBins(const ProjectionAnalysis& analysis)
{
    std::vector<std::size_t> bins(kBinEdges.size() + 1);
    const std::size_t count = analysis.experts();
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = i + 1; j < count; ++j) {
            const double cosine = analysis.cosine[i * count + j];
            if (std::isfinite(cosine))
                ++bins[static_cast<std::size_t>(
                    std::upper_bound(kBinEdges.begin(), kBinEdges.end(), cosine)
                    - kBinEdges.begin())];
        }
    }
    return bins;
}

std::uint64_t spectrumNumbers(const MoeTypeResult& result)
{
    std::uint64_t sum = 0;
    for (const auto& layer : result.layers)
        for (const auto& analysis : layer->analyses)
            sum += std::uint64_t{analysis.experts()} * analysis.minimum();
    return sum;
}

/// One layer's and projection's values, appended to the arrays [proj] of that layer.
void addAnalysis(Json& into, const OriginTest& test, const ProjectionAnalysis& analysis,
    const MoeTypeSpec& spec, bool withSpectra)
{
    const std::size_t count = analysis.experts();
    const Interval interval = test.interval();
    into["cos"].push_back(squareMatrix(analysis.cosine, count));
    into["order"].push_back(clusteredOrder(analysis.cosine, count));
    into["histogram"].push_back(cosineBins(analysis));
    into["rho_mean"].push_back(test.cosineMean);
    into["rho_mean_lo"].push_back(interval.lo);
    into["rho_mean_hi"].push_back(interval.hi);
    into["rho_mean_null"].push_back(0.0);
    into["rho_sd"].push_back(analysis.cosines.sd);
    into["null_sd"].push_back(test.nullSd);
    into["z"].push_back(test.z);
    into["pairs"].push_back(test.pairs);
    into["rank_delta"].push_back(ranksPerExpert(analysis.deltaSigma, spec.shares));
    into["rank_raw"].push_back(ranksPerExpert(analysis.rawSigma, spec.shares));
    Json ceiling = Json::array();
    Json surrogate = Json::array();
    Json ratio = Json::array();
    for (const double share : spec.shares) {
        ceiling.push_back(ceilingOf(analysis, share));
        surrogate.push_back(ranksOf(analysis.surrogateSigma, share).mean);
        ratio.push_back(ranksOf(analysis.deltaSigma, share).mean / ceilingOf(analysis, share));
    }
    into["ceiling"].push_back(std::move(ceiling));
    into["ceiling_row_norms"].push_back(std::move(surrogate));
    into["rank_over_ceiling"].push_back(std::move(ratio));
    into["breakeven"].push_back(breakEvenRank(analysis.m, analysis.n));
    into["shape"].push_back({analysis.m, analysis.n});
    into["base_energy"].push_back(test.baseEnergy);
    into["base_energy_null"].push_back(test.baseEnergyNull);
    into["delta_share"].push_back(analysis.deltaShare);
    into["norm_cv"].push_back(analysis.normCv);
    if (!withSpectra)
        return;
    into["sigma_rel"].push_back(relativeSpectra(analysis.deltaSigma));
    into["sigma_rel_raw"].push_back(relativeSpectra(analysis.rawSigma));
    into["energy_cum"].push_back(energySpectra(analysis.deltaSigma));
    into["energy_cum_raw"].push_back(energySpectra(analysis.rawSigma));
}

Json verdictFields(const MoeTypeResult& result)
{
    Json votes = Json::array();
    for (const OriginTest& test : result.tests)
        votes.push_back({{"layer", test.layer.value},
            {"projection", projectionName(test.projection)}, {"test", "pairwise cosine"},
            {"value", test.cosineMean}, {"z", test.z}, {"vote", originText(test.verdict)}});
    return {{"origin", originText(result.origin)}, {"votes", std::move(votes)},
        {"compressible", "not measured"}};
}

Json artefactFields(LayerId layer, const BiasArtefact& artefact)
{
    return {{"layer", layer.value}, {"projection", projectionName(artefact.projection)},
        {"bias_over_weight_sd", artefact.biasOverWeight}, {"cosine_right", artefact.rightCosine},
        {"cosine_wrong", artefact.wrongCosine}, {"rank_right", artefact.rightRank},
        {"rank_wrong", artefact.wrongRank}, {"first_direction_right", artefact.rightFirst},
        {"first_direction_wrong", artefact.wrongFirst}, {"ceiling", artefact.ceiling},
        {"note", "wrong: the expert's bias was added to every column of its matrix"}};
}

Json drawnFields(const DrawnMean& drawn)
{
    return {{"mean", drawn.mean}, {"lo", drawn.interval.lo}, {"hi", drawn.interval.hi},
        {"sd", drawn.spread}};
}

Json roundingFields(LayerId layer, const RoundingEffect& effect)
{
    Json fields = {{"layer", layer.value}, {"projection", projectionName(effect.projection)},
        {"type", effect.type}};
    if (!effect.estimate) {
        fields["estimate"] = "not estimated";
        return fields;
    }
    const RoundingEffect::Estimate& estimate = *effect.estimate;
    fields["draws"] = estimate.draws;
    fields["rank_over_ceiling_change"] = drawnFields(estimate.rank);
    fields["cosine_change"] = drawnFields(estimate.cosine);
    fields["cosine_with_itself"] = drawnFields(estimate.likeness);
    fields["unrounded"]
        = {{"rank_over_ceiling", estimate.plainRank}, {"cosine", estimate.plainCosine}};
    fields["null"]
        = {{"rank_over_ceiling_change", 0.0}, {"cosine_change", 0.0}, {"cosine_with_itself", 1.0}};
    return fields;
}

} // namespace

Json analysisFields(const MoeTypeResult& result)
{
    Json fields;
    fields["layer"] = Json::array();
    fields["ordinal"] = Json::array();
    fields["projection"] = Json::array();
    for (const Projection projection : result.spec.projections)
        fields["projection"].push_back(projectionName(projection));
    fields["share"] = result.spec.shares;
    fields["histogram_edges"] = kBinEdges;
    const bool withSpectra = spectrumNumbers(result) <= kMaxSpectrumNumbers;
    for (const auto& layer : result.layers) {
        fields["layer"].push_back(layer->layer.value);
        fields["ordinal"].push_back(layer->ordinal);
        Json one;
        for (std::size_t p = 0; p < layer->analyses.size(); ++p)
            addAnalysis(one, testOrigin(layer->layer, layer->projections[p], layer->analyses[p]),
                layer->analyses[p], result.spec, withSpectra);
        for (auto& [name, values] : one.items())
            fields[name].push_back(std::move(values));
    }
    if (!withSpectra)
        fields["sigma_rel_omitted"] = fmt::format(
            "more than {} values; analyse fewer layers to have them", kMaxSpectrumNumbers);
    fields["verdict"] = verdictFields(result);
    for (const auto& layer : result.layers)
        for (const BiasArtefact& artefact : layer->artefacts)
            fields["bias_artefact"].push_back(artefactFields(layer->layer, artefact));
    for (const auto& layer : result.layers)
        for (const RoundingEffect& effect : layer->rounding)
            fields["rounding"].push_back(roundingFields(layer->layer, effect));
    if (!result.layers.empty()) {
        if (const auto legacy = legacyType(*result.layers.front()))
            fields["legacy"] = {{"layer", result.layers.front()->layer.value},
                {"label", legacy->label}, {"score", std::max(legacy->native, legacy->upcycled)},
                {"native", legacy->native}, {"upcycled", legacy->upcycled},
                {"note", "the sources' formula; decides nothing here"}};
    }
    return fields;
}

} // namespace moescope::moetype
