// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// FlexOlmo (Shi et al., 2025): OLMoE's q/k norm and router, but the norms stand behind attention
// and experts, so that the router reads the residual stream itself.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config,
        family::standardConfig(
            json, source, {.ropeBase = 500000, .normEps = 1e-6, .intermediate = 11008}));
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 7));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 5, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    MOESCOPE_TRY(config.router.renormalise, family::flag(json, "norm_topk_prob", source, false));
    config.attention.qkNorm = QkNorm::WholeVector;
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    family::StandardNames names;
    names.attentionNorm.clear();
    names.mlpNorm.clear();
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_CHECK(family::qkNorms(
            layer, config, checkpoint, prefix + "self_attn.q_norm", prefix + "self_attn.k_norm"));
        MOESCOPE_TRY(layer.attentionPostNorm,
            family::rmsNorm(
                checkpoint, prefix + "post_attention_layernorm", config.hidden, config.normEps));
        MOESCOPE_TRY(layer.mlpPostNorm,
            family::rmsNorm(
                checkpoint, prefix + "post_feedforward_layernorm", config.hidden, config.normEps));
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(prefix + "mlp.gate.weight", config.router.experts, config.hidden));
        MOESCOPE_TRY(layer.experts,
            family::experts(checkpoint, prefix + "mlp.experts.", {}, config.router.experts,
                config.hidden, config.layers[l].intermediate));
    }
    return tensors;
}

} // namespace

const Family& flexOlmoFamily()
{
    static const Family family{{"flex_olmo"}, "FlexOlmo", readConfig, findTensors};
    return family;
}

} // namespace moescope
