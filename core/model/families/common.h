// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/model/config.h"
#include "core/model/moe_model.h"

namespace moescope::family {

/// A whole number between 1 and `most` from `config[key]`; `fallback` 0 means the key is required.
Result<std::uint32_t> size(const Json& config, std::string_view key, std::string_view source,
    std::uint32_t fallback, std::uint32_t most = 1U << 30);

/// What nearly every published config.json spells alike: hidden size, layers, vocabulary, heads,
/// head size, norm eps, RoPE in all its spellings, tied embeddings, end tokens. `ropeBase` is the
/// family's default. Layers are made dense with the config's intermediate_size. Unsupported for
/// activations other than silu and RoPE types not known yet.
Result<ModelConfig> standardConfig(const Json& config, std::string_view source, double ropeBase);

/// E experts and top-k into the router, and every layer a mixture. Errors when k > E.
Status makeMixture(
    ModelConfig& config, std::uint32_t experts, std::uint32_t topK, std::string_view source);

/// Embedding, final norm, head, and per layer the norms and the attention under their usual names.
Result<ModelTensors> standardTensors(const ModelConfig& config, const Checkpoint& checkpoint);

/// "model.layers.3."
std::string layerPrefix(std::uint32_t layer);

/// gate, up and down of a dense MLP or one expert from three named matrices.
struct MlpNames {
    std::string gate;
    std::string up;
    std::string down;
};
Result<MlpTensors> mlp(
    const Checkpoint& checkpoint, const MlpNames& names, std::uint32_t hidden, std::uint32_t inner);

/// `count` experts, each with its own three matrices: `names` under "<prefix><e>.".
Result<std::vector<MlpTensors>> separateExperts(const Checkpoint& checkpoint,
    const std::string& prefix, const MlpNames& names, std::uint32_t count, std::uint32_t hidden,
    std::uint32_t inner);

/// Experts stored as `gate_up_proj` [E, 2F, D] (gate rows first) and `down_proj` [E, D, F], as
/// newer programs save them.
Result<std::vector<MlpTensors>> fusedExperts(const Checkpoint& checkpoint,
    const std::string& prefix, std::uint32_t experts, std::uint32_t hidden, std::uint32_t inner);

} // namespace moescope::family
