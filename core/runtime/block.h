// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/model/moe_model.h"
#include "core/runtime/forward.h"

namespace moescope {

class WorkerPool;

/// What one block needs beside its weights; T tokens of a chunk.
struct BlockInput {
    std::span<const std::uint32_t> positions; ///< [T] for RoPE
    std::uint32_t first = 0; ///< cache position of the first token
    const Interventions* interventions = nullptr;
    ForwardObserver* observer = nullptr; ///< may be null
    WorkerPool* pool = nullptr;
};

/// The pre-norm block: r = h + attention(norm(h)); h' = r + mlp(norm(r)). `hidden` [T, D] is
/// changed in place, `cache` grows by T tokens.
void runBlock(const MoeModel& model, LayerId layer, KvCache::Layer& cache, std::span<float> hidden,
    const BlockInput& input);

/// out [T, D] = attention of the normalised x [T, D].
void attention(const MoeModel& model, LayerId layer, KvCache::Layer& cache,
    std::span<const float> x, std::span<float> out, const BlockInput& input);

/// out [T, D] = weighted sum of the chosen experts of x [T, D].
void mixture(const MoeModel& model, LayerId layer, std::span<const float> x, std::span<float> out,
    const BlockInput& input);

/// out [T, D] = SwiGLU MLP of x [T, D].
void denseMlp(const MlpTensors& mlp, std::span<const float> x, std::span<float> out,
    std::size_t tokens, WorkerPool* pool);

} // namespace moescope
