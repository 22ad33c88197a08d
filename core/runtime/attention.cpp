// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/runtime/attend.h"
#include "core/runtime/kernels.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

void clip(std::span<float> values, const std::optional<float>& limit)
{
    if (!limit)
        return;
    for (float& value : values)
        value = std::clamp(value, -*limit, *limit);
}

/// q/k norm, clamp and RoPE of one token's projected vector, in place.
void prepare(std::span<float> vector, const Norm& norm, const ModelConfig& config,
    const LayerSpec& layer, const RopeTable& rope, const RopeTable::Angles& angles)
{
    const AttentionSpec& spec = config.attention;
    const auto normHeads = [&] {
        for (std::size_t at = 0; at < vector.size(); at += spec.headDim) {
            const auto head = vector.subspan(at, spec.headDim);
            normalise(norm, head, head);
        }
    };
    if (spec.qkNorm == QkNorm::WholeVector)
        normalise(norm, vector, vector);
    if (spec.qkNorm == QkNorm::PerHead && !spec.qkNormAfterRope)
        normHeads();
    clip(vector, spec.clipQkv);
    for (std::size_t at = 0; layer.rope && at < vector.size(); at += spec.headDim)
        rope.rotate(vector.subspan(at, spec.headDim), angles);
    if (spec.qkNorm == QkNorm::PerHead && spec.qkNormAfterRope)
        normHeads();
}

/// [T, H, query | gate] into [T, H, query] and [T, H, gate].
void splitGate(std::span<const float> both, std::size_t headDim, std::vector<float>& queries,
    std::vector<float>& gates)
{
    queries.clear();
    gates.clear();
    for (std::size_t at = 0; at < both.size(); at += 2 * headDim) {
        const auto query = both.subspan(at, headDim);
        const auto gate = both.subspan(at + headDim, headDim);
        queries.insert(queries.end(), query.begin(), query.end());
        gates.insert(gates.end(), gate.begin(), gate.end());
    }
}

} // namespace

void attention(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input)
{
    const ModelConfig& config = model.config();
    const AttentionSpec& spec = config.attention;
    const LayerSpec& layerSpec = config.layers[layer.value];
    const LayerTensors& weights = model.layer(layer);
    const std::size_t tokens = input.positions.size();
    const std::size_t queryWidth = std::size_t{spec.heads} * spec.headDim;
    const std::size_t keyWidth = std::size_t{spec.kvHeads} * spec.headDim;

    std::vector<float> queries(tokens * weights.q.rows); // [T, H, hd], or twice that with a gate
    std::vector<float> gates;
    multiply(weights.q, x, tokens, queries, input.pool, input.precision);
    addBias(queries, weights.qBias);
    if (spec.outputGate)
        splitGate(std::vector(queries), spec.headDim, queries, gates);
    cache.keys.resize((input.first + tokens) * keyWidth);
    cache.values.resize((input.first + tokens) * keyWidth);
    const auto newKeys = std::span(cache.keys).subspan(input.first * keyWidth); // [T, G, hd]
    const auto newValues = std::span(cache.values).subspan(input.first * keyWidth);
    multiply(weights.k, x, tokens, newKeys, input.pool, input.precision);
    multiply(weights.v, x, tokens, newValues, input.pool, input.precision);
    addBias(newKeys, weights.kBias);
    addBias(newValues, weights.vBias);
    for (std::size_t t = 0; t < tokens; ++t) {
        const RopeTable::Angles angles = input.rope->at(input.positions[t]);
        const auto query = std::span(queries).subspan(t * queryWidth, queryWidth);
        prepare(query, weights.qNorm, config, layerSpec, *input.rope, angles);
        prepare(newKeys.subspan(t * keyWidth, keyWidth), weights.kNorm, config, layerSpec,
            *input.rope, angles);
        if (spec.temperature && !layerSpec.rope) {
            const double steps = std::floor((input.positions[t] + 1.0) / spec.temperature->floor);
            const auto factor
                = static_cast<float>(1 + spec.temperature->scale * std::log(1 + steps));
            for (float& value : query)
                value *= factor;
        }
    }
    clip(newValues, spec.clipQkv);

    std::vector<float> mixed(tokens * queryWidth); // [T, H, hd]
    KeysAndValues memory;
    memory.keys = cache.keys.data();
    memory.values = cache.values.data();
    memory.keyStride = memory.valueStride = keyWidth;
    memory.keyDim = memory.valueDim = spec.headDim;
    memory.kvHeads = spec.kvHeads;
    attend(model, layer, memory, spec.heads, queries, mixed, input);
    for (std::size_t i = 0; i < gates.size(); ++i)
        mixed[i] *= sigmoid(gates[i]);
    multiply(weights.o, mixed, tokens, out, input.pool, input.precision);
    addBias(out, weights.oBias);
}

} // namespace moescope
