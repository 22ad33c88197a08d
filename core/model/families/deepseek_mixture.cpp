// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/deepseek_mixture.h"

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"

namespace moescope::family {

namespace {

Status readGroups(
    RouterSpec& router, const Json& json, std::string_view source, const MixtureDefaults& defaults)
{
    const auto groups = [&](const char* key, std::uint32_t absent) {
        return size(json, key, source, saysNull(json, key) ? 1 : absent, kMost);
    };
    MOESCOPE_TRY(router.groups, groups("n_group", defaults.groups));
    MOESCOPE_TRY(router.keptGroups, groups("topk_group", defaults.keptGroups));
    if (router.experts % router.groups != 0 || router.keptGroups > router.groups)
        return bad(source,
            fmt::format("{} experts cannot be split into {} groups of which {} are kept",
                router.experts, router.groups, router.keptGroups));
    return {};
}

} // namespace

Status readDeepseekMixture(ModelConfig& config, const Json& json, std::string_view source,
    const MixtureDefaults& defaults, bool grouped)
{
    MOESCOPE_TRY(const auto experts, expertCount(json, source, defaults.experts));
    MOESCOPE_TRY(const auto topK, size(json, "num_experts_per_tok", source, defaults.topK, kMost));
    MOESCOPE_CHECK(makeMixture(config, experts, topK, source));
    RouterSpec& router = config.router;
    MOESCOPE_TRY(router.renormalise, flag(json, "norm_topk_prob", source, defaults.renormalise));
    MOESCOPE_TRY(
        const double scale, positive(json, "routed_scaling_factor", source, defaults.scale));
    router.scale = static_cast<float>(scale);
    if (grouped)
        MOESCOPE_CHECK(readGroups(router, json, source, defaults));
    MOESCOPE_TRY(const auto inner, size(json, "moe_intermediate_size", source, defaults.inner));
    MOESCOPE_TRY(
        router.sharedExperts, countOf(json, "n_shared_experts", source, defaults.shared, kMost));
    MOESCOPE_TRY(router.sharedIntermediate, sharedWidth(router.sharedExperts, inner, source));
    MOESCOPE_TRY(const auto dense,
        countOf(json, "first_k_dense_replace", source, defaults.firstDense, kMost));
    MOESCOPE_TRY(const auto kinds, words(json, "mlp_layer_types", source, config.layers.size()));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerSpec& layer = config.layers[l];
        if (!kinds.empty() && kinds[l] != "dense" && kinds[l] != "sparse")
            return fail(ErrorCode::Unsupported,
                fmt::format("{}: the kind \"{}\" in \"mlp_layer_types\" is not supported yet.",
                    source, kinds[l]));
        layer.mixture = kinds.empty() ? l >= dense : kinds[l] == "sparse";
        if (layer.mixture)
            layer.intermediate = inner;
    }
    return {};
}

Status readBiasedSigmoidMixture(
    ModelConfig& config, const Json& json, std::string_view source, const MixtureDefaults& defaults)
{
    // dots.llm1 is published with the way of choosing in the place of the score.
    MOESCOPE_CHECK(requireWord(json, "scoring_func", source, {"sigmoid", "noaux_tc"}));
    MOESCOPE_CHECK(requireWord(json, "topk_method", source, {"noaux_tc"}));
    MOESCOPE_CHECK(readDeepseekMixture(config, json, source, defaults));
    config.router.score = ScoreFunction::Sigmoid;
    config.router.selectionBias = true;
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
    const std::string gate = mlpPrefix + "gate.weight";
    if (const std::string dense = mlpPrefix + "gate_proj.weight";
        !checkpoint.find(gate) && checkpoint.find(dense))
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: layer {} has a dense MLP (\"{}\") where experts should be; dense "
                        "layers between mixtures (\"moe_layer_freq\") are not supported yet.",
                displayPath(checkpoint.path()), index, displayName(dense)));
    MOESCOPE_TRY(layer.router, checkpoint.matrix(gate, router.experts, config.hidden));
    if (router.selectionBias) {
        MOESCOPE_TRY(layer.selectionBias,
            checkpoint.vector(mlpPrefix + "gate.e_score_correction_bias", router.experts));
    }
    MOESCOPE_TRY(layer.experts,
        experts(checkpoint, mlpPrefix + "experts.", {}, router.experts, config.hidden,
            spec.intermediate));
    return sharedMlp(layer, config, checkpoint, mlpPrefix + "shared_experts.");
}

} // namespace moescope::family
