// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/common.h"

namespace moescope {

namespace {

// OLMoE (Muennighoff et al., 2024): q and k are normalised over the whole projected vector, then
// clamped; the chosen softmax probabilities are used as they are, so that they sum to less than
// one.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, 10000.0));
    MOESCOPE_TRY(const auto experts, family::size(json, "num_experts", source, 64, 1U << 16));
    MOESCOPE_TRY(const auto topK, family::size(json, "num_experts_per_tok", source, 8, 1U << 16));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    MOESCOPE_TRY(const auto renormalise, jsonOptionalBool(json, "norm_topk_prob", source));
    config.router.renormalise = renormalise.value_or(false);
    config.attention.qkNorm = QkNorm::WholeVector;
    MOESCOPE_TRY(const auto clip, jsonOptionalDouble(json, "clip_qkv", source));
    if (clip)
        config.attention.clipQkv = static_cast<float>(*clip);
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const std::uint32_t hidden = config.hidden;
    const std::uint64_t queryWidth
        = std::uint64_t{config.attention.heads} * config.attention.headDim;
    const std::uint64_t keyWidth
        = std::uint64_t{config.attention.kvHeads} * config.attention.headDim;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = family::layerPrefix(l);
        MOESCOPE_TRY(
            layer.qNorm, checkpoint.vector(prefix + "self_attn.q_norm.weight", queryWidth));
        MOESCOPE_TRY(layer.kNorm, checkpoint.vector(prefix + "self_attn.k_norm.weight", keyWidth));
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(prefix + "mlp.gate.weight", config.router.experts, hidden));
        const std::string experts = prefix + "mlp.experts.";
        if (checkpoint.find(experts + "gate_up_proj")) {
            MOESCOPE_TRY(layer.experts,
                family::fusedExperts(checkpoint, experts, config.router.experts, hidden,
                    config.layers[l].intermediate));
            continue;
        }
        MOESCOPE_TRY(layer.experts,
            family::separateExperts(checkpoint, experts,
                {"gate_proj.weight", "up_proj.weight", "down_proj.weight"}, config.router.experts,
                hidden, config.layers[l].intermediate));
    }
    return tensors;
}

} // namespace

const Family& olmoeFamily()
{
    static const Family family{{"olmoe"}, "OLMoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
