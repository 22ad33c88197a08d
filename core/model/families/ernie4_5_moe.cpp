// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// ERNIE 4.5 (Baidu, 2025): a bias is added to the probabilities for the choice; the weights are the
// unbiased ones, divided by their sum. Layers outside a given range keep a dense MLP.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config,
        family::standardConfig(json, source,
            {.ropeBase = 500000,
                .kvHeads = 4,
                .intermediate = 12288,
                .positions = 131072,
                .tiedEmbeddings = true}));
    MOESCOPE_TRY(const bool biased, family::flag(json, "use_bias", source, false));
    if (biased)
        return fail(
            ErrorCode::Unsupported, fmt::format("{}: \"use_bias\" is not supported yet.", source));
    config.attention.rope.pairing = RopeSpec::Pairing::Interleaved;
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 64));
    MOESCOPE_TRY(
        const auto topK, family::firstSize(json, source, {"moe_k", "num_experts_per_tok"}, 6));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    RouterSpec& router = config.router;
    router.selectionBias = true;
    router.renormalise = true;
    MOESCOPE_TRY(const auto inner, family::size(json, "moe_intermediate_size", source, 1536));
    MOESCOPE_TRY(router.normFloor, family::positive(json, "moe_norm_min", source, 1e-12));
    MOESCOPE_TRY(router.sharedExperts,
        family::countOf(json, "moe_num_shared_experts", source, 2, family::kMost));
    MOESCOPE_TRY(
        router.sharedIntermediate, family::sharedWidth(router.sharedExperts, inner, source));
    MOESCOPE_TRY(const auto start, jsonOptionalDouble(json, "moe_layer_start_index", source));
    MOESCOPE_TRY(const auto end, jsonOptionalDouble(json, "moe_layer_end_index", source));
    MOESCOPE_TRY(const auto interval, family::size(json, "moe_layer_interval", source, 1));
    const bool toTheEnd = end.value_or(-1) < 0;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerSpec& layer = config.layers[l];
        layer.mixture
            = (l + 1) % interval == 0 && l >= start.value_or(1) && (toTheEnd || l <= *end);
        if (layer.mixture)
            layer.intermediate = inner;
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    const RouterSpec& router = config.router;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string mlp = names.layer(l) + "mlp.";
        const std::uint32_t inner = config.layers[l].intermediate;
        if (!config.layers[l].mixture) {
            MOESCOPE_TRY(layer.dense, family::mlp(checkpoint, mlp, {}, config.hidden, inner));
            continue;
        }
        MOESCOPE_TRY(
            layer.router, checkpoint.matrix(mlp + "gate.weight", router.experts, config.hidden));
        MOESCOPE_TRY(const auto bias,
            checkpoint.matrix(mlp + "moe_statics.e_score_correction_bias", 1, router.experts));
        layer.selectionBias = decodeAll(bias);
        MOESCOPE_TRY(layer.experts,
            family::experts(
                checkpoint, mlp + "experts.", {}, router.experts, config.hidden, inner));
        MOESCOPE_CHECK(family::sharedMlp(layer, config, checkpoint, mlp + "shared_experts."));
    }
    return tensors;
}

} // namespace

const Family& ernieMoeFamily()
{
    static const Family family{{"ernie4_5_moe"}, "ERNIE 4.5", readConfig, findTensors};
    return family;
}

} // namespace moescope
