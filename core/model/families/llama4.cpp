// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/checkpoint/config_file.h"
#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

/// Layers with RoPE rotate pairs, then normalise q and k without a weight, and see their own chunk
/// of the text; the others see everything, and scale q with the position.
Status readLayers(ModelConfig& config, const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto rotated, family::numbers(json, "no_rope_layers", source));
    MOESCOPE_TRY(const auto interval, family::size(json, "no_rope_layer_interval", source, 4));
    if (!rotated.empty() && rotated.size() != config.layers.size())
        return family::bad(source,
            fmt::format("\"no_rope_layers\" should list {} numbers, but lists {}",
                config.layers.size(), rotated.size()));
    for (std::uint32_t l = static_cast<std::uint32_t>(rotated.size()); l < config.layerCount(); ++l)
        rotated.push_back((l + 1) % interval != 0);
    MOESCOPE_TRY(const auto chunk, family::size(json, "attention_chunk_size", source, 8192));
    MOESCOPE_TRY(
        const auto kinds, family::words(json, "layer_types", source, config.layers.size()));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        config.layers[l].rope = rotated[l] != 0;
        if (kinds.empty() ? config.layers[l].rope : kinds[l] == "chunked_attention")
            config.layers[l].chunk = chunk;
    }
    return {};
}

/// True unless the config says false or 0; it was a number once.
bool tunesTemperature(const Json& json)
{
    const auto it = json.find("attn_temperature_tuning");
    return it == json.end() || it->is_null() || (*it != false && *it != 0);
}

Status readMixtureLayers(ModelConfig& config, const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto dense, family::size(json, "intermediate_size_mlp", source, 16384));
    MOESCOPE_TRY(const auto step, family::size(json, "interleave_moe_layer_step", source, 1));
    MOESCOPE_TRY(auto mixtures, family::numbers(json, "moe_layers", source));
    if (const auto it = json.find("moe_layers"); it == json.end() || it->is_null()) {
        for (std::uint64_t l = step - 1; l < config.layers.size(); l += step)
            mixtures.push_back(static_cast<std::uint32_t>(l));
    }
    for (const std::uint32_t l : mixtures) {
        if (l >= config.layerCount())
            return family::bad(
                source, fmt::format("\"moe_layers\" names layer {} of {}", l, config.layerCount()));
    }
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (std::ranges::find(mixtures, l) == mixtures.end())
            family::makeDense(config.layers[l], dense);
    }
    return {};
}

// Llama 4 (Meta, 2025), its text part: the sigmoid of a chosen expert's logit multiplies what that
// expert reads, not what it says; a shared expert is added.
Result<ModelConfig> readConfig(const Json& whole, std::string_view source)
{
    const Json& json = textConfig(whole);
    MOESCOPE_TRY(auto config,
        family::standardConfig(
            json, source, {.ropeBase = 500000, .headDim = 128, .kvHeads = 8, .positions = 131072}));
    AttentionSpec& attention = config.attention;
    attention.rope.pairing = RopeSpec::Pairing::Interleaved;
    MOESCOPE_TRY(const bool normalises, family::flag(json, "use_qk_norm", source, true));
    attention.qkNorm = normalises ? QkNorm::PerHead : QkNorm::None;
    attention.qkNormAfterRope = true;
    if (tunesTemperature(json)) {
        AttentionSpec::Temperature& temperature = attention.temperature.emplace();
        MOESCOPE_TRY(temperature.scale, family::positive(json, "attn_scale", source, 0.1));
        MOESCOPE_TRY(temperature.floor, family::positive(json, "floor_scale", source, 8192));
    }
    MOESCOPE_CHECK(readLayers(config, json, source));

    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 16));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 1, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    RouterSpec& router = config.router;
    router.score = ScoreFunction::Sigmoid;
    router.weighsInput = true;
    router.sharedExperts = 1;
    MOESCOPE_TRY(router.sharedIntermediate, family::size(json, "intermediate_size", source, 8192));
    for (LayerSpec& layer : config.layers)
        layer.intermediate = router.sharedIntermediate;
    MOESCOPE_CHECK(readMixtureLayers(config, json, source));
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    const family::StandardNames names = family::textNames(checkpoint);
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const LayerSpec& spec = config.layers[l];
        if (spec.rope && config.attention.qkNorm != QkNorm::None)
            layer.qNorm = layer.kNorm = {Norm::Kind::Rms, config.normEps, {}, {}};
        const std::string mlp = names.layer(l) + "feed_forward.";
        if (!spec.mixture) {
            MOESCOPE_TRY(
                layer.dense, family::mlp(checkpoint, mlp, {}, config.hidden, spec.intermediate));
            continue;
        }
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(mlp + "router.weight", config.router.experts, config.hidden));
        MOESCOPE_TRY(layer.experts,
            family::fusedExpertsByInput(checkpoint, mlp + "experts.gate_up_proj",
                mlp + "experts.down_proj", config.router.experts, config.hidden,
                spec.intermediate));
        MOESCOPE_TRY(layer.shared,
            family::mlp(checkpoint, mlp + "shared_expert.", {}, config.hidden,
                config.router.sharedIntermediate));
    }
    return tensors;
}

} // namespace

const Family& llama4Family()
{
    static const Family family{{"llama4", "llama4_text"}, "Llama 4", readConfig, findTensors};
    return family;
}

} // namespace moescope
