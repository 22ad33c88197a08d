// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/deepseek_mixture.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// DeepSeekMoE (Dai et al., 2024), the first of the line: the experts and shared experts of its
// successors with ordinary attention; the chosen probabilities are used as they are.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(
        auto config, family::standardConfig(json, source, {.normEps = 1e-6, .positions = 2048}));
    MOESCOPE_CHECK(family::requireWord(json, "scoring_func", source, {"softmax"}));
    MOESCOPE_CHECK(family::readDeepseekMixture(config, json, source, {}, false));
    MOESCOPE_TRY(const auto every, family::size(json, "moe_layer_freq", source, 1));
    MOESCOPE_TRY(const auto dense, family::size(json, "intermediate_size", source, 0));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (l % every != 0)
            family::makeDense(config.layers[l], dense);
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_CHECK(
            family::deepseekMixture(tensors.layers[l], config, l, checkpoint, names.layer(l)));
    }
    return tensors;
}

} // namespace

const Family& deepseekFamily()
{
    static const Family family{{"deepseek"}, "DeepSeekMoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
