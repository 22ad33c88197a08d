// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/checkpoint/config_file.h"
#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/deepseek_mixture.h"
#include "core/model/families/latent_attention.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

struct Defaults {
    family::ConfigDefaults config;
    family::LatentDefaults latent;
    family::MixtureDefaults mixture;
};

constexpr Defaults kV3{
    .config = {.normEps = 1e-6, .intermediate = 18432},
    .latent = {.queryRank = 1536, .rank = 512, .nope = 128, .rope = 64, .value = 128},
    .mixture = {.experts = 256,
        .topK = 8,
        .inner = 2048,
        .shared = 1,
        .firstDense = 3,
        .groups = 8,
        .keptGroups = 4,
        .renormalise = true,
        .scale = 2.5},
};
constexpr Defaults kGlm47Flash{
    .config = {.intermediate = 10240, .positions = 202752},
    .latent = {.queryRank = 768, .rank = 512, .nope = 192, .rope = 64, .value = 256},
    .mixture = {.experts = 64,
        .topK = 4,
        .inner = 1536,
        .shared = 1,
        .firstDense = 1,
        .renormalise = true,
        .scale = 1.8},
};
constexpr Defaults kGlm5{
    .config = {.intermediate = 12288, .positions = 202752},
    .latent = {.queryRank = 2048, .rank = 512, .nope = 192, .rope = 64, .value = 256},
    .mixture = {.experts = 256,
        .topK = 8,
        .inner = 2048,
        .shared = 1,
        .firstDense = 3,
        .renormalise = true,
        .scale = 2.5},
};

// DeepSeek-V3 (2024): latent attention; sigmoid scores, a bias for the choice alone, groups scored
// by their two best. Layers beyond num_hidden_layers predict further tokens and are left alone.
Result<ModelConfig> readFull(const Json& whole, std::string_view source, const Defaults& defaults)
{
    const Json& json = textConfig(whole);
    MOESCOPE_TRY(auto config, family::latentConfig(json, source, defaults.config, defaults.latent));
    MOESCOPE_CHECK(family::readBiasedSigmoidMixture(config, json, source, defaults.mixture));
    return config;
}

// DeepSeek-V3.2 (2025) attends to a chosen part of the keys once there are more than index_topk.
Result<ModelConfig> readSparse(const Json& json, std::string_view source, const Defaults& defaults)
{
    MOESCOPE_TRY(auto config, readFull(json, source, defaults));
    MOESCOPE_TRY(config.attention.sparseBeyond, family::size(json, "index_topk", source, 2048));
    return config;
}

Result<ModelConfig> readV3(const Json& json, std::string_view source)
{
    return readFull(json, source, kV3);
}

Result<ModelConfig> readV32(const Json& json, std::string_view source)
{
    return readSparse(json, source, kV3);
}

Result<ModelConfig> readGlm47Flash(const Json& json, std::string_view source)
{
    return readFull(json, source, kGlm47Flash);
}

Result<ModelConfig> readGlm5(const Json& json, std::string_view source)
{
    return readSparse(json, source, kGlm5);
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
    static const Family family{{"deepseek_v3"}, "DeepSeek-V3", readV3, findTensors};
    return family;
}

const Family& deepseekV32Family()
{
    static const Family family{{"deepseek_v32"}, "DeepSeek-V3.2", readV32, findTensors};
    return family;
}

const Family& kimiFamily()
{
    static const Family family{{"kimi_k2", "kimi_k25"}, "Kimi-K2", readV3, findTensors};
    return family;
}

const Family& glm4MoeLiteFamily()
{
    static const Family family{{"glm4_moe_lite"}, "GLM-4.7-Flash", readGlm47Flash, findTensors};
    return family;
}

const Family& glmMoeDsaFamily()
{
    static const Family family{{"glm_moe_dsa"}, "GLM-5", readGlm5, findTensors};
    return family;
}

} // namespace moescope
