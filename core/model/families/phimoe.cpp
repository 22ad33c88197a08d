// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <cmath>

#include "core/io/json.h"
#include "core/model/families/common.h"

namespace moescope {

namespace {

/// The config's own factors for cos and sin instead of longrope's usual one.
Status readRotaryScales(RopeSpec& rope, const Json& json, std::string_view source)
{
    if (!rope.beyond)
        return {};
    for (const char* key : {"rope_parameters", "rope_scaling"}) {
        const auto it = json.find(key);
        if (it == json.end() || !it->is_object())
            continue;
        MOESCOPE_TRY(rope.attentionFactor,
            family::factor(*it, "short_mscale", source, static_cast<double>(rope.attentionFactor)));
        MOESCOPE_TRY(rope.beyond->attentionFactor,
            family::factor(
                *it, "long_mscale", source, static_cast<double>(rope.beyond->attentionFactor)));
    }
    return {};
}

// Phi-3.5-MoE (Abdin et al., 2024): layer norms, biases in attention and head; the two experts are
// chosen by the sparsemixer of GRIN (Liu et al., 2024), whose weights do not sum to one.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, {.ropeBase = 1e6}));
    MOESCOPE_CHECK(readRotaryScales(config.attention.rope, json, source));
    MOESCOPE_TRY(
        const auto experts, family::size(json, "num_local_experts", source, 16, family::kMost));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 2, family::kMost));
    if (topK != 2)
        return family::bad(
            source, "\"num_experts_per_tok\" should be 2, the number that sparsemixer chooses");
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.score = ScoreFunction::SparseMixer;
    MOESCOPE_TRY(const auto jitter, jsonOptionalDouble(json, "router_jitter_noise", source));
    config.router.jitter = static_cast<float>(jitter.value_or(0.01));
    if (!(config.router.jitter >= 0) || !std::isfinite(config.router.jitter))
        return family::bad(source, "\"router_jitter_noise\" should be at least 0");
    MOESCOPE_TRY(const auto window, family::sizeOrZero(json, "sliding_window", source));
    for (LayerSpec& layer : config.layers) {
        if (window > 0)
            layer.window = window;
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    family::StandardNames names;
    names.norm = Norm::Kind::Layer;
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    if (checkpoint.find("lm_head.bias")) {
        MOESCOPE_TRY(tensors.headBias, checkpoint.vector("lm_head.bias", config.vocabulary));
    }
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_CHECK(
            family::mixtralMixture(tensors.layers[l], config, l, checkpoint, names.layer(l)));
    }
    return tensors;
}

} // namespace

const Family& phimoeFamily()
{
    static const Family family{{"phimoe"}, "Phi-3.5-MoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
