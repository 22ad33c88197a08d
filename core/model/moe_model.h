// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

/// A normalisation with all it needs; source of the formulas: Zhang and Sennrich (2019), Ba et al.
/// (2016).
struct Norm {
    enum class Kind : std::uint8_t {
        None, ///< passes x through
        Rms, ///< weight ⊙ x / sqrt(mean(x²) + eps)
        Layer, ///< weight ⊙ (x - mean) / sqrt(variance + eps) + bias
    };
    Kind kind = Kind::None;
    double eps = 1e-5;
    std::vector<float> weight; ///< empty: all one
    std::vector<float> bias; ///< empty: none

    std::size_t elements() const { return weight.size() + bias.size(); }
};

/// y = down(f(gate x + b, up x + b)) + b with the model's Activation. Biases are kept apart from
/// the matrices: no analysis of weights may see them.
struct MlpTensors {
    MatrixView gate; ///< [F, D]
    MatrixView up; ///< [F, D]
    MatrixView down; ///< [D, F]
    MatrixView gateBias; ///< [F, 1]; empty without
    MatrixView upBias; ///< [F, 1]; empty without
    MatrixView downBias; ///< [D, 1]; empty without
    const MatrixView& operator[](Projection projection) const;
    const MatrixView& bias(Projection projection) const;
};

/// Multi-head latent attention. One head's part of the up-projection of the latent, kept apart so
/// that the latent alone is cached and each product is taken in the direction that is stored.
struct LatentHead {
    MatrixView keys; ///< [nope, rank], or [rank, nope] when keysTransposed
    bool keysTransposed = false;
    MatrixView values; ///< [value, rank]
};
struct LatentTensors {
    MatrixView queryDown; ///< [queryRank, D]; empty without
    Norm queryNorm; ///< [queryRank]
    MatrixView query; ///< [H·(nope + rope), queryRank or D]
    MatrixView down; ///< [rank + rope, D]
    Norm norm; ///< [rank]
    std::vector<LatentHead> heads; ///< H of them
};

/// Gated delta net. Projections come in parts that stand below each other, since some checkpoints
/// group their rows by key head.
struct DeltaTensors {
    std::vector<MatrixView> q; ///< [nk·dk, D] in all
    std::vector<MatrixView> k; ///< [nk·dk, D]
    std::vector<MatrixView> v; ///< [nv·dv, D]
    std::vector<MatrixView> z; ///< [nv·dv, D], the output gate
    std::vector<MatrixView> beta; ///< [nv, D]
    std::vector<MatrixView> decay; ///< [nv, D]
    std::vector<float> convolution; ///< [2·nk·dk + nv·dv, taps], the last tap is the current token
    std::vector<float> logDecay; ///< [nv], A_log
    std::vector<float> decayBias; ///< [nv], dt_bias
    Norm norm; ///< [dv]
    MatrixView out; ///< [D, nv·dv]
};

/// Attention whose query heads belong to experts (JetMoE).
struct RoutedHeadsTensors {
    MatrixView router; ///< [E, D]
    struct Expert {
        MatrixView query; ///< [G·hd, D]
        MatrixView output; ///< [D, G·hd]
    };
    std::vector<Expert> experts;
    std::vector<float> outputBias; ///< [D], added once
};

struct LayerTensors {
    Norm attentionNorm; ///< [D]
    MatrixView q; ///< [H·hd, D]; with an output gate [H·2hd, D]
    MatrixView k; ///< [G·hd, D]
    MatrixView v; ///< [G·hd, D]
    MatrixView o; ///< [D, H·hd]
    std::vector<float> qBias; ///< biases: empty without
    std::vector<float> kBias;
    std::vector<float> vBias;
    std::vector<float> oBias;
    Norm qNorm; ///< [H·hd] or [hd]
    Norm kNorm;
    std::vector<float> sinks; ///< [H], a score without a value; empty without
    std::optional<LatentTensors> latent; ///< instead of q, k, v
    std::optional<DeltaTensors> delta; ///< instead of q, k, v, o
    std::optional<RoutedHeadsTensors> routedHeads; ///< instead of q, o
    Norm attentionPostNorm; ///< [D], of what attention adds
    Norm mlpNorm; ///< [D]; what the router reads has passed it
    Norm mlpPostNorm; ///< [D], of what the MLP adds
    MatrixView router; ///< [E, D]; empty in dense layers
    std::vector<float> routerBias; ///< [E], part of the logits; empty without
    std::vector<float> selectionBias; ///< [E], for the choice only; empty without
    std::vector<MlpTensors> experts; ///< E of them; empty in dense layers
    std::vector<float> mixtureBias; ///< [D], added once to the weighted sum; empty without
    std::optional<MlpTensors> shared; ///< the shared experts as one MLP
    MatrixView sharedGate; ///< [1, D]; empty without
    MlpTensors dense; ///< only in dense layers
};

struct ModelTensors {
    MatrixView embedding; ///< [V, D]
    Norm finalNorm; ///< [D]
    MatrixView head; ///< [V, D]; the embedding when tied
    std::vector<float> headBias; ///< [V]; empty without
    std::vector<LayerTensors> layers;
};

/// A checkpoint with meaning: no name, packing or dtype of the family is visible through it.
/// Immutable, shared between threads; holds the mapping that its views borrow.
class MoeModel {
public:
    /// Recognises the family by `model_type` of the folder's config.json, or by a GGUF file's
    /// architecture, checks every tensor's
    /// shape and dtype, reads small vectors only. Unsupported for a `model_type` that no family
    /// claims, naming it.
    static Result<std::shared_ptr<const MoeModel>> open(
        std::shared_ptr<const Checkpoint> checkpoint);

    const ModelConfig& config() const { return m_config; }
    const ModelTensors& tensors() const { return m_tensors; }
    const LayerTensors& layer(LayerId layer) const { return m_tensors.layers.at(layer.value); }
    const Checkpoint& checkpoint() const { return *m_checkpoint; }
    const std::shared_ptr<const Checkpoint>& sharedCheckpoint() const { return m_checkpoint; }

    /// Absolute block numbers of the layers with a router, ascending.
    const std::vector<LayerId>& mixtureLayers() const { return m_mixtureLayers; }

    std::uint64_t parameters() const; ///< all of them
    std::uint64_t activeParameters() const; ///< used for one token
    /// Any matrix of attention, an expert or a dense MLP is stored in this type.
    bool storesWeightsAs(DType dtype) const;
    /// One matrix that is stored as most expert (or dense MLP) weights are.
    const MatrixView& typicalWeights() const;

private:
    MoeModel() = default;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    ModelConfig m_config;
    ModelTensors m_tensors;
    std::vector<LayerId> m_mixtureLayers;
};

} // namespace moescope
