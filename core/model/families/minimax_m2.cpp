// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/rope.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

/// The variants that the family's own program knows and no published model uses.
Status requireUsual(const Json& json, std::string_view source)
{
    MOESCOPE_CHECK(family::requireWord(json, "scoring_func", source, {"sigmoid"}));
    MOESCOPE_CHECK(family::requireWord(json, "qk_norm_type", source, {"per_layer"}));
    MOESCOPE_TRY(const auto kinds, family::numbers(json, "attn_type_list", source));
    if (std::ranges::any_of(kinds, [](std::uint32_t kind) { return kind != 1; }))
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: linear layers (\"attn_type_list\") are not supported yet.", source));
    MOESCOPE_TRY(const auto shared, family::countOf(json, "shared_intermediate_size", source, 0));
    if (shared > 0)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: shared experts (\"shared_intermediate_size\") of MiniMax-M2 are not "
                        "supported yet.",
                source));
    return {};
}

// MiniMax-M2 (2025): q and k are normalised over the whole projected vector and rotated in part;
// sigmoid scores, a bias for the choice alone, weights divided by their sum.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    constexpr double kRopeBase = 5e6;
    MOESCOPE_CHECK(requireUsual(json, source));
    MOESCOPE_TRY(auto config,
        family::standardConfig(json, source,
            {.ropeBase = kRopeBase,
                .normEps = 1e-6,
                .headDim = 128,
                .kvHeads = 8,
                .intermediate = 1536,
                .positions = 196608}));
    AttentionSpec& attention = config.attention;
    MOESCOPE_TRY(const auto rotated,
        family::size(json, "rotary_dim", source, attention.rope.width, attention.headDim));
    if (rotated != attention.rope.width) {
        MOESCOPE_TRY(attention.rope,
            family::readRope(json, source, {kRopeBase, rotated, config.maxPositions}));
    }
    MOESCOPE_TRY(const bool normalised, family::flag(json, "use_qk_norm", source, true));
    attention.qkNorm = normalised ? QkNorm::WholeVector : QkNorm::None;
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 256));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 8, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.score = ScoreFunction::Sigmoid;
    config.router.renormalise = true;
    MOESCOPE_TRY(config.router.selectionBias, family::flag(json, "use_routing_bias", source, true));
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        if (config.attention.qkNorm == QkNorm::WholeVector)
            MOESCOPE_CHECK(family::qkNorms(layer, config, checkpoint, prefix + "self_attn.q_norm",
                prefix + "self_attn.k_norm"));
        MOESCOPE_CHECK(family::mixtralMixture(layer, config, l, checkpoint, prefix));
    }
    return tensors;
}

} // namespace

const Family& minimaxM2Family()
{
    static const Family family{{"minimax_m2"}, "MiniMax-M2", readConfig, findTensors};
    return family;
}

} // namespace moescope
