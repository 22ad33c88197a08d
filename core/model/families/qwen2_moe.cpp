// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/qwen_layers.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Qwen1.5-MoE and Qwen2-MoE (Yang et al., 2024): q, k and v have biases; a shared expert is weighed
// by a sigmoid of its own. The chosen probabilities are used as they are unless the config says so.
constexpr family::ConfigDefaults kDefaults{
    .normEps = 1e-6, .kvHeads = 16, .intermediate = 5632, .positions = 32768};
constexpr family::MixtureDefaults kMixture{.experts = 60, .topK = 4, .inner = 1408};

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, kDefaults));
    MOESCOPE_TRY(config.attention.qkvBias, family::flag(json, "qkv_bias", source, true));
    config.attention.outputBias = false;
    MOESCOPE_CHECK(family::readQwenMixture(config, json, source, kMixture));
    MOESCOPE_TRY(config.router.sharedIntermediate,
        family::size(json, "shared_expert_intermediate_size", source, 5632));
    config.router.sharedExperts = 1;
    config.router.sharedGate = true;
    MOESCOPE_TRY(const bool slides, family::flag(json, "use_sliding_window", source, false));
    if (slides) {
        MOESCOPE_TRY(const auto window, family::windowSize(json, source, 4096));
        MOESCOPE_TRY(const auto most, family::countOf(json, "max_window_layers", source, 28));
        MOESCOPE_CHECK(family::readWindows(config, json, source, window,
            [most = most](std::uint32_t l) { return l % 2 == 0 && l < most; }));
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_CHECK(
            family::qwenMixture(tensors.layers[l], config, l, checkpoint, names.layer(l) + "mlp."));
    }
    return tensors;
}

} // namespace

const Family& qwen2MoeFamily()
{
    static const Family family{{"qwen2_moe"}, "Qwen2-MoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
