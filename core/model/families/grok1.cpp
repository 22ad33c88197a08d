// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Grok-1 (xAI, 2024): norms before and after both halves of the block, attention scores with a
// scale of their own and a soft cap, gelu experts, chosen probabilities as they are.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config,
        family::standardConfig(json, source, {.tiedEmbeddings = true, .keys = {.activation = ""}}));
    config.activation.kind = Activation::Kind::GeluTanh;
    MOESCOPE_TRY(const auto experts, family::size(json, "num_experts", source, 8, family::kMost));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 2, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    MOESCOPE_TRY(config.embeddingMultiplier,
        family::factor(json, "embedding_multiplier_scale", source, 78.38367176906169));
    MOESCOPE_TRY(config.logitMultiplier,
        family::factor(json, "output_multiplier_scale", source, 0.5773502691896257));
    MOESCOPE_TRY(config.attention.scale,
        family::positive(json, "attn_output_multiplier", source, 0.08838834764831845));
    MOESCOPE_TRY(config.attention.softCap, family::factor(json, "max_attn_value", source, 30.0));
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    family::StandardNames names;
    names.attentionNorm = "pre_attn_norm";
    names.mlpNorm = "pre_moe_norm";
    names.normWeight = ".scale";
    names.attention = "attn.";
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_TRY(layer.attentionPostNorm,
            family::norm(
                checkpoint, names, prefix + "post_attn_norm", config.hidden, config.normEps));
        MOESCOPE_TRY(layer.mlpPostNorm,
            family::norm(
                checkpoint, names, prefix + "post_moe_norm", config.hidden, config.normEps));
        const std::string moe = prefix + "moe_block.";
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(moe + "gate.weight", config.router.experts, config.hidden));
        // linear is the gate, linear_v the up and linear_1 the down projection.
        MOESCOPE_TRY(layer.experts,
            family::experts(checkpoint, moe + "experts.",
                {"linear.weight", "linear_v.weight", "linear_1.weight"}, config.router.experts,
                config.hidden, config.layers[l].intermediate));
    }
    return tensors;
}

} // namespace

const Family& grok1Family()
{
    static const Family family{{"grok-1"}, "Grok-1", readConfig, findTensors};
    return family;
}

} // namespace moescope
