// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/rounding_effect.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/random.h"
#include "core/experiments/moe_type.h"
#include "core/experiments/moe_type_numbers.h"
#include "core/spectra/certain_spectra.h"
#include "core/spectra/spectrum.h"
#include "core/task/worker_pool.h"

namespace moescope {

namespace {

constexpr std::size_t kBlock = 32;
constexpr std::uint64_t kStream = 0x726F756E64696E67;

void roundQ8(std::span<float> block)
{
    float largest = 0;
    for (const float value : block)
        largest = std::max(largest, std::abs(value));
    const float step = largest / 127;
    for (float& value : block)
        value = step > 0 ? std::round(value / step) * step : 0;
}

/// The value of the largest magnitude becomes -8 steps, so that the other sign ends at 7.
void roundQ4(std::span<float> block)
{
    const float largest = *std::ranges::max_element(
        block, [](float a, float b) { return std::abs(a) < std::abs(b); });
    const float step = largest / -8;
    for (float& value : block)
        value = step != 0 ? std::clamp(std::round(value / step), -8.0F, 7.0F) * step : 0;
}

void roundFp4(std::span<float> block)
{
    constexpr std::array kValues = {0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F};
    constexpr int kLargestExponent = 2; // of 4 and 6
    float largest = 0;
    for (const float value : block)
        largest = std::max(largest, std::abs(value));
    if (largest == 0)
        return;
    const float scale = std::ldexp(1.0F, std::ilogb(largest) - kLargestExponent);
    for (float& value : block) {
        const float wanted = std::abs(value) / scale;
        const float nearest = *std::ranges::min_element(
            kValues, [&](float a, float b) { return std::abs(a - wanted) < std::abs(b - wanted); });
        value = std::copysign(nearest * scale, value);
    }
}

double cosine(std::span<const float> a, std::span<const float> b)
{
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto x = static_cast<double>(a[i]);
        const auto y = static_cast<double>(b[i]);
        product += x * y;
        squaresA += x * x;
        squaresB += y * y;
    }
    return product / std::sqrt(squaresA * squaresB);
}

/// One draw: a matrix before and after rounding, and a second one for the cosines.
struct Draw {
    double plainRank = 0;
    double roundedRank = 0;
    double plainCosine = 0;
    double roundedCosine = 0;
    double likeness = 0;
};

class Drawer {
public:
    Drawer(const MatrixView& expert, PlainRounding rounding, double spread, double share,
        const ProjectionOptions& options)
        : m_expert(expert)
        , m_rounding(rounding)
        , m_spread(spread)
        , m_share(share)
        , m_options(options)
    {
    }

    Result<Draw> draw(std::size_t index) const
    {
        Draw found;
        const std::vector<float> plain = noise(2 * index);
        std::vector<float> rounded = plain;
        roundPlainly(m_rounding, rounded);
        found.likeness = cosine(plain, rounded);
        {
            std::vector<float> other = noise(2 * index + 1);
            found.plainCosine = cosine(plain, other);
            roundPlainly(m_rounding, other);
            found.roundedCosine = cosine(rounded, other);
        }
        const std::array<std::span<const float>, 2> matrices{plain, rounded};
        const std::array ranks{&found.plainRank, &found.roundedRank};
        const double ceiling = marchenkoPasturRank(m_expert.rows, m_expert.cols, m_share);
        CertainSpectra spectra(
            m_expert.rows, m_expert.cols, {m_share},
            [&](std::size_t task) -> Result<CertainSpectra::Input> {
                return CertainSpectra::Input{matrices[task], {}};
            },
            [&](std::size_t task, Spectrum&& spectrum, bool) {
                *ranks[task] = static_cast<double>(energyRank(spectrum.values, m_share)) / ceiling;
            });
        const bool single = m_options.single && suitsSingle(m_expert.rows, m_expert.cols);
        for (std::size_t task = 0; task < matrices.size(); ++task)
            MOESCOPE_CHECK(
                spectra.add(task, single ? SpectrumPrecision::Single : SpectrumPrecision::Double));
        MOESCOPE_CHECK(spectra.finish());
        return found;
    }

private:
    std::vector<float> noise(std::size_t matrix) const
    {
        Random random = Random::stream(m_options.seed, kStream, m_options.stream, matrix);
        std::vector<float> values(m_expert.elements());
        for (float& value : values)
            value = static_cast<float>(m_spread * random.normal());
        return values;
    }

