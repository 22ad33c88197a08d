// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/deepseek_mixture.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/common.h"

namespace moescope::family {

Status readBiasedSigmoidMixture(ModelConfig& config, const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto experts, size(json, "n_routed_experts", source, 0, kMost));
    MOESCOPE_TRY(const auto topK, size(json, "num_experts_per_tok", source, 0, kMost));
    MOESCOPE_CHECK(makeMixture(config, experts, topK, source));
    RouterSpec& router = config.router;
    router.score = ScoreFunction::Sigmoid;
    router.selectionBias = true;
    MOESCOPE_TRY(router.renormalise, flag(json, "norm_topk_prob", source, true));
    MOESCOPE_TRY(const double scale, positive(json, "routed_scaling_factor", source, 1.0));
    router.scale = static_cast<float>(scale);
    MOESCOPE_TRY(router.groups, size(json, "n_group", source, 1, kMost));
    MOESCOPE_TRY(router.keptGroups, size(json, "topk_group", source, 1, kMost));
    if (experts % router.groups != 0 || router.keptGroups > router.groups)
        return bad(source,
            fmt::format("{} experts cannot be split into {} groups of which {} are kept", experts,
                router.groups, router.keptGroups));
    MOESCOPE_TRY(const auto inner, size(json, "moe_intermediate_size", source, 0));
    MOESCOPE_TRY(router.sharedExperts, sizeOrZero(json, "n_shared_experts", source, kMost));
    MOESCOPE_TRY(router.sharedIntermediate, sharedWidth(router.sharedExperts, inner, source));
    MOESCOPE_TRY(const auto dense, sizeOrZero(json, "first_k_dense_replace", source, kMost));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (l < dense)
            config.layers[l].mixture = false;
        else
            config.layers[l].intermediate = inner;
    }
    return {};
}

Status deepseekMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix)
{
    const std::string mlpPrefix = prefix + "mlp.";
    const LayerSpec& spec = config.layers[index];
    const RouterSpec& router = config.router;
    if (!spec.mixture) {
        MOESCOPE_TRY(layer.dense, mlp(checkpoint, mlpPrefix, {}, config.hidden, spec.intermediate));
        return {};
    }
    MOESCOPE_TRY(
        layer.router, checkpoint.matrix(mlpPrefix + "gate.weight", router.experts, config.hidden));
    if (router.selectionBias) {
        MOESCOPE_TRY(layer.selectionBias,
            checkpoint.vector(mlpPrefix + "gate.e_score_correction_bias", router.experts));
    }
    MOESCOPE_TRY(layer.experts,
        experts(checkpoint, mlpPrefix + "experts.", {}, router.experts, config.hidden,
            spec.intermediate));
    if (router.sharedExperts > 0) {
        MOESCOPE_TRY(layer.shared,
            mlp(checkpoint, mlpPrefix + "shared_experts.", {}, config.hidden,
                router.sharedIntermediate));
    }
    return {};
}

} // namespace moescope::family
