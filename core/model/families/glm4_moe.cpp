// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/deepseek_mixture.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// GLM-4.5 (Zeng et al., 2025): DeepSeek-V3's router and experts with ordinary attention, half of
// each head rotated; q and k are normalised head by head in the larger models only.
constexpr family::ConfigDefaults kDefaults{
    .partialRotary = 0.5, .kvHeads = 8, .intermediate = 10944, .positions = 131072};
constexpr family::MixtureDefaults kMixture{
    .experts = 128, .topK = 8, .inner = 1408, .shared = 1, .firstDense = 1, .renormalise = true};

Result<ModelConfig> readGlm(const Json& json, std::string_view source,
    const family::ConfigDefaults& defaults, const family::MixtureDefaults& mixture)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, defaults));
    config.attention.outputBias = false;
    MOESCOPE_TRY(const bool normalised, family::flag(json, "use_qk_norm", source, false));
    config.attention.qkNorm = normalised ? QkNorm::PerHead : QkNorm::None;
    MOESCOPE_CHECK(family::readBiasedSigmoidMixture(config, json, source, mixture));
    return config;
}

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    return readGlm(json, source, kDefaults, kMixture);
}

// Solar Open (Upstage, 2026): the same graph with whole heads rotated and every layer a mixture.
constexpr family::ConfigDefaults kSolarDefaults{
    .ropeBase = 1e6, .headDim = 128, .kvHeads = 8, .positions = 131072};
constexpr family::MixtureDefaults kSolarMixture{
    .experts = 128, .topK = 8, .inner = 1280, .shared = 1, .renormalise = true};

Result<ModelConfig> readSolarConfig(const Json& json, std::string_view source)
{
    return readGlm(json, source, kSolarDefaults, kSolarMixture);
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
    static const Family family{{"solar_open"}, "Solar Open", readSolarConfig, findTensors};
    return family;
}

} // namespace moescope
