// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>
#include <vector>

#include "core/runtime/block.h"
#include "core/runtime/kernels.h"
#include "core/task/worker_pool.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

/// q/k norm, clamp and RoPE of one token's projected vector, in place.
void prepare(std::span<float> vector, std::span<const float> norm, const ModelConfig& config,
    const RopeTable& rope, std::uint32_t position)
{
    const AttentionSpec& spec = config.attention;
    if (spec.qkNorm == QkNorm::WholeVector)
        rmsNorm(vector, norm, config.normEps, vector);
    for (std::size_t at = 0; at < vector.size(); at += spec.headDim) {
        const auto head = vector.subspan(at, spec.headDim);
        if (spec.qkNorm == QkNorm::PerHead)
            rmsNorm(head, norm, config.normEps, head);
        if (spec.clipQkv) {
            for (float& value : head)
                value = std::clamp(value, -*spec.clipQkv, *spec.clipQkv);
        }
        rope.rotate(head, position);
    }
}

} // namespace

// Scaled dot-product attention with grouped key/value heads (Ainslie et al., "GQA", 2023). Keys are
// visited in ascending order, so that a token's result does not depend on how the prompt was cut
// into chunks.
void attention(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input)
{
    const ModelConfig& config = model.config();
    const AttentionSpec& spec = config.attention;
    const LayerTensors& weights = model.layer(layer);
    const std::size_t tokens = input.positions.size();
    const std::size_t headDim = spec.headDim;
    const std::size_t queryWidth = spec.heads * headDim;
    const std::size_t keyWidth = spec.kvHeads * headDim;
    const RopeTable rope(spec.rope);

    std::vector<float> queries(tokens * queryWidth); // [T, H, hd]
    multiply(weights.q, x, tokens, queries, input.pool);
    cache.keys.resize((input.first + tokens) * keyWidth);
    cache.values.resize((input.first + tokens) * keyWidth);
    const auto newKeys = std::span(cache.keys).subspan(input.first * keyWidth); // [T, G, hd]
    const auto newValues = std::span(cache.values).subspan(input.first * keyWidth);
    multiply(weights.k, x, tokens, newKeys, input.pool);
    multiply(weights.v, x, tokens, newValues, input.pool);
    for (std::size_t t = 0; t < tokens; ++t) {
        prepare(std::span(queries).subspan(t * queryWidth, queryWidth), weights.qNorm, config, rope,
            input.positions[t]);
        prepare(newKeys.subspan(t * keyWidth, keyWidth), weights.kNorm, config, rope,
            input.positions[t]);
    }
    if (spec.clipQkv) {
        for (float& value : newValues)
            value = std::clamp(value, -*spec.clipQkv, *spec.clipQkv);
    }

    const std::size_t length = input.first + tokens;
    std::vector<char> zeroed(length, 0);
    for (const auto& entry : input.interventions->zeroedValues) {
        if (entry.layer == layer && entry.position < length)
            zeroed[entry.position] = 1;
    }
    const bool tell = input.observer && input.observer->wantsAttention();
    std::vector<float> mixed(tokens * queryWidth); // [T, H, hd]
    std::vector<std::vector<float>> kept(tell ? tokens * spec.heads : 0);
    parallelFor(input.pool, tokens, [&](std::size_t t) {
        const std::size_t self = input.first + t;
        const std::size_t oldest
            = spec.window && self + 1 > *spec.window ? self + 1 - *spec.window : 0;
        std::vector<float> scores(self + 1 - oldest);
        for (std::size_t h = 0; h < spec.heads; ++h) {
            const std::size_t group = h / (spec.heads / spec.kvHeads);
            const float* query = queries.data() + t * queryWidth + h * headDim;
            for (std::size_t j = oldest; j <= self; ++j)
                scores[j - oldest] = static_cast<float>(spec.scale)
                    * dot(query, cache.keys.data() + j * keyWidth + group * headDim, headDim);
            softmax(scores);
            float* result = mixed.data() + t * queryWidth + h * headDim;
            for (std::size_t j = oldest; j <= self; ++j) {
                if (zeroed[j])
                    continue;
                const float share = scores[j - oldest];
                const float* value = cache.values.data() + j * keyWidth + group * headDim;
                for (std::size_t i = 0; i < headDim; ++i)
                    result[i] += share * value[i];
            }
            if (tell) {
                auto& row = kept[t * spec.heads + h];
                row.assign(self + 1, 0.0F);
                std::ranges::copy(scores, row.begin() + static_cast<std::ptrdiff_t>(oldest));
            }
        }
    });
    for (std::size_t t = 0; tell && t < tokens; ++t) {
        for (std::uint32_t h = 0; h < spec.heads; ++h)
            input.observer->onAttention(
                layer, h, static_cast<std::uint32_t>(input.first + t), kept[t * spec.heads + h]);
    }
    multiply(weights.o, mixed, tokens, out, input.pool);
}

} // namespace moescope
