// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/runtime/block.h"
#include "core/runtime/kernels.h"
#include "core/task/worker_pool.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

/// rows [T, width] from `column`: the products of x with matrices that stand below each other.
void project(const std::vector<MatrixView>& parts, std::span<const float> x, std::span<float> rows,
    std::size_t width, std::size_t column, const BlockInput& input)
{
    const std::size_t tokens = input.positions.size();
    for (const MatrixView& part : parts) {
        std::vector<float> product(tokens * part.rows);
        multiply(part, x, tokens, product, input.pool, input.precision);
        for (std::size_t t = 0; t < tokens; ++t)
            std::copy_n(product.begin() + static_cast<std::ptrdiff_t>(t * part.rows), part.rows,
                rows.begin() + static_cast<std::ptrdiff_t>(t * width + column));
        column += part.rows;
    }
}

/// Causal convolution of each channel with its own taps, then silu, in place; `tail` holds the last
/// taps - 1 inputs.
void convolve(std::span<float> rows, std::vector<float>& tail, const std::vector<float>& taps,
    std::size_t width, std::size_t count)
{
    tail.resize((count - 1) * width, 0.0F);
    std::vector<float> inputs(tail);
    inputs.insert(inputs.end(), rows.begin(), rows.end());
    for (std::size_t at = 0; at < rows.size(); at += width) {
        for (std::size_t c = 0; c < width; ++c) {
            float sum = 0;
            for (std::size_t j = 0; j < count; ++j)
                sum += taps[c * count + j] * inputs[at + j * width + c];
            rows[at + c] = silu(sum);
        }
    }
    tail.assign(inputs.end() - static_cast<std::ptrdiff_t>(tail.size()), inputs.end());
}

void unitLength(std::span<float> head, double factor)
{
    double squares = 1e-6;
    for (const float value : head)
        squares += static_cast<double>(value) * static_cast<double>(value);
    const auto scale = static_cast<float>(factor / std::sqrt(squares));
    for (float& value : head)
        value *= scale;
}

float softplus(float x)
{
    return std::max(x, 0.0F) + std::log1p(std::exp(-std::abs(x)));
}

/// One step of the gated delta rule on one head's state [dk, dv]:
/// S ← decay S;  S ← S + k (beta (v - kᵀS))ᵀ;  out = qᵀS.
void step(std::span<float> state, std::span<const float> q, std::span<const float> k,
    std::span<const float> v, float decay, float beta, std::span<float> out)
{
    const std::size_t width = v.size();
    std::vector<float> recalled(width, 0.0F);
    for (std::size_t i = 0; i < k.size(); ++i) {
        float* row = state.data() + i * width;
        for (std::size_t c = 0; c < width; ++c) {
            row[c] *= decay;
            recalled[c] += k[i] * row[c];
        }
    }
    for (std::size_t c = 0; c < width; ++c)
        recalled[c] = beta * (v[c] - recalled[c]);
    std::ranges::fill(out, 0.0F);
    for (std::size_t i = 0; i < k.size(); ++i) {
        float* row = state.data() + i * width;
        for (std::size_t c = 0; c < width; ++c) {
            row[c] += k[i] * recalled[c];
            out[c] += q[i] * row[c];
        }
    }
}

} // namespace

// Gated delta net (Yang, Kautz and Hatamizadeh, 2024) as in Qwen3-Next.
void deltaNet(const MoeModel& model, LayerId layer, KvCache::Layer& cache, std::span<const float> x,
    std::span<float> out, const BlockInput& input)
{
    const DeltaSpec& shape = *model.config().attention.delta;
    const DeltaTensors& weights = *model.layer(layer).delta;
    const std::size_t tokens = input.positions.size();
    const std::size_t keys = std::size_t{shape.keyHeads} * shape.keyDim;
    const std::size_t values = std::size_t{shape.valueHeads} * shape.valueDim;
    const std::size_t width = 2 * keys + values;
    const std::size_t stateSize = std::size_t{shape.keyDim} * shape.valueDim;

    std::vector<float> rows(tokens * width); // [T, q | k | v]
    project(weights.q, x, rows, width, 0, input);
    project(weights.k, x, rows, width, keys, input);
    project(weights.v, x, rows, width, 2 * keys, input);
    convolve(rows, cache.tail, weights.convolution, width, shape.taps);
    std::vector<float> beta(tokens * shape.valueHeads);
    std::vector<float> decay(tokens * shape.valueHeads);
    std::vector<float> gates(tokens * values);
    project(weights.beta, x, beta, shape.valueHeads, 0, input);
    project(weights.decay, x, decay, shape.valueHeads, 0, input);
    project(weights.z, x, gates, values, 0, input);

    const std::vector<char> zeroed = input.zeroedValues(layer);
    for (std::size_t t = 0; t < tokens; ++t) {
        const auto row = std::span(rows).subspan(t * width, width);
        for (std::size_t g = 0; g < shape.keyHeads; ++g) {
            unitLength(row.subspan(g * shape.keyDim, shape.keyDim), 1 / std::sqrt(shape.keyDim));
            unitLength(row.subspan(keys + g * shape.keyDim, shape.keyDim), 1);
        }
        if (zeroed[input.first + t])
            std::ranges::fill(row.subspan(2 * keys), 0.0F);
    }

    cache.state.resize(shape.valueHeads * stateSize, 0.0F);
    std::vector<float> mixed(tokens * values);
    parallelFor(input.pool, shape.valueHeads, [&](std::size_t h) {
        const std::size_t g
            = shape.tiled ? h % shape.keyHeads : h / (shape.valueHeads / shape.keyHeads);
        const auto state = std::span(cache.state).subspan(h * stateSize, stateSize);
        for (std::size_t t = 0; t < tokens; ++t) {
            const auto row = std::span<const float>(rows).subspan(t * width, width);
            const std::size_t at = t * shape.valueHeads + h;
            const float rate
                = -std::exp(weights.logDecay[h]) * softplus(decay[at] + weights.decayBias[h]);
            const auto result
                = std::span(mixed).subspan(t * values + h * shape.valueDim, shape.valueDim);
            step(state, row.subspan(g * shape.keyDim, shape.keyDim),
                row.subspan(keys + g * shape.keyDim, shape.keyDim),
                row.subspan(2 * keys + h * shape.valueDim, shape.valueDim), std::exp(rate),
                sigmoid(beta[at]), result);
            normalise(weights.norm, result, result);
        }
    });
    for (std::size_t i = 0; i < mixed.size(); ++i)
        mixed[i] *= silu(gates[i]);
    multiply(weights.out, mixed, tokens, out, input.pool, input.precision);
}

} // namespace moescope
