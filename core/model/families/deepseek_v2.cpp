// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/deepseek_mixture.h"
#include "core/model/families/latent_attention.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// DeepSeek-V2 (2024): latent attention; the probabilities of the chosen are used as they are, times
// a factor; with "group_limited_greedy" the experts come from the groups with the likeliest ones.
constexpr family::ConfigDefaults kDefaults{
    .normEps = 1e-6, .intermediate = 11008, .positions = 2048};
constexpr family::LatentDefaults kLatent{
    .queryRank = 1536, .rank = 512, .nope = 128, .rope = 64, .value = 128};
constexpr family::MixtureDefaults kMixture{.experts = 64, .inner = 1407, .shared = 2};

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::latentConfig(json, source, kDefaults, kLatent));
    MOESCOPE_CHECK(family::requireWord(json, "scoring_func", source, {"softmax"}));
    MOESCOPE_CHECK(
        family::requireWord(json, "topk_method", source, {"greedy", "group_limited_greedy"}));
    MOESCOPE_TRY(const auto method, jsonOptionalString(json, "topk_method", source));
    MOESCOPE_CHECK(family::readDeepseekMixture(
        config, json, source, kMixture, method == "group_limited_greedy"));
    config.router.renormalise = false;
    config.router.groupScore = GroupScore::Largest;
    MOESCOPE_TRY(const auto every, family::size(json, "moe_layer_freq", source, 1));
    if (every != 1)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: a \"moe_layer_freq\" of {} is not supported yet.", source, every));
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_CHECK(family::latentAttention(layer, config, checkpoint, prefix));
        MOESCOPE_CHECK(family::deepseekMixture(layer, config, l, checkpoint, prefix));
    }
    return tensors;
}

} // namespace

const Family& deepseekV2Family()
{
    static const Family family{{"deepseek_v2"}, "DeepSeek-V2", readConfig, findTensors};
    return family;
}

} // namespace moescope
