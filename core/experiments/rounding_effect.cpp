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

Result<RoundingEffect> measureRounding(const MatrixView& expert, Projection projection,
    const ProjectionAnalysis& analysis, double share, TaskContext& context,
    ProjectionOptions options)
{
    RoundingEffect effect{projection, packingName(expert), std::nullopt};
    const auto rounding = plainRounding(expert);
    double energy = 0;
    for (const double norm : analysis.norms)
        energy += norm * norm;
    if (!rounding || !(energy > 0))
        return effect;
    const double spread = std::sqrt(energy / static_cast<double>(analysis.weights()));
    std::array<std::vector<float>, 2> rounded;
    std::vector<MatrixView> views;
    RoundingEffect::Estimate estimate;
    for (std::size_t i = 0; i < rounded.size(); ++i) {
        MOESCOPE_CHECK(context.check());
        Random random = Random::stream(options.seed, kStream, options.stream, i);
        std::vector<float>& values = rounded[i];
        values.resize(expert.elements());
        for (float& value : values)
            value = static_cast<float>(spread * random.normal());
        std::vector<float> plain;
        if (i == 0)
            plain = values;
        roundPlainly(*rounding, values);
        if (i == 0)
            estimate.likeness = cosine(plain, values);
        views.push_back(MatrixView::rowMajor(DType::F32, expert.rows, expert.cols,
            reinterpret_cast<const std::byte*>(values.data())));
    }
    options.columnBias = {};
    MOESCOPE_TRY(const auto noise, analyseProjection(views, context, options));
    estimate.rank = moetype::ranksOf(noise.rawSigma, share).mean / moetype::ceilingOf(noise, share);
    estimate.cosine = noise.cosines.mean;
    effect.estimate = estimate;
    return effect;
}

std::uint64_t roundingMemory(const MatrixView& expert, unsigned threads)
{
    if (!plainRounding(expert))
        return 0;
    const std::array two{expert, expert};
    return analyseProjectionMemory(two, threads) + 3 * sizeof(float) * expert.elements();
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
    figure.subtitle = "Gaussian matrices of the experts' shape, rounded alike";
    figure.caption
        = "The weights are stored in few bits: all spectra and cosines here are those of the "
          "decoded weights. The table says what rounding alone does to noise, so that as much of a "
          "deviation from the null means nothing; a type is measured where it first occurs. It is "
          "estimated for types that take the nearest value with a scale from the block's largest "
          "magnitude.";
    TableFigure table;
    table.columns = {{"layer", "", true, 0, "The first one with this type"},
        {"projection", "", false, -1, ""}, {"type", "", false, -1, ""},
        {fmt::format("rank at {} / ceiling", moetype::percentText(share)), "", true, 3,
            "Of rounded noise over the rank that noise of this shape needs; 1 without effect"
                + reason},
        {"cosine", "", true, 5,
            "Of two independent matrices after rounding; 0 without effect" + reason},
        {"cosine with itself", "", true, 5,
            "Of a matrix with its rounded self; 1 without effect" + reason}};
    for (const auto& [layer, effect] : effects) {
        auto& row = table.rows.emplace_back();
        row.emplace_back(static_cast<double>(layer.value));
        row.emplace_back(std::string(projectionName(effect->projection)));
        row.emplace_back(effect->type);
        for (int i = 0; i < 3 && !effect->estimate; ++i)
            row.emplace_back(std::string("not estimated"));
        if (const auto& known = effect->estimate) {
            row.emplace_back(known->rank);
            row.emplace_back(known->cosine);
            row.emplace_back(known->likeness);
        }
    }
    figure.data = std::move(table);
    return figure;
}

} // namespace moescope
