// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/qwen_layers.h"

#include <algorithm>

#include "core/io/json.h"

namespace moescope::family {

Status readQwenMixture(
    ModelConfig& config, const Json& json, std::string_view source, const MixtureDefaults& defaults)
{
    MOESCOPE_TRY(const auto experts, expertCount(json, source, defaults.experts));
    MOESCOPE_TRY(const auto topK, size(json, "num_experts_per_tok", source, defaults.topK, kMost));
    MOESCOPE_CHECK(makeMixture(config, experts, topK, source));
    MOESCOPE_TRY(
        config.router.renormalise, flag(json, "norm_topk_prob", source, defaults.renormalise));
    MOESCOPE_TRY(const auto inner, size(json, "moe_intermediate_size", source, defaults.inner));
    MOESCOPE_TRY(const auto step, size(json, "decoder_sparse_step", source, 1));
    MOESCOPE_TRY(const auto dense, numbers(json, "mlp_only_layers", source));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerSpec& layer = config.layers[l];
        layer.mixture = (l + 1) % step == 0 && std::ranges::find(dense, l) == dense.end();
        if (layer.mixture)
            layer.intermediate = inner;
    }
    return {};
}

Status qwenMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix, bool byInput)
{
    const LayerSpec& spec = config.layers[index];
    const std::uint32_t count = config.router.experts;
    if (!spec.mixture) {
        MOESCOPE_TRY(layer.dense, mlp(checkpoint, prefix, {}, config.hidden, spec.intermediate));
        return {};
    }
    MOESCOPE_TRY(layer.router, checkpoint.matrix(prefix + "gate.weight", count, config.hidden));
    const std::string name = prefix + "experts.";
    MOESCOPE_TRY(layer.experts,
        byInput ? fusedExpertsByInput(checkpoint, name + "gate_up_proj", name + "down_proj", count,
            config.hidden, spec.intermediate)
                : experts(checkpoint, name, {}, count, config.hidden, spec.intermediate));
    if (config.router.sharedExperts > 0) {
        MOESCOPE_TRY(layer.shared,
            mlp(checkpoint, prefix + "shared_expert.", {}, config.hidden,
                config.router.sharedIntermediate));
        MOESCOPE_TRY(layer.sharedGate,
            checkpoint.matrix(prefix + "shared_expert_gate.weight", 1, config.hidden));
    }
    return {};
}

} // namespace moescope::family
