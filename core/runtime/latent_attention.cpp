// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <vector>

#include "core/runtime/attend.h"
#include "core/runtime/kernels.h"
#include "core/task/worker_pool.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

/// out [T, rank]: each token's query [T, nope] of one head carried over to the latent's space,
/// where the keys need no expansion.
void absorb(const LatentHead& head, std::span<const float* const> queries, std::size_t rank,
    float* out, std::size_t outStride)
{
    if (head.keysTransposed) {
        multiplyRows(head.keys, 0, rank, queries, out, outStride);
        return;
    }
    for (std::size_t t = 0; t < queries.size(); ++t)
        std::fill_n(out + t * outStride, rank, 0.0F);
    std::vector<float> row(rank);
    for (std::size_t r = 0; r < head.keys.rows; ++r) {
        decodeRows(head.keys, r, 1, row);
        for (std::size_t t = 0; t < queries.size(); ++t) {
            const float factor = queries[t][r];
            for (std::size_t c = 0; c < rank; ++c)
                out[t * outStride + c] += factor * row[c];
        }
    }
}

} // namespace

// The absorbed form of DeepSeek-V2 (2024): the cache holds [latent | rotated key] once for all
// heads, queries are carried to the latent's space and values are expanded after the mixing.
void latentAttention(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input)
{
    const AttentionSpec& spec = model.config().attention;
    const LatentSpec& shape = *spec.latent;
    const LatentTensors& weights = *model.layer(layer).latent;
    const std::size_t tokens = input.positions.size();
    const std::size_t heads = spec.heads;
    const std::size_t headWidth = std::size_t{shape.nope} + shape.rope;
    const std::size_t keyWidth = std::size_t{shape.rank} + shape.rope;

    std::vector<float> queries(tokens * heads * headWidth); // [T, H, nope | rope]
    if (weights.queryDown.empty()) {
        multiply(weights.query, x, tokens, queries, input.pool, input.precision);
    } else {
        std::vector<float> low(tokens * shape.queryRank);
        multiply(weights.queryDown, x, tokens, low, input.pool, input.precision);
        for (std::size_t t = 0; t < tokens; ++t) {
            const auto row = std::span(low).subspan(t * shape.queryRank, shape.queryRank);
            normalise(weights.queryNorm, row, row);
        }
        multiply(weights.query, low, tokens, queries, input.pool, input.precision);
    }

    cache.keys.resize((input.first + tokens) * keyWidth);
    const auto newKeys = std::span(cache.keys).subspan(input.first * keyWidth); // [T, rank | rope]
    multiply(weights.down, x, tokens, newKeys, input.pool, input.precision);
    std::vector<float> carried(tokens * heads * keyWidth); // [T, H, rank | rope]
    for (std::size_t t = 0; t < tokens; ++t) {
        const RopeTable::Angles angles = input.rope->at(input.positions[t]);
        const auto latent = newKeys.subspan(t * keyWidth, shape.rank);
        normalise(weights.norm, latent, latent);
        input.rope->rotate(newKeys.subspan(t * keyWidth + shape.rank, shape.rope), angles);
        for (std::size_t h = 0; h < heads; ++h) {
            const auto rotated
                = std::span(queries).subspan((t * heads + h) * headWidth + shape.nope, shape.rope);
            input.rope->rotate(rotated, angles);
            std::ranges::copy(rotated,
                carried.begin()
                    + static_cast<std::ptrdiff_t>((t * heads + h) * keyWidth + shape.rank));
        }
    }
    parallelFor(input.pool, heads, [&](std::size_t h) {
        std::vector<const float*> nope(tokens);
        for (std::size_t t = 0; t < tokens; ++t)
            nope[t] = queries.data() + (t * heads + h) * headWidth;
        absorb(weights.heads[h], nope, shape.rank, carried.data() + h * keyWidth, heads * keyWidth);
    });

    std::vector<float> latents(tokens * heads * shape.rank); // [T, H, rank]
    KeysAndValues memory;
    memory.keys = memory.values = cache.keys.data();
    memory.keyStride = memory.valueStride = keyWidth;
    memory.keyDim = keyWidth;
    memory.valueDim = shape.rank;
    attend(model, layer, memory, heads, carried, latents, input);

    std::vector<float> mixed(tokens * heads * shape.value); // [T, H, value]
    parallelFor(input.pool, heads, [&](std::size_t h) {
        std::vector<const float*> rows(tokens);
        for (std::size_t t = 0; t < tokens; ++t)
            rows[t] = latents.data() + (t * heads + h) * shape.rank;
        multiplyRows(weights.heads[h].values, 0, shape.value, rows, mixed.data() + h * shape.value,
            heads * shape.value);
    });
    multiply(model.layer(layer).o, mixed, tokens, out, input.pool, input.precision);
}

} // namespace moescope
