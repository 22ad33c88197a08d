// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Mixtral (Jiang et al., 2024): Mistral's attention; the chosen probabilities are divided by their
// sum.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config,
        family::standardConfig(json, source,
            {.ropeBase = 1e6, .kvHeads = 8, .intermediate = 14336, .positions = 131072}));
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 8));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 2, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.renormalise = true;
    MOESCOPE_TRY(const auto window, jsonOptionalUInt(json, "sliding_window", source));
    for (LayerSpec& layer : config.layers) {
        if (window) {
            MOESCOPE_TRY(layer.window, family::size(json, "sliding_window", source, 0));
        }
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_CHECK(
            family::mixtralMixture(tensors.layers[l], config, l, checkpoint, names.layer(l)));
    }
    return tensors;
}

} // namespace

const Family& mixtralFamily()
{
    static const Family family{{"mixtral"}, "Mixtral", readConfig, findTensors};
    return family;
}

} // namespace moescope
