// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/block.h"

#include <algorithm>
#include <vector>

#include "core/runtime/kernels.h"
#include "core/tensor/linear.h"

namespace moescope {

namespace {

using Component = Interventions::Component;

bool isRemoved(const Interventions& interventions, LayerId layer, Component component)
{
    return std::ranges::any_of(interventions.removed,
        [&](const auto& entry) { return entry.layer == layer && entry.component == component; });
}

/// Tells each token's output and adds it to the residual stream, unless it is to be left out.
void addOutput(std::span<float> hidden, std::span<const float> output, std::size_t width,
    bool removed, const auto& tell)
{
    for (std::size_t t = 0; t * width < output.size(); ++t)
        tell(t, output.subspan(t * width, width));
    if (removed)
        return;
    for (std::size_t i = 0; i < hidden.size(); ++i)
        hidden[i] += output[i];
}

} // namespace

void denseMlp(const MlpTensors& mlp, std::span<const float> x, std::span<float> out,
    std::size_t tokens, WorkerPool* pool)
{
    const std::size_t inner = mlp.gate.rows;
    std::vector<float> gate(tokens * inner);
    std::vector<float> up(tokens * inner);
    multiply(mlp.gate, x, tokens, gate, pool);
    multiply(mlp.up, x, tokens, up, pool);
    for (std::size_t i = 0; i < gate.size(); ++i)
        gate[i] = silu(gate[i]) * up[i];
    multiply(mlp.down, gate, tokens, out, pool);
}

void runBlock(const MoeModel& model, LayerId layer, KvCache::Layer& cache, std::span<float> hidden,
    const BlockInput& input)
{
    const ModelConfig& config = model.config();
    const LayerTensors& weights = model.layer(layer);
    const std::size_t width = config.hidden;
    const std::size_t tokens = hidden.size() / width;
    std::vector<float> normed(hidden.size());
    std::vector<float> output(hidden.size());
    const auto normalise = [&](const std::vector<float>& weight) {
        for (std::size_t t = 0; t < tokens; ++t)
            rmsNorm(hidden.subspan(t * width, width), weight, config.normEps,
                std::span(normed).subspan(t * width, width));
    };
    const auto position
        = [&](std::size_t t) { return static_cast<std::uint32_t>(input.first + t); };

    normalise(weights.attentionNorm);
    attention(model, layer, cache, normed, output, input);
    addOutput(hidden, output, width, isRemoved(*input.interventions, layer, Component::Attention),
        [&](std::size_t t, std::span<const float> row) {
            if (input.observer)
                input.observer->onAttentionOutput(layer, position(t), row);
        });

    normalise(weights.mlpNorm);
    if (config.layers[layer.value].mixture)
        mixture(model, layer, normed, output, input);
    else
        denseMlp(weights.dense, normed, output, tokens, input.pool);
    addOutput(hidden, output, width, isRemoved(*input.interventions, layer, Component::Mlp),
        [&](std::size_t t, std::span<const float> row) {
            if (input.observer)
                input.observer->onMlpOutput(layer, position(t), row);
        });
}

} // namespace moescope
