// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/deepseek_mixture.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// dots.llm1 (Huo et al., 2025): DeepSeek-V3's router and experts without groups; ordinary attention
// with q and k normalised head by head.
constexpr family::ConfigDefaults kDefaults{
    .normEps = 1e-6, .kvHeads = 32, .intermediate = 10944, .positions = 2048};
constexpr family::MixtureDefaults kMixture{.inner = 1408};
constexpr std::uint32_t kWindow = 4096;
constexpr std::uint32_t kFullLayers = 62;

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, kDefaults));
    config.attention.qkNorm = QkNorm::PerHead;
    MOESCOPE_CHECK(family::readBiasedSigmoidMixture(config, json, source, kMixture));
    MOESCOPE_TRY(const auto window, family::windowSize(json, source, kWindow));
    MOESCOPE_TRY(const auto full, family::countOf(json, "max_window_layers", source, kFullLayers));
    MOESCOPE_CHECK(family::readWindows(
        config, json, source, window, [full = full](std::uint32_t l) { return l >= full; }));
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
        MOESCOPE_CHECK(family::deepseekMixture(layer, config, l, checkpoint, prefix));
    }
    return tensors;
}

} // namespace

const Family& dots1Family()
{
    static const Family family{{"dots1"}, "dots.llm1", readConfig, findTensors};
    return family;
}

} // namespace moescope
