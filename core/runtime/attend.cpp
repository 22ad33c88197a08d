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
    parallelFor(input.pool, tokens, [&](std::size_t t) {
        const std::size_t self = input.first + t;
        const std::size_t oldest = oldestVisible(layerSpec, self);
        std::vector<float> scores(self + 1 - oldest);
        for (std::size_t h = 0; h < heads; ++h) {
            const std::size_t group
                = memory.tiled ? h % memory.kvHeads : h / (heads / memory.kvHeads);
            const float* query = queries.data() + (t * heads + h) * memory.keyDim;
            const float* key = memory.keys + oldest * memory.keyStride + group * memory.keyDim;
            kernels.f32({reinterpret_cast<const std::byte*>(key), memory.keyStride * sizeof(float),
                            scores.size(), memory.keyDim},
                &query, 1, scores.data(), scores.size());
            for (float& score : scores)
                score *= scale;
            if (spec.softCap) {
                for (float& score : scores)
                    score = *spec.softCap * std::tanh(score / *spec.softCap);
            }
            softmax(scores, sinks.empty() ? std::nullopt : std::optional(sinks[h]));
            float* result = mixed.data() + (t * heads + h) * memory.valueDim;
            if (tell) {
                auto& row = kept[t * heads + h];
                row.assign(self + 1, 0.0F);
                std::ranges::copy(scores, row.begin() + static_cast<std::ptrdiff_t>(oldest));
            }
            for (std::size_t j = oldest; j <= self; ++j) {
                if (zeroed[j])
                    scores[j - oldest] = 0;
            }
            kernels.weightedSum(
                memory.values + oldest * memory.valueStride + group * memory.valueDim,
                memory.valueStride, scores.data(), scores.size(), memory.valueDim, result);
        }
    });
    for (std::size_t t = 0; tell && t < tokens; ++t) {
        for (std::size_t h = 0; h < heads; ++h)
            input.observer->onAttention(
                layer, static_cast<std::uint32_t>(h), input.position(t), kept[t * heads + h]);
    }
}

} // namespace moescope
