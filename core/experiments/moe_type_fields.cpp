// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type_fields.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "core/experiments/moe_type_numbers.h"
#include "core/io/json.h"
#include "core/spectra/spectrum.h"
#include "core/spectra/spectrum_batch.h"

namespace moescope::moetype {

namespace {

/// Spectra of more numbers than this are made only when a file is written.
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

using Spectra = std::vector<std::vector<double>>;

std::vector<double> relative(const std::vector<double>& sigma)
{
    std::vector<double> values = sigma;
    const double largest = sigma.empty() ? 0 : sigma.front();
    for (double& value : values)
        value = largest > 0 ? value / largest : 0;
    return values;
}

std::vector<double> energies(const std::vector<double>& sigma)
{
    std::vector<double> energy = cumulativeEnergy(sigma);
    energy.resize(sigma.size()); // zeros for zero energy
    return energy;
}

/// The fields [L][proj][E][min] and what they are made of.
struct SpectrumField {
    const char* name;
    const Spectra& (*spectra)(const ProjectionAnalysis&);
    std::vector<double> (*values)(const std::vector<double>&);
};
const Spectra& deltaOf(const ProjectionAnalysis& analysis)
{
    return analysis.deltaSigma;
}
const Spectra& rawOf(const ProjectionAnalysis& analysis)
{
    return analysis.rawSigma;
}
constexpr std::array<SpectrumField, 4> kSpectrumFields{
    {{"sigma_rel", deltaOf, relative}, {"sigma_rel_raw", rawOf, relative},
        {"energy_cum", deltaOf, energies}, {"energy_cum_raw", rawOf, energies}}};

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

/// The shape [L][proj][E][min] of all spectra; nothing when layers or projections differ in theirs.
std::optional<std::vector<std::uint64_t>> spectrumShape(const MoeTypeResult& result)
{
    std::optional<std::vector<std::uint64_t>> shape;
    for (const auto& layer : result.layers) {
        for (const ProjectionAnalysis& analysis : layer->analyses) {
            const std::vector<std::uint64_t> own{result.layers.size(), layer->analyses.size(),
                analysis.experts(), analysis.minimum()};
            if (shape && *shape != own)
                return std::nullopt;
            shape = own;
        }
    }
    return shape;
}

bool spectraApart(const MoeTypeResult& result)
{
    const auto shape = spectrumShape(result);
    return shape
        && std::accumulate(shape->begin(), shape->end(), std::uint64_t{1}, std::multiplies<>())
        > kMaxSpectrumNumbers;
}

/// What the indices of the arrays stand for; fields that are not listed are single values or
/// tables.
Json axes()
{
    const auto all = [](const char* names, const char* more) {
        Json axis = Json::object();
        for (std::string_view rest = names; !rest.empty();) {
            const std::size_t end = std::min(rest.find(' '), rest.size());
            axis[std::string(rest.substr(0, end))] = fmt::format("[layer][projection]{}", more);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        return axis;
    };
    Json axis = {{"layer", "[layer] absolute block number"},
        {"ordinal", "[layer] among the layers with experts"}, {"projection", "[projection]"},
        {"share", "[share] of the energy"}, {"histogram_edges", "[bin]"}};
    axis.update(all("rho_mean rho_mean_lo rho_mean_hi rho_mean_null rho_sd null_sd z pairs "
                    "spectra spectra_in_double breakeven base_energy base_energy_null "
                    "base_energy_excess delta_share norm_cv",
        ""));
    axis.update(all("cos", "[expert][expert]"));
    axis.update(all("order", "[expert]"));
    axis.update(all("histogram", "[bin] pairs"));
    axis.update(all("rank_delta rank_raw", "[expert][share]"));
    axis.update(all("ceiling ceiling_row_norms rank_over_ceiling rank_over_min "
                    "rank_raw_over_ceiling rank_raw_over_min",
        "[share]"));
    axis.update(all("shape", "[rows, columns]"));
    axis.update(all("sigma_rel sigma_rel_raw energy_cum energy_cum_raw", "[expert][direction]"));
    return axis;
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
    Json overMin = Json::array();
    Json rawRatio = Json::array();
    Json rawOverMin = Json::array();
    const auto full = static_cast<double>(analysis.minimum());
    for (const double share : spec.shares) {
        const double noise = ceilingOf(analysis, share);
        const double delta = ranksOf(analysis.deltaSigma, share).mean;
        const double raw = ranksOf(analysis.rawSigma, share).mean;
        ceiling.push_back(noise);
        surrogate.push_back(ranksOf(analysis.surrogateSigma, share).mean);
        ratio.push_back(delta / noise);
        overMin.push_back(delta / full);
        rawRatio.push_back(raw / noise);
        rawOverMin.push_back(raw / full);
    }
    into["ceiling"].push_back(std::move(ceiling));
    into["ceiling_row_norms"].push_back(std::move(surrogate));
    into["rank_over_ceiling"].push_back(std::move(ratio));
    into["rank_over_min"].push_back(std::move(overMin));
    into["rank_raw_over_ceiling"].push_back(std::move(rawRatio));
    into["rank_raw_over_min"].push_back(std::move(rawOverMin));
    into["breakeven"].push_back(breakEvenRank(analysis.m, analysis.n));
    into["shape"].push_back({analysis.m, analysis.n});
    into["spectra"].push_back(analysis.spectra());
    into["spectra_in_double"].push_back(analysis.doubleSpectra);
    into["base_energy"].push_back(test.baseEnergy);
    into["base_energy_null"].push_back(test.baseEnergyNull);
    into["base_energy_excess"].push_back(test.experts < 2
            ? std::numeric_limits<double>::quiet_NaN()
            : (test.baseEnergy - test.baseEnergyNull) / (1 - test.baseEnergyNull));
    into["delta_share"].push_back(analysis.deltaShare);
    into["norm_cv"].push_back(analysis.normCv);
    if (!withSpectra)
        return;
    for (const SpectrumField& field : kSpectrumFields) {
        Json rows = Json::array();
        for (const auto& sigma : field.spectra(analysis))
            rows.push_back(field.values(sigma));
        into[field.name].push_back(std::move(rows));
    }
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

/// The main result's fields, of what the biases would fake: of one layer, and of the projections
/// that have biases.
Json artefactFields(const LayerWeights& layer, const MoeTypeSpec& spec, bool withSpectra)
{
    Json fields;
    fields["note"] = "wrong on purpose: each expert's bias was added to every column of its matrix";
    fields["layer"] = Json::array({layer.layer.value});
    fields["ordinal"] = Json::array({layer.ordinal});
    fields["projection"] = Json::array();
    fields["share"] = spec.shares;
    Json one;
    for (const BiasArtefact& artefact : layer.artefacts) {
        fields["projection"].push_back(projectionName(artefact.projection));
        addAnalysis(one, testOrigin(layer.layer, artefact.projection, artefact.wrong),
            artefact.wrong, spec, withSpectra);
        one["bias_over_weight_sd"].push_back(artefact.biasOverWeight);
        one["first_direction"].push_back(artefact.wrongFirst);
        one["first_direction_without"].push_back(artefact.rightFirst);
    }
    for (auto& [name, values] : one.items())
        fields[name].push_back(std::move(values));
    return fields;
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
    fields["axes"] = axes();
    fields["spectra_note"]
        = fmt::format("spectra that are not counted in spectra_in_double were computed in single "
                      "precision: their values lie within {} of the largest one, and their ranks "
                      "are those of double precision",
            kSingleTolerance);
    const bool withSpectra = !spectraApart(result);
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
    fields["verdict"] = verdictFields(result);
    for (const auto& layer : result.layers)
        if (!layer->artefacts.empty())
            fields["artefact"] = artefactFields(*layer, result.spec, withSpectra);
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

std::vector<BigArray> spectraBesideTheJson(const MoeTypeResult& result)
{
    std::vector<BigArray> arrays;
    if (!spectraApart(result))
        return arrays;
    const std::vector<std::uint64_t> shape = *spectrumShape(result);
    for (const SpectrumField& field : kSpectrumFields) {
        const auto part = [layers = result.layers, field](std::size_t index) {
            const std::size_t projections = layers.front()->analyses.size();
            const ProjectionAnalysis& analysis
                = layers[index / projections]->analyses[index % projections];
            std::vector<float> values;
            for (const auto& sigma : field.spectra(analysis))
                for (const double value : field.values(sigma))
                    values.push_back(static_cast<float>(value));
            return values;
        };
        arrays.push_back({field.name, shape, static_cast<std::size_t>(shape[0] * shape[1]), part});
    }
    return arrays;
}

} // namespace moescope::moetype
