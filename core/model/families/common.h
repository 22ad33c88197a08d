// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
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
/// Like size(), but the number may be 0, which null stands for too; `absent` where the key is left
/// out.
Result<std::uint32_t> countOf(const Json& config, std::string_view key, std::string_view source,
    std::uint32_t absent, std::uint32_t most = 1U << 30);
/// The first of `keys` that is given; `fallback` 0 means that one is required.
Result<std::uint32_t> firstSize(const Json& config, std::string_view source,
    std::initializer_list<std::string_view> keys, std::uint32_t fallback,
    std::uint32_t most = 1U << 16);
/// The key is there and says null.
bool saysNull(const Json& config, std::string_view key);
/// A finite number above 0.
Result<double> positive(
    const Json& config, std::string_view key, std::string_view source, double fallback);
/// The same in single precision, for what multiplies activations.
Result<float> factor(
    const Json& config, std::string_view key, std::string_view source, double fallback);
Result<bool> flag(const Json& config, std::string_view key, std::string_view source, bool fallback);
/// A list of exactly `count` strings or whole numbers; empty when the key is absent or null.
Result<std::vector<std::string>> words(
    const Json& config, std::string_view key, std::string_view source, std::size_t count);
Result<std::vector<std::uint32_t>> numbers(
    const Json& config, std::string_view key, std::string_view source);
/// Unsupported when `config[key]` is given and none of `known`.
Status requireWord(const Json& config, std::string_view key, std::string_view source,
    std::initializer_list<std::string_view> known);

/// The language model's part of a config that also describes other parts (`text_config`).
const Json& textConfig(const Json& config);

/// Most experts, heads or layers that a config may ask for.
inline constexpr std::uint32_t kMost = 1U << 16;

/// What keys of standardConfig() are called.
struct ConfigKeys {
    std::string_view hidden = "hidden_size";
    std::string_view layers = "num_hidden_layers";
    std::string_view heads = "num_attention_heads";
    std::string_view kvHeads = "num_key_value_heads";
    std::string_view positions = "max_position_embeddings";
    std::string_view activation = "hidden_act"; ///< empty: the family sees to it itself
};

/// What a family takes for keys that its config.json leaves out.
struct ConfigDefaults {
    double ropeBase = 10000.0;
    double normEps = 1e-5;
    double partialRotary = 1.0; ///< share of a head that is rotated
    std::string_view headKey = "head_dim"; ///< the width of what is rotated
    std::uint32_t headDim = 0; ///< 0: hidden size / heads, as for null
    std::uint32_t kvHeads = 0; ///< 0, or more than there are heads: as many as heads
    std::uint32_t intermediate = 0;
    std::uint32_t positions = 4096;
    bool tiedEmbeddings = false;
    ConfigKeys keys = {};
};

/// What nearly every published config.json spells alike: hidden size, layers, vocabulary, heads,
/// head size, norm eps, biases of attention, RoPE, tied embeddings, end tokens. Layers are made
/// dense with the config's intermediate_size. Unsupported for activations other than silu.
Result<ModelConfig> standardConfig(
    const Json& config, std::string_view source, const ConfigDefaults& defaults);

/// `sliding_window`; nothing where it is null or 0.
Result<std::optional<std::uint32_t>> windowSize(
    const Json& config, std::string_view source, std::uint32_t absent);
/// The sliding window of the layers that `layer_types` calls "sliding_attention"; without that
/// list, of those for which `slides` holds. The rest see everything.
Status readWindows(ModelConfig& config, const Json& json, std::string_view source,
    std::optional<std::uint32_t> window, const std::function<bool(std::uint32_t)>& slides);

/// "silu" or "swish", or Unsupported.
Status requireSilu(const Json& config, std::string_view key, std::string_view source);

/// What a family takes for keys of its mixture that config.json leaves out; 0 means that the key is
/// required.
struct MixtureDefaults {
    std::uint32_t experts = 0;
    std::uint32_t topK = 0;
    std::uint32_t inner = 0; ///< width of an expert
    std::uint32_t shared = 0; ///< number of shared experts, which may be 0
    std::uint32_t firstDense = 0; ///< number of dense layers at the start
    std::uint32_t groups = 1;
    std::uint32_t keptGroups = 1;
    bool renormalise = false;
    double scale = 1.0;
};

/// Number of experts under any of the keys that families and programs use for it.
Result<std::uint32_t> expertCount(
    const Json& config, std::string_view source, std::uint32_t fallback);

/// E experts and top-k into the router, and every layer a mixture. Errors when k > E.
Status makeMixture(
    ModelConfig& config, std::uint32_t experts, std::uint32_t topK, std::string_view source);
/// Layer l keeps its dense MLP.
inline void makeDense(LayerSpec& layer, std::uint32_t intermediate)
{
    layer.mixture = false;
    layer.intermediate = intermediate;
}

/// Width of `count` shared experts as one MLP.
Result<std::uint32_t> sharedWidth(
    std::uint32_t count, std::uint32_t inner, std::string_view source);

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
