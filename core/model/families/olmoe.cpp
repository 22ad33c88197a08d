// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// OLMoE (Muennighoff et al., 2024): q and k are normalised over the whole projected vector, then
// clamped; the chosen softmax probabilities are used as they are, so that they sum to less than
// one.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, {.intermediate = 2048}));
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 64));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 8, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    MOESCOPE_TRY(config.router.renormalise, family::flag(json, "norm_topk_prob", source, false));
    config.attention.qkNorm = QkNorm::WholeVector;
    MOESCOPE_TRY(const auto clip, jsonOptionalDouble(json, "clip_qkv", source));
    if (clip && !(*clip >= 0))
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: \"clip_qkv\" is {}, but queries, keys and values are cut to "
                        "magnitudes.",
                source, *clip));
    if (clip)
        config.attention.clipQkv = static_cast<float>(*clip);
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_CHECK(family::qkNorms(
            layer, config, checkpoint, prefix + "self_attn.q_norm", prefix + "self_attn.k_norm"));
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(prefix + "mlp.gate.weight", config.router.experts, config.hidden));
        MOESCOPE_TRY(layer.experts,
            family::experts(checkpoint, prefix + "mlp.experts.", {}, config.router.experts,
                config.hidden, config.layers[l].intermediate));
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
