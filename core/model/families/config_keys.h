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
#include "core/io/json_fwd.h"
#include "core/model/config.h"

/// What a family file reads config.json with.
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

} // namespace moescope::family