    const MatrixView& m_expert;
    PlainRounding m_rounding;
    double m_spread;
    double m_share;
    const ProjectionOptions& m_options;
};

template <typename Number>
DrawnMean meanOf(const std::vector<Draw>& draws, Number number)
{
    std::vector<double> values;
    for (const Draw& draw : draws)
        values.push_back(number(draw));
    return {mean(values), standardDeviation(values), meanInterval(values)};
}

} // namespace

bool isQuantised(const MatrixView& matrix)
{
    return blockLayout(matrix.dtype).elements != 1 || dtypeBytes(matrix.dtype) == 1;
}

std::optional<PlainRounding> plainRounding(const MatrixView& matrix)
{
    if (matrix.cols % kBlock != 0)
        return std::nullopt;
    if (matrix.dtype == DType::Q8_0)
        return PlainRounding::Q8;
    if (matrix.dtype == DType::Q4_0)
        return PlainRounding::Q4;
    if (matrix.dtype == DType::Mxfp4 || packingName(matrix) == "mxfp4")
        return PlainRounding::Fp4;
    return std::nullopt;
}

void roundPlainly(PlainRounding rounding, std::span<float> values)
{
    for (std::size_t at = 0; at + kBlock <= values.size(); at += kBlock) {
        const auto block = values.subspan(at, kBlock);
        switch (rounding) {
        case PlainRounding::Q8:
            roundQ8(block);
            break;
        case PlainRounding::Q4:
            roundQ4(block);
            break;
        case PlainRounding::Fp4:
            roundFp4(block);
            break;
        }
    }
}

std::size_t roundingDraws(const MatrixView& expert)
{
    constexpr std::size_t kManyWeights = std::size_t{1} << 20;
    return expert.elements() > kManyWeights ? 3 : 8;
}

Result<RoundingEffect> measureRounding(const MatrixView& expert, Projection projection,
    const ProjectionAnalysis& analysis, double share, TaskContext& context,
    const ProjectionOptions& options)
{
    RoundingEffect effect{projection, packingName(expert), std::nullopt};
    const auto rounding = plainRounding(expert);
    double energy = 0;
    for (const double norm : analysis.norms)
        energy += norm * norm;
    if (!rounding || !(energy > 0))
        return effect;
    const double spread = std::sqrt(energy / static_cast<double>(analysis.weights()));
    const Drawer drawer(expert, *rounding, spread, share, options);
    std::vector<Draw> draws(roundingDraws(expert));
    std::vector<Status> statuses(draws.size());
    const std::size_t wave = std::max(1U, context.threads());
    for (std::size_t first = 0; first < draws.size(); first += wave) {
        MOESCOPE_CHECK(context.check());
        const std::size_t count = std::min(wave, draws.size() - first);
        parallelFor(context.pool(), count, [&](std::size_t i) {
            if (auto draw = drawer.draw(first + i))
                draws[first + i] = *draw;
            else
                statuses[first + i] = tl::unexpected(std::move(draw).error());
        });
        for (std::size_t i = first; i < first + count; ++i)
            MOESCOPE_CHECK(std::move(statuses[i]));
        const double done = static_cast<double>(first + count) / static_cast<double>(draws.size());
        context.progress(options.progressFrom + (options.progressTo - options.progressFrom) * done,
            options.stage);
    }
    RoundingEffect::Estimate& estimate = effect.estimate.emplace();
    estimate.draws = draws.size();
    estimate.rank
        = meanOf(draws, [](const Draw& draw) { return draw.roundedRank - draw.plainRank; });
    estimate.cosine
        = meanOf(draws, [](const Draw& draw) { return draw.roundedCosine - draw.plainCosine; });
    estimate.likeness = meanOf(draws, [](const Draw& draw) { return draw.likeness; });
    estimate.plainRank = meanOf(draws, [](const Draw& draw) { return draw.plainRank; }).mean;
    estimate.plainCosine = meanOf(draws, [](const Draw& draw) { return draw.plainCosine; }).mean;
    return effect;
}

