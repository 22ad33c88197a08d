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

} // namespace

void addBias(std::span<float> rows, std::span<const float> bias)
{
    if (bias.empty())
        return;
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] += bias[i % bias.size()];
}

std::vector<char> BlockInput::zeroedValues(LayerId layer) const
{
    std::vector<char> zeroed(first + positions.size(), 0);
    for (const auto& entry : interventions->zeroedValues) {
        if (entry.layer == layer && entry.position < zeroed.size())
            zeroed[entry.position] = 1;
    }
    return zeroed;
}

void denseMlp(const MlpTensors& mlp, const Activation& activation, std::span<const float> x,
    std::span<float> out, std::size_t tokens, const BlockInput& input)
{
    const std::size_t inner = mlp.gate.rows;
    std::vector<float> gate(tokens * inner);
    std::vector<float> up(tokens * inner);
    multiply(mlp.gate, x, tokens, gate, input.pool, input.precision);
    multiply(mlp.up, x, tokens, up, input.pool, input.precision);
    for (std::size_t i = 0; i < gate.size(); ++i)
        gate[i] = activate(activation, gate[i], up[i]);
    multiply(mlp.down, gate, tokens, out, input.pool, input.precision);
}

void runBlock(const MoeModel& model, LayerId layer, KvCache::Layer& cache, std::span<float> hidden,
    const BlockInput& input)
{
    const ModelConfig& config = model.config();
    const LayerSpec& spec = config.layers[layer.value];
    const LayerTensors& weights = model.layer(layer);
    const std::size_t width = config.hidden;
    const std::size_t tokens = hidden.size() / width;
    std::vector<float> normed(hidden.size());
    std::vector<float> output(hidden.size());
    const auto normaliseRows
        = [&](const Norm& norm, std::span<const float> from, std::span<float> to) {
              for (std::size_t at = 0; at < from.size(); at += width)
                  normalise(norm, from.subspan(at, width), to.subspan(at, width));
          };
    // What one half of the block adds; tells it, and leaves it out where it is to be removed.
    const auto add = [&](const Norm& postNorm, Component component, const auto& tell) {
        normaliseRows(postNorm, output, output);
        if (config.residualMultiplier != 1.0F) {
            for (float& value : output)
                value *= config.residualMultiplier;
        }
        for (std::size_t t = 0; input.observer && t < tokens; ++t)
            tell(input.position(t), std::span<const float>(output).subspan(t * width, width));
        if (isRemoved(*input.interventions, layer, component))
            return;
        for (std::size_t i = 0; i < hidden.size(); ++i)
            hidden[i] += output[i];
    };

    normaliseRows(weights.attentionNorm, hidden, normed);
    switch (spec.mixer) {
    case LayerSpec::Mixer::Attention:
        attention(model, layer, cache, normed, output, input);
        break;
    case LayerSpec::Mixer::LatentAttention:
        latentAttention(model, layer, cache, normed, output, input);
        break;
    case LayerSpec::Mixer::DeltaNet:
        deltaNet(model, layer, cache, normed, output, input);
        break;
    case LayerSpec::Mixer::RoutedHeads:
        routedHeads(model, layer, cache, normed, output, input);
        break;
    case LayerSpec::Mixer::Missing:
        break; // forward() refuses such models
    }
    add(weights.attentionPostNorm, Component::Attention,
        [&](std::uint32_t position, std::span<const float> row) {
            input.observer->onAttentionOutput(layer, position, row);
        });

    normaliseRows(weights.mlpNorm, hidden, normed);
    if (spec.mixture)
        mixture(model, layer, normed, output, input);
    else
        denseMlp(weights.dense, config.activation, normed, output, tokens, input);
    add(weights.mlpPostNorm, Component::Mlp,
        [&](std::uint32_t position, std::span<const float> row) {
            input.observer->onMlpOutput(layer, position, row);
        });
}

} // namespace moescope
