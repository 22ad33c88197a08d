// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/attend.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/runtime/kernels.h"
#include "core/task/worker_pool.h"
#include "core/tensor/vector_kernels.h"

namespace moescope {

namespace {

/// First position that the token at `self` sees.
std::size_t oldestVisible(const LayerSpec& layer, std::size_t self)
{
    std::size_t oldest = 0;
    if (layer.window && self + 1 > *layer.window)
        oldest = self + 1 - *layer.window;
    if (layer.chunk)
        oldest = std::max(oldest, self / *layer.chunk * *layer.chunk);
    return oldest;
}

/// Queries that share their keys pass together, so that each key is read once for all of them.
constexpr std::size_t kQueriesAtOnce = 24;

/// One query of a block: a token and a head.
struct Query {
    std::size_t token = 0;
    std::size_t head = 0;
};

/// Heads [firstHead, lastHead) of those that share the keys of `group`.
std::vector<Query> queriesOf(const KeysAndValues& memory, std::size_t heads, std::size_t group,
    std::size_t firstHead, std::size_t lastHead, std::size_t firstToken, std::size_t tokens)
{
    std::vector<Query> queries;
    for (std::size_t t = firstToken; t < firstToken + tokens; ++t) {
        for (std::size_t i = firstHead; i < lastHead; ++i)
            queries.push_back({t,
                memory.tiled ? i * memory.kvHeads + group : group * (heads / memory.kvHeads) + i});
    }
    return queries;
}

} // namespace

void attend(const MoeModel& model, LayerId layer, const KeysAndValues& memory, std::size_t heads,
    std::span<const float> queries, std::span<float> mixed, const BlockInput& input)
{
    const AttentionSpec& spec = model.config().attention;
    const LayerSpec& layerSpec = model.config().layers[layer.value];
    const std::vector<float>& sinks = model.layer(layer).sinks;
    const std::size_t tokens = input.positions.size();
    const std::vector<char> zeroed = input.zeroedValues(layer);
    const bool tell = input.observer && input.observer->wantsAttention();
    std::vector<std::vector<float>> kept(tell ? tokens * heads : 0);
    const auto scale = static_cast<float>(spec.scale);
    const VectorKernels& kernels = vectorKernels();
    const std::size_t groupHeads = heads / memory.kvHeads;
    const std::size_t block = std::max<std::size_t>(1, kQueriesAtOnce / groupHeads);
    const std::size_t blocks = (tokens + block - 1) / block;
    // A single token of latent attention, whose heads all share their keys, still needs a task for
    // each thread.
    const std::size_t threads = input.pool ? input.pool->threads() : 1;
    const std::size_t groups = blocks * memory.kvHeads;
    const std::size_t parts
        = std::clamp<std::size_t>((threads + groups - 1) / groups, 1, groupHeads);
    parallelFor(input.pool, groups * parts, [&](std::size_t task) {
        const std::size_t part = task % parts;
        const std::size_t group = task / parts % memory.kvHeads;
        const std::size_t firstToken = task / parts / memory.kvHeads * block;
        const std::size_t count = std::min(block, tokens - firstToken);
        const std::vector<Query> all = queriesOf(memory, heads, group, groupHeads * part / parts,
            groupHeads * (part + 1) / parts, firstToken, count);
        const std::size_t oldest = oldestVisible(layerSpec, input.first + firstToken);
        const std::size_t length = input.first + firstToken + count - oldest;
        std::vector<const float*> inputs;
        for (const Query& query : all)
            inputs.push_back(queries.data() + (query.token * heads + query.head) * memory.keyDim);
        std::vector<float> scores(all.size() * length); // [query][key], zeros where not visible
        const float* keys = memory.keys + oldest * memory.keyStride + group * memory.keyDim;
        kernels.f32({reinterpret_cast<const std::byte*>(keys), memory.keyStride * sizeof(float),
                        length, memory.keyDim},
            inputs.data(), inputs.size(), scores.data(), length);

        std::vector<const float*> weights;
        std::vector<float*> results;
        for (std::size_t q = 0; q < all.size(); ++q) {
            const auto [token, head] = all[q];
            const std::size_t self = input.first + token;
            const std::size_t begin = oldestVisible(layerSpec, self) - oldest;
            const auto row = std::span(scores).subspan(q * length, length);
            const auto visible = row.subspan(begin, self + 1 - oldest - begin);
            for (float& score : visible)
                score *= scale;
            if (spec.softCap) {
                for (float& score : visible)
                    score = *spec.softCap * std::tanh(score / *spec.softCap);
            }
            softmax(visible, sinks.empty() ? std::nullopt : std::optional(sinks[head]));
            std::ranges::fill(row.first(begin), 0.0F);
            std::ranges::fill(row.subspan(self + 1 - oldest), 0.0F);
            if (tell) {
                auto& told = kept[token * heads + head];
                told.assign(self + 1, 0.0F);
                std::ranges::copy(
                    visible, told.begin() + static_cast<std::ptrdiff_t>(oldest + begin));
            }
            for (std::size_t j = 0; j < visible.size(); ++j) {
                if (zeroed[oldest + begin + j])
                    visible[j] = 0;
            }
            weights.push_back(row.data());
            results.push_back(mixed.data() + (token * heads + head) * memory.valueDim);
        }
        kernels.weightedSums(memory.values + oldest * memory.valueStride + group * memory.valueDim,
            memory.valueStride, length, memory.valueDim, weights.data(), weights.size(),
            results.data());
    });
    for (std::size_t t = 0; tell && t < tokens; ++t) {
        for (std::size_t h = 0; h < heads; ++h)
            input.observer->onAttention(
                layer, static_cast<std::uint32_t>(h), input.position(t), kept[t * heads + h]);
    }
}

} // namespace moescope
