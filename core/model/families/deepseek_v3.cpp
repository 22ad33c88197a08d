// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/common.h"
#include "core/model/families/deepseek_mixture.h"
#include "core/model/families/latent_attention.h"

namespace moescope {

namespace {

// DeepSeek-V3 (2024): latent attention; sigmoid scores, a bias for the choice alone, groups scored
// by their two best. Layers beyond num_hidden_layers predict further tokens and are left alone.
Result<ModelConfig> readConfig(const Json& whole, std::string_view source)
{
    const Json& json = family::textConfig(whole);
    MOESCOPE_TRY(auto config, family::latentConfig(json, source, {.normEps = 1e-6}));
    MOESCOPE_CHECK(family::readBiasedSigmoidMixture(config, json, source));
    return config;
}

// DeepSeek-V3.2 (2025) attends to a chosen part of the keys once there are more than index_topk.
Result<ModelConfig> readSparseConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, readConfig(json, source));
    MOESCOPE_TRY(config.attention.sparseBeyond, family::size(json, "index_topk", source, 2048));
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    // Kimi-K2.5 keeps its language model beside a vision tower.
    const family::StandardNames names = family::textNames(checkpoint);
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_CHECK(family::latentAttention(layer, config, checkpoint, prefix));
        MOESCOPE_CHECK(family::deepseekMixture(layer, config, l, checkpoint, prefix));
    }
    return tensors;
}

} // namespace

const Family& deepseekV3Family()
{
    static const Family family{{"deepseek_v3"}, "DeepSeek-V3", readConfig, findTensors};
    return family;
}

const Family& deepseekV32Family()
{
    static const Family family{{"deepseek_v32"}, "DeepSeek-V3.2", readSparseConfig, findTensors};
    return family;
}

const Family& kimiFamily()
{
    static const Family family{{"kimi_k2", "kimi_k25"}, "Kimi-K2", readConfig, findTensors};
    return family;
}

const Family& glm4MoeLiteFamily()
{
    static const Family family{{"glm4_moe_lite"}, "GLM-4.7-Flash", readConfig, findTensors};
    return family;
}

const Family& glmMoeDsaFamily()
{
    static const Family family{{"glm_moe_dsa"}, "GLM-5", readSparseConfig, findTensors};
    return family;
}

} // namespace moescope
