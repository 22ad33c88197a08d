// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/moe_type.h"

#include <algorithm>
#include <cmath>
#include <new>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/text.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/spectra/spectrum.h"

namespace moescope {

namespace {

/// Names the random streams of this experiment.
constexpr std::uint64_t kStream = 0x6D6F652D74797065;
/// Less of the energy than this is what a Gram matrix in double loses, not structure.
constexpr double kShareNoise = 1e-9;

std::vector<MatrixView> expertViews(
    const LayerTensors& layer, Projection projection, std::size_t count)
{
    std::vector<MatrixView> views;
    for (std::size_t e = 0; e < std::min(count, layer.experts.size()); ++e)
        views.push_back(layer.experts[e][projection]);
    return views;
}

Status checkNumbers(const MoeTypeSpec& spec, std::uint32_t experts)
{
    if (spec.projections.empty())
        return fail(ErrorCode::InvalidArgument, "Name at least one projection: gate, up or down.");
    if (spec.shares.empty())
        return fail(ErrorCode::InvalidArgument, "Name at least one share of energy, such as 0.95.");
    for (const double share : spec.shares) {
        if (!(share > 0 && share < 1))
            return fail(ErrorCode::InvalidArgument,
                fmt::format("A share of energy lies between 0 and 1, but {} was given.", share));
        if (1 - share < kShareNoise)
            return fail(ErrorCode::InvalidArgument,
                fmt::format("A share of energy of {} would count rounding noise; the largest "
                            "is 0.999999999.",
                    share));
    }
    if (spec.experts > experts)
        return fail(ErrorCode::InvalidArgument,
            fmt::format(
                "The model has {} experts a layer, but {} were asked for.", experts, spec.experts));
    return {};
}

template <typename T>
void sortUnique(std::vector<T>& values)
{
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::uint64_t memoryOf(const MoeModel& model, const MoeTypeSpec& spec, unsigned threads)
{
    std::uint64_t largest = 0;
    std::uint64_t kept = 0;
    for (const LayerId layer : spec.layers) {
        for (const Projection projection : spec.projections) {
            const auto views = expertViews(model.layer(layer), projection, spec.experts);
            if (views.empty())
                continue;
            largest = std::max({largest, analyseProjectionMemory(views, threads),
                roundingMemory(views.front(), threads)});
            const std::uint64_t order = std::min(views.front().rows, views.front().cols);
            const bool twice
                = layer == spec.layers.front() && hasBias(model.layer(layer).experts, projection);
            kept += (twice ? 2 : 1) * sizeof(double) * views.size() * (2 * order + views.size());
        }
    }
    return largest + kept;
}

/// Whether no earlier layer of the run stores the projection like this one.
bool isNewPacking(
    const MoeModel& model, const MoeTypeSpec& spec, std::size_t index, Projection projection)
{
    const auto packing = [&](LayerId layer) {
        const auto views = expertViews(model.layer(layer), projection, spec.experts);
        return views.empty() ? std::string() : packingName(views.front());
    };
    const std::string own = packing(spec.layers[index]);
    return std::none_of(spec.layers.begin(),
        spec.layers.begin() + static_cast<std::ptrdiff_t>(index),
        [&](LayerId earlier) { return packing(earlier) == own; });
}

Result<LayerWeights> analyseLayer(
    const OpenModel& open, const MoeTypeSpec& spec, std::size_t index, TaskContext& context)
{
    const MoeModel& model = *open.model;
    LayerWeights layer;
    layer.layer = spec.layers[index];
    const auto& mixture = model.mixtureLayers();
    layer.ordinal = static_cast<std::uint32_t>(
        std::find(mixture.begin(), mixture.end(), layer.layer) - mixture.begin());
    layer.projections = spec.projections;
    const std::size_t steps = spec.layers.size() * spec.projections.size();
    for (std::size_t p = 0; p < spec.projections.size(); ++p) {
        const Projection projection = spec.projections[p];
        const std::size_t step = index * spec.projections.size() + p;
        ProjectionOptions options;
        options.seed = spec.seed;
        options.shares = spec.shares;
        options.stream = kStream ^ (std::uint64_t{layer.layer.value} << 8)
            ^ static_cast<std::uint64_t>(projection);
        options.progressFrom = static_cast<double>(step) / static_cast<double>(steps);
        options.progressTo = static_cast<double>(step + 1) / static_cast<double>(steps);
        options.stage = fmt::format(
            "layer {} of {} · {}", index + 1, spec.layers.size(), projectionName(projection));
        const auto views = expertViews(model.layer(layer.layer), projection, spec.experts);
        auto analysis = analyseProjection(views, context, options);
        if (!analysis) {
            Error error = std::move(analysis).error();
            // A file that was cut while it was read explains any other trouble better.
            MOESCOPE_CHECK(open.checkpoint->status());
            if (error.code != ErrorCode::Cancelled)
                error.message
                    = fmt::format("{}: layer {}, {} projection: {}", displayPath(open.path),
                        layer.layer.value, projectionName(projection), error.message);
            return tl::unexpected(std::move(error));
        }
        layer.analyses.push_back(std::move(*analysis));
        if (isQuantised(views.front()) && isNewPacking(model, spec, index, projection)) {
            ProjectionOptions noise = options;
            noise.stage += " as rounded noise";
            MOESCOPE_TRY(layer.rounding.emplace_back(),
                measureRounding(views.front(), projection, layer.analyses.back(),
                    moetype::headlineShare(spec), context, noise));
        }
        const auto experts = std::span(model.layer(layer.layer).experts);
        if (index == 0 && hasBias(experts, projection)) {
            options.stage += " with its bias";
            MOESCOPE_TRY(layer.artefacts.emplace_back(),
                measureBiasArtefact(experts, projection, layer.analyses.back(),
                    moetype::headlineShare(spec), context, options));
        }
    }
    MOESCOPE_CHECK(open.checkpoint->status());
    return layer;
}

Result<MoeTypeResult> analyse(
    std::shared_ptr<const OpenModel> model, const MoeTypeSpec& spec, TaskContext& context)
{
    MoeTypeResult result;
    MOESCOPE_TRY(result.spec, resolveMoeTypeSpec(*model, spec));
    MOESCOPE_CHECK(context.checkMemory(memoryOf(*model->model, result.spec, context.threads()),
        "The analysis of the expert weights"));
    result.model = std::move(model);
    for (std::size_t i = 0; i < result.spec.layers.size(); ++i) {
        MOESCOPE_TRY(auto layer, analyseLayer(*result.model, result.spec, i, context));
        auto shared = std::make_shared<const LayerWeights>(std::move(layer));
        context.partial(shared);
        addLayer(result, std::move(shared));
    }
    return result;
}

} // namespace

const ProjectionAnalysis* LayerWeights::find(Projection projection) const
{
    const auto at = std::find(projections.begin(), projections.end(), projection);
    const auto index = static_cast<std::size_t>(at - projections.begin());
    return index < analyses.size() ? &analyses[index] : nullptr;
}

std::string_view originText(OriginVerdict verdict)
{
    switch (verdict) {
    case OriginVerdict::NotEnoughData:
        return "not enough data";
    case OriginVerdict::ExactCopies:
        return "exact copies";
    case OriginVerdict::Evidence:
        return "evidence";
    case OriginVerdict::NoEvidence:
        return "no evidence found";
    case OriginVerdict::Mixed:
        return "mixed";
    }
    return "not enough data";
}

Result<MoeTypeSpec> resolveMoeTypeSpec(const OpenModel& model, MoeTypeSpec spec)
{
    if (!model.model)
        return tl::unexpected(model.modelError);
    const auto& mixture = model.model->mixtureLayers();
    if (mixture.empty())
        return fail(ErrorCode::Unsupported,
            fmt::format("{} is a dense model: it has no experts whose weights could be compared.",
                displayPath(model.path)));
    const std::uint32_t experts = model.model->config().router.experts;
    MOESCOPE_CHECK(checkNumbers(spec, experts));
    if (spec.experts == 0)
        spec.experts = experts;
    if (spec.layers.empty())
        spec.layers = mixture;
    sortUnique(spec.layers);
    sortUnique(spec.shares);
    sortUnique(spec.projections);
    // Some families' experts have two matrices only.
    const MlpTensors& expert = model.model->layer(mixture.front()).experts.front();
    const auto wanted = spec.projections;
    std::erase_if(spec.projections, [&](Projection p) { return expert[p].empty(); });
    if (spec.projections.empty())
        return fail(ErrorCode::InvalidArgument,
            fmt::format("The experts of {} have no {} matrix.", displayPath(model.path),
                wanted.empty() ? "chosen" : projectionName(wanted.front())));
    for (const LayerId layer : spec.layers) {
        if (std::find(mixture.begin(), mixture.end(), layer) != mixture.end())
            continue;
        const std::uint32_t count = model.model->config().layerCount();
        if (layer.value >= count)
            return fail(ErrorCode::InvalidArgument,
                fmt::format("There is no layer {}: {} has the layers 0 to {}.", layer.value,
                    model.name, count - 1));
        std::vector<std::uint32_t> numbers;
        for (const LayerId id : mixture)
            numbers.push_back(id.value);
        return fail(ErrorCode::InvalidArgument,
            fmt::format("Layer {} of {} has no experts; the layers that have some are {}.",
                layer.value, displayPath(model.path), fmt::join(numbers, ", ")));
    }
    return spec;
}

Interval OriginTest::interval() const
{
    return {std::max(-1.0, cosineMean - kZ95 * cosineError),
        std::min(1.0, cosineMean + kZ95 * cosineError)};
}

OriginTest testOrigin(LayerId layer, Projection projection, const ProjectionAnalysis& analysis)
{
    OriginTest test;
    test.layer = layer;
    test.projection = projection;
    test.experts = analysis.experts();
    test.pairs = analysis.cosines.pairs;
    test.weights = analysis.weights();
    test.cosineMean = analysis.cosines.mean;
    test.baseEnergy = analysis.baseEnergy;
    test.baseEnergyNull = 1 / static_cast<double>(std::max<std::size_t>(1, test.experts));
    if (test.pairs > 0) {
        const double cells = static_cast<double>(analysis.m) * static_cast<double>(analysis.n);
        test.nullSd = 1 / std::sqrt(cells * static_cast<double>(test.pairs));
        test.z = test.cosineMean / test.nullSd;
        // The mean cannot be known better than its number of weights allows.
        test.cosineError = std::isfinite(analysis.cosines.error)
            ? std::max(analysis.cosines.error, test.nullSd)
            : test.nullSd;
    }
    if (test.experts < 2)
        test.verdict = OriginVerdict::NotEnoughData;
    else if (analysis.deltaShare <= kExactCopyShare)
        test.verdict = OriginVerdict::ExactCopies;
    else if (test.pairs == 0 || kOriginZ * test.nullSd > 1) // even a cosine of 1 would not do
        test.verdict = OriginVerdict::NotEnoughData;
    else if (test.cosineMean >= kOriginDelta && test.z >= kOriginZ)
        test.verdict = OriginVerdict::Evidence;
    else
        test.verdict = OriginVerdict::NoEvidence;
    return test;
}

OriginVerdict combineOrigin(const std::vector<OriginTest>& tests)
{
    std::size_t copies = 0;
    std::size_t shared = 0;
    std::size_t without = 0;
    for (const OriginTest& test : tests) {
        copies += test.verdict == OriginVerdict::ExactCopies ? 1 : 0;
        shared += test.verdict == OriginVerdict::Evidence ? 1 : 0;
        without += test.verdict == OriginVerdict::NoEvidence ? 1 : 0;
    }
    if (copies + shared + without == 0)
        return OriginVerdict::NotEnoughData;
    if (copies + shared == 0)
        return OriginVerdict::NoEvidence;
    if (without > 0)
        return OriginVerdict::Mixed;
    return shared > 0 ? OriginVerdict::Evidence : OriginVerdict::ExactCopies;
}

std::optional<LegacyType> legacyType(const LayerWeights& layer)
{
    const ProjectionAnalysis* gate = layer.find(Projection::Gate);
    const ProjectionAnalysis* down = layer.find(Projection::Down);
    if (!gate || !down || !std::isfinite(down->cosines.mean))
        return std::nullopt;
    std::size_t ranks = 0;
    for (const auto& sigma : gate->deltaSigma)
        ranks += energyRank(sigma, 0.95);
    const double rank
        = static_cast<double>(ranks / gate->experts()); // whole, as the sources print it
    const double share = rank / static_cast<double>(gate->minimum());
    const double cosine = down->cosines.mean;
    const auto clip = [](double x) { return std::clamp(x, 0.0, 1.0); };
    LegacyType legacy;
    legacy.upcycled = 0.4 * clip((cosine - 0.1) / 0.4) + 0.3 * clip(1 - share / 0.2) + 0.2
        + 0.1 * clip(1 - 10 * gate->normCv);
    legacy.native = 0.5 * clip((0.1 - cosine) / 0.1) + 0.5 * clip((share - 0.3) / 0.3);
    constexpr double kWins = 0.6;
    if (std::max(legacy.native, legacy.upcycled) <= kWins)
        legacy.label = "undecided";
    else
        legacy.label = legacy.native > legacy.upcycled ? "native" : "upcycled";
    return legacy;
}

void addLayer(MoeTypeResult& result, std::shared_ptr<const LayerWeights> layer)
{
    const auto byNumber = [](const auto& a, const auto& b) { return a->layer < b->layer; };
    result.layers.insert(
        std::upper_bound(result.layers.begin(), result.layers.end(), layer, byNumber), layer);
    result.tests.clear();
    for (const auto& finished : result.layers)
        for (std::size_t p = 0; p < finished->analyses.size(); ++p)
            result.tests.push_back(
                testOrigin(finished->layer, finished->projections[p], finished->analyses[p]));
    result.origin = combineOrigin(result.tests);
}

Result<MoeTypeResult> analyseMoeType(
    std::shared_ptr<const OpenModel> model, const MoeTypeSpec& spec, TaskContext& context)
{
    if (!model)
        return fail(ErrorCode::InvalidArgument, "There is no model to analyse.");
    try {
        return analyse(std::move(model), spec, context);
    } catch (const std::bad_alloc&) {
        return fail(
            ErrorCode::OutOfMemory, "Not enough memory for the analysis of the expert weights.");
    } catch (const std::exception& exception) {
        return fail(ErrorCode::Internal,
            fmt::format("The analysis of the expert weights failed: {}", exception.what()));
    }
}

Result<std::uint64_t> moeTypeMemory(
    const OpenModel& model, const MoeTypeSpec& spec, unsigned threads)
{
    MOESCOPE_TRY(const MoeTypeSpec resolved, resolveMoeTypeSpec(model, spec));
    return memoryOf(*model.model, resolved, threads);
}

} // namespace moescope
