// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/common.h"

namespace moescope {

namespace {

// Mixtral (Jiang et al., 2024): Mistral's attention; the chosen probabilities are divided by their
// sum.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, 1e6));
    MOESCOPE_TRY(const auto experts, family::size(json, "num_local_experts", source, 8, 1U << 16));
    MOESCOPE_TRY(const auto topK, family::size(json, "num_experts_per_tok", source, 2, 1U << 16));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.renormalise = true;
    MOESCOPE_TRY(const auto window, jsonOptionalUInt(json, "sliding_window", source));
    if (window) {
        MOESCOPE_TRY(config.attention.window, family::size(json, "sliding_window", source, 0));
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const std::uint32_t hidden = config.hidden;
    const std::uint32_t experts = config.router.experts;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::uint32_t inner = config.layers[l].intermediate;
        const std::string prefix = family::layerPrefix(l);
        if (checkpoint.find(prefix + "mlp.experts.gate_up_proj")) {
            MOESCOPE_TRY(
                layer.router, checkpoint.matrix(prefix + "mlp.gate.weight", experts, hidden));
            MOESCOPE_TRY(layer.experts,
                family::fusedExperts(checkpoint, prefix + "mlp.experts.", experts, hidden, inner));
            continue;
        }
        const std::string moe = prefix + "block_sparse_moe.";
        MOESCOPE_TRY(layer.router, checkpoint.matrix(moe + "gate.weight", experts, hidden));
        // w1 is the gate, w3 the up and w2 the down projection.
        MOESCOPE_TRY(layer.experts,
            family::separateExperts(checkpoint, moe + "experts.",
                {"w1.weight", "w3.weight", "w2.weight"}, experts, hidden, inner));
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
