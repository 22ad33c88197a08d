// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <fmt/format.h>

#include "core/checkpoint/config_file.h"
#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/qwen_layers.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Qwen3-MoE (Yang et al., 2025): no biases and no shared expert; q and k are normalised head by
// head, and a head's width does not follow from the hidden size.
constexpr family::ConfigDefaults kDefaults{
    .normEps = 1e-6, .kvHeads = 4, .intermediate = 6144, .positions = 32768};
constexpr family::MixtureDefaults kMixture{.experts = 128, .topK = 8, .inner = 768};

Result<ModelConfig> readWith(const Json& json, std::string_view source,
    const family::ConfigDefaults& defaults, const family::MixtureDefaults& mixture)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, defaults));
    config.attention.qkNorm = QkNorm::PerHead;
    MOESCOPE_CHECK(family::readQwenMixture(config, json, source, mixture));
    MOESCOPE_TRY(
        const auto kinds, family::words(json, "layer_types", source, config.layers.size()));
    for (const std::string& kind : kinds) {
        // Which layers slide is not told by the list here.
        if (kind != "full_attention" && kind != "sliding_attention")
            return fail(ErrorCode::Unsupported,
                fmt::format("{}: layers of the type \"{}\" are not supported yet.", source, kind));
    }
    MOESCOPE_TRY(const bool slides, family::flag(json, "use_sliding_window", source, false));
    if (slides) {
        MOESCOPE_TRY(const auto window, family::windowSize(json, source, 4096));
        for (LayerSpec& layer : config.layers)
            layer.window = window;
    }
    return config;
}

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    return readWith(json, source, kDefaults, kMixture);
}

// Qwen3-VL-MoE (Qwen team, 2025), its text part: the same model with weights that always sum to
// one. The three position axes of its RoPE are equal for text.
constexpr family::ConfigDefaults kVisionDefaults{
    .ropeBase = 500000, .normEps = 1e-6, .kvHeads = 16, .intermediate = 5632, .positions = 128000};
constexpr family::MixtureDefaults kVisionMixture{.experts = 60, .topK = 4, .inner = 1408};

Result<ModelConfig> readVisionConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, readWith(textConfig(json), source, kVisionDefaults, kVisionMixture));
    config.router.renormalise = true;
    return config;
}

/// The vision models keep fused experts as [E, D, 2F] and [E, F, D]; programs that save them again
/// may turn them round.
bool expertsByInput(
    const ModelConfig& config, const Checkpoint& checkpoint, const std::string& prefix)
{
    const TensorInfo* fused = checkpoint.find(prefix + "experts.gate_up_proj");
    return config.modelType.starts_with("qwen3_vl") && fused && fused->shape.size() == 3
        && fused->shape[1] == config.hidden;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    const family::StandardNames names = family::textNames(checkpoint);
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_CHECK(family::qkNorms(
            layer, config, checkpoint, prefix + "self_attn.q_norm", prefix + "self_attn.k_norm"));
        const std::string mlp = prefix + "mlp.";
        MOESCOPE_CHECK(family::qwenMixture(
            layer, config, l, checkpoint, mlp, expertsByInput(config, checkpoint, mlp)));
    }
    return tensors;
}

} // namespace

const Family& qwen3MoeFamily()
{
    static const Family family{{"qwen3_moe"}, "Qwen3-MoE", readConfig, findTensors};
    return family;
}

const Family& qwen3VlMoeFamily()
{
    static const Family family{
        {"qwen3_vl_moe", "qwen3_vl_moe_text"}, "Qwen3-VL-MoE", readVisionConfig, findTensors};
    return family;
}

} // namespace moescope