std::uint64_t roundingMemory(const MatrixView& expert, unsigned threads)
{
    if (!plainRounding(expert))
        return 0;
    const std::uint64_t slots
        = std::min<std::uint64_t>(std::max(1U, threads), roundingDraws(expert));
    return slots
        * (3 * sizeof(float) * expert.elements() + SpectrumBatch::bytes(expert.rows, expert.cols));
}

std::optional<Figure> roundingFigure(const MoeTypeResult& result)
{
    const double share = moetype::headlineShare(result.spec);
    std::string unknown;
    std::vector<std::pair<LayerId, const RoundingEffect*>> effects;
    for (const auto& layer : result.layers) {
        for (const RoundingEffect& effect : layer->rounding) {
            // A run that was taken up again measures the type of its first layer anew.
            if (std::ranges::any_of(effects, [&](const auto& known) {
                    return known.second->projection == effect.projection
                        && known.second->type == effect.type;
                }))
                continue;
            effects.emplace_back(layer->layer, &effect);
            if (!effect.estimate && unknown.find(effect.type) == std::string::npos)
                unknown += (unknown.empty() ? "" : ", ") + effect.type;
        }
    }
    if (effects.empty())
        return std::nullopt;
    const std::string reason = unknown.empty()
        ? std::string()
        : fmt::format(". Not estimated for {}: the format leaves the choice of scales to the "
                      "program that wrote the file, so its rounding cannot be repeated",
            unknown);
    Figure figure;
    figure.id = "rounding";
    figure.title = "What the storage type explains";
    figure.subtitle = "Gaussian matrices of the experts' shape, before and after rounding";
    figure.caption
        = "The weights are stored in few bits: all spectra and cosines here are those of the "
          "decoded weights. The table says what rounding alone changes on noise, so that as much "
          "of a deviation from the null means nothing; ± is the 95 % interval of the mean over "
          "the draws (Student's t). A type is measured where it first occurs. It is estimated for "
          "types that take the nearest value with a scale from the block's largest magnitude.";
    TableFigure table;
    table.columns = {{"layer", "", true, 0, "The first one with this type"},
        {"projection", "", false, -1, ""}, {"type", "", false, -1, ""},
        {"draws", "", true, 0, "Gaussian matrices that were rounded"},
        {fmt::format("change of rank at {} / ceiling", moetype::percentText(share)), "", true, 4,
            "Rounded minus unrounded, on the same noise; 0 without effect" + reason},
        {"rank ±", "", true, 4, "95 % interval of the change of the rank"},
        {"change of cosine", "", true, 6,
            "Of two independent matrices, rounded minus unrounded; 0 without effect" + reason},
        {"cosine ±", "", true, 6, "95 % interval of the change of the cosine"},
        {"cosine with itself", "", true, 5,
            "Of a matrix with its rounded self; 1 without effect" + reason}};
    for (const auto& [layer, effect] : effects) {
        const auto& known = effect->estimate;
        const auto cell = [&](double value) -> TableFigure::Cell {
            return known ? TableFigure::Cell(value) : std::string("not estimated");
        };
        const auto half = [&](const DrawnMean& mean) -> TableFigure::Cell {
            return known ? TableFigure::Cell((mean.interval.hi - mean.interval.lo) / 2)
                         : TableFigure::Cell();
        };
        const auto values = known.value_or(RoundingEffect::Estimate{});
        table.rows.push_back({static_cast<double>(layer.value),
            std::string(projectionName(effect->projection)), effect->type,
            static_cast<double>(values.draws), cell(values.rank.mean), half(values.rank),
            cell(values.cosine.mean), half(values.cosine), cell(values.likeness.mean)});
    }
    figure.data = std::move(table);
    return figure;
}

} // namespace moescope
