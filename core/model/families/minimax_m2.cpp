// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/common.h"
#include "core/model/families/rope.h"

namespace moescope {

namespace {

// MiniMax-M2 (2025): q and k are normalised over the whole projected vector and rotated in part;
// sigmoid scores, a bias for the choice alone, weights divided by their sum.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    constexpr double kRopeBase = 5e6;
    MOESCOPE_TRY(auto config,
        family::standardConfig(json, source, {.ropeBase = kRopeBase, .normEps = 1e-6}));
    AttentionSpec& attention = config.attention;
    MOESCOPE_TRY(const auto rotated,
        family::size(json, "rotary_dim", source, attention.rope.width, attention.headDim));
    if (rotated != attention.rope.width) {
        MOESCOPE_TRY(attention.rope,
            family::readRope(json, source, {kRopeBase, rotated, config.maxPositions}));
    }
    MOESCOPE_TRY(const bool normalised, family::flag(json, "use_qk_norm", source, true));
    attention.qkNorm = normalised ? QkNorm::WholeVector : QkNorm::None;
    MOESCOPE_TRY(
        const auto experts, family::size(json, "num_local_experts", source, 256, family::kMost));
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
    const std::uint32_t count = config.router.experts;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        const std::string moe = prefix + "block_sparse_moe.";
        if (config.attention.qkNorm == QkNorm::WholeVector)
            MOESCOPE_CHECK(family::qkNorms(layer, config, checkpoint, prefix + "self_attn.q_norm",
                prefix + "self_attn.k_norm"));
        MOESCOPE_TRY(layer.router, checkpoint.matrix(moe + "gate.weight", count, config.hidden));
        if (config.router.selectionBias) {
            MOESCOPE_TRY(
                layer.selectionBias, checkpoint.vector(moe + "e_score_correction_bias", count));
        }
        // w1 is the gate, w3 the up and w2 the down projection.
        MOESCOPE_TRY(layer.experts,
            family::experts(checkpoint, moe + "experts.", {"w1.weight", "w3.weight", "w2.weight"},
                count, config.hidden, config.layers[l].intermediate));
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
