// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/model/config.h"
#include "core/model/moe_model.h"

/// What a family file finds tensors with.
namespace moescope::family {

/// The names that differ between families otherwise alike.
struct StandardNames {
    std::string model = "model.";
    std::string head = "lm_head.weight";
    std::string attentionNorm
        = "input_layernorm"; ///< empty: the family has none, or finds it itself
    std::string mlpNorm = "post_attention_layernorm";
    std::string attention = "self_attn."; ///< empty: the family finds it itself
    Norm::Kind norm = Norm::Kind::Rms;
    bool onePlus = false; ///< norms multiply by 1 + weight
    double blockEps = 0; ///< of the block norms; 0: the config's
    bool normBias = true; ///< layer norms have a bias
    std::string normWeight = ".weight"; ///< stands after a norm's name
    std::string embedding = "embed_tokens.weight";
    std::string finalNorm = "norm";
    std::string layers = "layers.";

    std::string layer(std::uint32_t index) const; ///< "model.layers.3."
};

/// The names of a language model that may be a part of a larger one: the first of the usual
/// prefixes under which the checkpoint has an embedding.
StandardNames textNames(const Checkpoint& checkpoint);

/// Embedding, final norm, head, and per layer the norms and, where LayerSpec::mixer is Attention,
/// the attention.
Result<ModelTensors> standardTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, const StandardNames& names = {});

/// `<name>.weight` of `width`, and `<name>.bias` for layer norms that have one.
Result<Norm> norm(const Checkpoint& checkpoint, const StandardNames& names, const std::string& name,
    std::uint64_t width, double eps);
Result<Norm> rmsNorm(
    const Checkpoint& checkpoint, const std::string& name, std::uint64_t width, double eps);

/// q and k norms of one layer, as wide as AttentionSpec::qkNorm says.
Status qkNorms(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& qName, const std::string& kName, bool onePlus = false);

/// gate, up and down of a dense MLP or one expert from three named matrices.
struct MlpNames {
    std::string gate = "gate_proj.weight";
    std::string up = "up_proj.weight";
    std::string down = "down_proj.weight";
};
/// `names` stand after `prefix`.
Result<MlpTensors> mlp(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t hidden, std::uint32_t inner);

/// The shared experts below `prefix` as one MLP. Without any by the config's word there must be
/// none in the file either.
Status sharedMlp(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix);
/// An error when the file has the tensor `name` of a shared expert.
Status requireNoShared(const Checkpoint& checkpoint, const std::string& name);

/// The experts below `prefix`: each with its own three matrices under "<prefix><e>.", or all in
/// `gate_up_proj` [E, 2F, D] (gate rows first) and `down_proj` [E, D, F], as newer programs save
/// them.
Result<std::vector<MlpTensors>> experts(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t count, std::uint32_t hidden, std::uint32_t inner);
/// Router, selection bias and experts of one layer under Mixtral's names, which Phi-3.5-MoE and
/// MiniMax-M2 share.
Status mixtralMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix);
/// All experts in two tensors, [E, 2F, D] with the gate's rows first and [E, D, F].
Result<std::vector<MlpTensors>> fusedExperts(const Checkpoint& checkpoint,
    const std::string& gateUpName, const std::string& downName, std::uint32_t count,
    std::uint32_t hidden, std::uint32_t inner);

/// The same stored by input, [E, D, 2F] with the gate's columns first and [E, F, D].
Result<std::vector<MlpTensors>> fusedExpertsByInput(const Checkpoint& checkpoint,
    const std::string& gateUpName, const std::string& downName, std::uint32_t count,
    std::uint32_t hidden, std::uint32_t inner);

/// The same weights with rows and columns exchanged, for what is stored by input; Unsupported for
/// packed types. `name` is the tensor's, for the error.
Result<MatrixView> transposed(const MatrixView& matrix, std::string_view name);
/// `count` matrices of one tensor [count, cols, rows] as [rows, cols].
Result<std::vector<MatrixView>> transposedStack(const Checkpoint& checkpoint,
    const std::string& name, std::uint32_t count, std::uint64_t rows, std::uint64_t cols);

} // namespace moescope::family
