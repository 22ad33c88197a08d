// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/json_fwd.h"
#include "core/model/config.h"
#include "core/model/moe_model.h"

/// What the family files are made of: readers of config.json keys and of tensors under their usual
/// names.
namespace moescope::family {

/// "<source>: <what>." as BadFormat.
tl::unexpected<Error> bad(std::string_view source, std::string_view what);

/// A whole number between 1 and `most` from `config[key]`; `fallback` 0 means the key is required.
Result<std::uint32_t> size(const Json& config, std::string_view key, std::string_view source,
    std::uint32_t fallback, std::uint32_t most = 1U << 30);
/// Like size(), but 0 is allowed and stands for an absent or null key.
Result<std::uint32_t> sizeOrZero(const Json& config, std::string_view key, std::string_view source,
    std::uint32_t most = 1U << 30);
/// A finite number above 0.
Result<double> positive(
    const Json& config, std::string_view key, std::string_view source, double fallback);
Result<bool> flag(const Json& config, std::string_view key, std::string_view source, bool fallback);
/// A list of exactly `count` strings or whole numbers; empty when the key is absent or null.
Result<std::vector<std::string>> words(
    const Json& config, std::string_view key, std::string_view source, std::size_t count);
Result<std::vector<std::uint32_t>> numbers(
    const Json& config, std::string_view key, std::string_view source);

/// The language model's part of a config that also describes other parts (`text_config`).
const Json& textConfig(const Json& config);

/// Most experts, heads or layers that a config may ask for.
inline constexpr std::uint32_t kMost = 1U << 16;

struct ConfigDefaults {
    double ropeBase = 10000.0;
    double normEps = 1e-5;
};

/// What nearly every published config.json spells alike: hidden size, layers, vocabulary, heads,
/// head size, norm eps, biases of attention, RoPE, tied embeddings, end tokens. Layers are made
/// dense with the config's intermediate_size. Unsupported for activations other than silu.
Result<ModelConfig> standardConfig(
    const Json& config, std::string_view source, const ConfigDefaults& defaults);

/// "silu" or "swish", or Unsupported.
Status requireSilu(const Json& config, std::string_view key, std::string_view source);

/// E experts and top-k into the router, and every layer a mixture. Errors when k > E.
Status makeMixture(
    ModelConfig& config, std::uint32_t experts, std::uint32_t topK, std::string_view source);
/// Layer l keeps its dense MLP.
inline void makeDense(LayerSpec& layer, std::uint32_t intermediate)
{
    layer.mixture = false;
    layer.intermediate = intermediate;
}

/// The DeepSeek-V3 way of writing a mixture, which other families took over: n_routed_experts,
/// num_experts_per_tok, moe_intermediate_size, n_shared_experts, first_k_dense_replace, n_group,
/// topk_group, norm_topk_prob, routed_scaling_factor; sigmoid scores with a selection bias.
Status readBiasedSigmoidMixture(ModelConfig& config, const Json& json, std::string_view source);

/// The names that differ between families otherwise alike.
struct StandardNames {
    std::string model = "model.";
    std::string head = "lm_head.weight";
    std::string attentionNorm
        = "input_layernorm"; ///< empty: the family has none, or finds it itself
    std::string mlpNorm = "post_attention_layernorm";
    std::string attention = "self_attn.";
    Norm::Kind norm = Norm::Kind::Rms; ///< Layer: with a bias
    bool onePlus = false; ///< norms multiply by 1 + weight
    double blockEps = 0; ///< of the block norms; 0: the config's

    std::string layer(std::uint32_t index) const; ///< "model.layers.3."
};

/// Embedding, final norm, head, and per layer the norms and, where LayerSpec::mixer is Attention,
/// the attention.
Result<ModelTensors> standardTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, const StandardNames& names = {});

/// `<name>.weight` of `width`, and `<name>.bias` for layer norms.
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

/// The experts below `prefix`: each with its own three matrices under "<prefix><e>.", or all in
/// `gate_up_proj` [E, 2F, D] (gate rows first) and `down_proj` [E, D, F], as newer programs save
/// them.
Result<std::vector<MlpTensors>> experts(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t count, std::uint32_t hidden, std::uint32_t inner);

} // namespace moescope::family
