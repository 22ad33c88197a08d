// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/common.h"
#include "core/model/families/deepseek_mixture.h"

namespace moescope {

namespace {

// GLM-4.5 (Zeng et al., 2025): DeepSeek-V3's router and experts with ordinary attention, half of
// each head rotated; q and k are normalised head by head in the larger models only.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, {.partialRotary = 0.5}));
    config.attention.outputBias = false;
    MOESCOPE_TRY(const bool normalised, family::flag(json, "use_qk_norm", source, false));
    config.attention.qkNorm = normalised ? QkNorm::PerHead : QkNorm::None;
    MOESCOPE_CHECK(family::readBiasedSigmoidMixture(config, json, source));
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        if (config.attention.qkNorm == QkNorm::PerHead)
            MOESCOPE_CHECK(family::qkNorms(layer, config, checkpoint, prefix + "self_attn.q_norm",
                prefix + "self_attn.k_norm"));
        MOESCOPE_CHECK(family::deepseekMixture(layer, config, l, checkpoint, prefix));
    }
    return tensors;
}

} // namespace

const Family& glm4MoeFamily()
{
    static const Family family{{"glm4_moe"}, "GLM-4.5", readConfig, findTensors};
    return family;
}

const Family& solarFamily()
{
    static const Family family{{"solar_open"}, "Solar Open", readConfig, findTensors};
    return family;
}

} // namespace moescope
