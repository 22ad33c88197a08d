// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/model/moe_model.h"
#include "core/runtime/forward.h"

namespace moescope {

class RopeTable;
class WorkerPool;

/// Memory that the blocks of a pass take in turns, so that it is asked for only once.
struct Workspace {
    std::vector<float> activations; ///< [slot, inner], slots as in mixture()
    std::vector<float> outputs; ///< [slot, D]
};

/// What one block needs beside its weights; T tokens of a chunk.
struct BlockInput {
    std::span<const std::uint32_t> positions; ///< [T] for RoPE
    std::uint32_t first = 0; ///< cache position of the first token
    const RopeTable* rope = nullptr;
    const Interventions* interventions = nullptr;
    ForwardObserver* observer = nullptr; ///< may be null
    WorkerPool* pool = nullptr;
    Workspace* workspace = nullptr; ///< never null
    /// Of the products of attention (or what stands in its place) and MLPs with stored weights,
    /// never of routers.
    Precision precision = Precision::Float32;

    std::uint32_t position(std::size_t t) const { return static_cast<std::uint32_t>(first + t); }
    /// By cache position up to the last token: 1 where the layer's value vectors are to be zero.
    std::vector<char> zeroedValues(LayerId layer) const;
};

/// The residual block: h += postNorm(mix(norm(h))); h += postNorm(mlp(norm(h))), norms that the
/// family lacks left out. `hidden` [T, D] is changed in place, `cache` grows by T tokens.
void runBlock(const MoeModel& model, LayerId layer, KvCache::Layer& cache, std::span<float> hidden,
    const BlockInput& input);

/// What mixes tokens, by LayerSpec::Mixer: out [T, D] of the normalised x [T, D].
void attention(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input);
void latentAttention(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input);
void deltaNet(const MoeModel& model, LayerId layer, KvCache::Layer& cache, std::span<const float> x,
    std::span<float> out, const BlockInput& input);
void routedHeads(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input);

/// out [T, D] = weighted sum of the chosen experts of x [T, D], and the shared experts.
void mixture(const MoeModel& model, LayerId layer, std::span<const float> x, std::span<float> out,
    const BlockInput& input);

/// out [T, D] = gated MLP of x [T, D].
void denseMlp(const MlpTensors& mlp, const Activation& activation, std::span<const float> x,
    std::span<float> out, std::size_t tokens, const BlockInput& input);

/// rows [T, bias size] += bias; an empty bias changes nothing.
void addBias(std::span<float> rows, std::span<const float> bias);

} // namespace moescope
