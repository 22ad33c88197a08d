// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/common.h"
#include "core/model/families/qwen_layers.h"

namespace moescope {

namespace {

// Qwen3-MoE (Yang et al., 2025): no biases and no shared expert; q and k are normalised head by
// head, and a head's width does not follow from the hidden size.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, {.normEps = 1e-6}));
    config.attention.qkNorm = QkNorm::PerHead;
    MOESCOPE_CHECK(family::readQwenMixture(config, json, source));
    MOESCOPE_TRY(const bool slides, family::flag(json, "use_sliding_window", source, false));
    if (slides) {
        MOESCOPE_TRY(const auto window, family::size(json, "sliding_window", source, 4096));
        for (LayerSpec& layer : config.layers)
            layer.window = window;
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_CHECK(family::qkNorms(
            layer, config, checkpoint, prefix + "self_attn.q_norm", prefix + "self_attn.k_norm"));
        MOESCOPE_CHECK(family::qwenMixture(layer, config, l, checkpoint, prefix + "mlp."));
    }
    return tensors;
}

} // namespace

const Family& qwen3MoeFamily()
{
    static const Family family{{"qwen3_moe"}, "Qwen3-MoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
