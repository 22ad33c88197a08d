// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <vector>

#include "core/runtime/attend.h"
#include "core/runtime/kernels.h"
#include "core/tensor/linear.h"

namespace moescope {

// Mixture of attention heads (Zhang et al., 2022) as in JetMoE: each chosen expert projects the
// token to one query head per key/value head, and the attended heads back. Slots keep the order of
// the choice.
void routedHeads(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input)
{
    const ModelConfig& config = model.config();
    const AttentionSpec& spec = config.attention;
    const LayerTensors& weights = model.layer(layer);
    const RoutedHeadsTensors& routed = *weights.routedHeads;
    const std::size_t tokens = input.positions.size();
    const std::size_t k = config.router.topK;
    const std::size_t hidden = config.hidden;
    const std::size_t width = std::size_t{spec.kvHeads} * spec.headDim;
    const std::size_t experts = routed.experts.size();

    std::vector<float> logits(tokens * experts);
    multiply(routed.router, x, tokens, logits, input.pool);
    std::vector<RouterChoice> choices(tokens);
    for (std::size_t t = 0; t < tokens; ++t) {
        const auto z = std::span<const float>(logits).subspan(t * experts, experts);
        choices[t] = chooseExperts(config.router, z, z, config.router.topK, {});
        if (input.observer)
            input.observer->onAttentionRouting(
                layer, input.position(t), {z, z, choices[t].ids, choices[t].weights});
    }
    const auto expertAt = [&](std::size_t t, std::size_t s) -> const RoutedHeadsTensors::Expert& {
        return routed.experts[static_cast<std::size_t>(choices[t].ids[s])];
    };

    cache.keys.resize((input.first + tokens) * width);
    cache.values.resize((input.first + tokens) * width);
    const auto newKeys = std::span(cache.keys).subspan(input.first * width);
    multiply(weights.k, x, tokens, newKeys, input.pool, input.precision);
    multiply(weights.v, x, tokens, std::span(cache.values).subspan(input.first * width), input.pool,
        input.precision);
    std::vector<float> queries(tokens * k * width); // [T, slot, G, hd]
    for (std::size_t t = 0; t < tokens; ++t) {
        const RopeTable::Angles angles = input.rope->at(input.positions[t]);
        for (std::size_t s = 0; s < k; ++s)
            multiply(expertAt(t, s).query, x.subspan(t * hidden, hidden), 1,
                std::span(queries).subspan((t * k + s) * width, width), input.pool,
                input.precision);
        for (std::size_t at = 0; at < k * width; at += spec.headDim)
            input.rope->rotate(
                std::span(queries).subspan(t * k * width + at, spec.headDim), angles);
        for (std::size_t at = 0; at < width; at += spec.headDim)
            input.rope->rotate(newKeys.subspan(t * width + at, spec.headDim), angles);
    }

    std::vector<float> mixed(tokens * k * width);
    KeysAndValues memory;
    memory.keys = cache.keys.data();
    memory.values = cache.values.data();
    memory.keyStride = memory.valueStride = width;
    memory.keyDim = memory.valueDim = spec.headDim;
    memory.kvHeads = spec.kvHeads;
    memory.tiled = true;
    attend(model, layer, memory, k * spec.kvHeads, queries, mixed, input);

    std::ranges::fill(out, 0.0F);
    std::vector<float> part(hidden);
    for (std::size_t t = 0; t < tokens; ++t) {
        const auto row = out.subspan(t * hidden, hidden);
        for (std::size_t s = 0; s < k; ++s) {
            multiply(expertAt(t, s).output,
                std::span<const float>(mixed).subspan((t * k + s) * width, width), 1, part,
                input.pool, input.precision);
            for (std::size_t i = 0; i < hidden; ++i)
                row[i] += choices[t].weights[s] * part[i];
        }
    }
    addBias(out, routed.outputBias);
}

} // namespace moescope
