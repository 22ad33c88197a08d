// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/config.h"
#include "core/tensor/matrix_view.h"

namespace moescope {

enum class Projection : std::uint8_t { Gate, Up, Down };
inline constexpr Projection kProjections[] = {Projection::Gate, Projection::Up, Projection::Down};
std::string_view projectionName(Projection projection); ///< "gate", "up", "down"

/// SwiGLU: y = down(silu(gate x) ⊙ (up x)).
struct MlpTensors {
    MatrixView gate; ///< [F, D]
    MatrixView up; ///< [F, D]
    MatrixView down; ///< [D, F]
    const MatrixView& operator[](Projection projection) const;
};

struct LayerTensors {
    std::vector<float> attentionNorm; ///< [D]
    MatrixView q; ///< [H·hd, D]
    MatrixView k; ///< [G·hd, D]
    MatrixView v; ///< [G·hd, D]
    MatrixView o; ///< [D, H·hd]
    std::vector<float> qNorm; ///< [H·hd] or [hd]; empty without
    std::vector<float> kNorm;
    std::vector<float> mlpNorm; ///< [D]; what the router reads has passed it
    MatrixView router; ///< [E, D]; empty in dense layers
    std::vector<MlpTensors> experts; ///< E of them; empty in dense layers
    MlpTensors dense; ///< only in dense layers
};

struct ModelTensors {
    MatrixView embedding; ///< [V, D]
    std::vector<float> finalNorm; ///< [D]
    MatrixView head; ///< [V, D]; the embedding when tied
    std::vector<LayerTensors> layers;
};

/// A checkpoint with meaning: no name, packing or dtype of the family is visible through it. Immutable, shared between
/// threads; holds the mapping that its views borrow.
class MoeModel {
public:
    /// Recognises the family by `model_type` of the folder's config.json, checks every tensor's shape and dtype, reads
    /// small vectors only. Unsupported for a `model_type` that no family claims, naming it.
    static Result<std::shared_ptr<const MoeModel>> open(std::shared_ptr<const Checkpoint> checkpoint);

    const ModelConfig& config() const { return m_config; }
    const ModelTensors& tensors() const { return m_tensors; }
    const LayerTensors& layer(LayerId layer) const { return m_tensors.layers.at(layer.value); }
    const Checkpoint& checkpoint() const { return *m_checkpoint; }
    const std::shared_ptr<const Checkpoint>& sharedCheckpoint() const { return m_checkpoint; }

    /// Absolute block numbers of the layers with a router, ascending.
    const std::vector<LayerId>& mixtureLayers() const { return m_mixtureLayers; }

    std::uint64_t parameters() const; ///< all of them
    std::uint64_t activeParameters() const; ///< used for one token
    DType weightDtype() const; ///< of the expert (or dense MLP) weights

private:
    MoeModel() = default;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    ModelConfig m_config;
    ModelTensors m_tensors;
    std::vector<LayerId> m_mixtureLayers;
};

} // namespace moescope
