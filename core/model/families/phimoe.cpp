// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/rope.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

/// The config's own factors for cos and sin instead of longrope's usual one.
Status readRotaryScales(RopeSpec& rope, const Json& json, std::string_view source)
{
    if (!rope.beyond)
        return {};
    MOESCOPE_TRY(const Json* object, family::ropeObject(json, source));
    MOESCOPE_TRY(rope.attentionFactor,
        family::factor(*object, "short_mscale", source, static_cast<double>(rope.attentionFactor)));
    MOESCOPE_TRY(rope.beyond->attentionFactor,
        family::factor(
            *object, "long_mscale", source, static_cast<double>(rope.beyond->attentionFactor)));
    return {};
}

// Phi-3.5-MoE (Abdin et al., 2024): layer norms, biases in attention and head; the two experts are
// chosen by the sparsemixer of GRIN (Liu et al., 2024), whose weights do not sum to one.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config,
        family::standardConfig(json, source,
            {.ropeBase = 1e6, .kvHeads = 8, .intermediate = 6400, .positions = 131072}));
    MOESCOPE_CHECK(readRotaryScales(config.attention.rope, json, source));
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 16));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 2, family::kMost));
    if (topK != 2)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: \"num_experts_per_tok\" is {}, but sparsemixer chooses 2; other "
                        "numbers are not supported.",
                source, topK));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.score = ScoreFunction::SparseMixer;
    MOESCOPE_TRY(const auto jitter, jsonOptionalDouble(json, "router_jitter_noise", source));
    config.router.jitter = static_cast<float>(jitter.value_or(0.01));
    if (!(config.router.jitter >= 0) || !std::isfinite(config.router.jitter))
        return family::bad(source, "\"router_jitter_noise\" should be at least 0");
    MOESCOPE_TRY(config.headBias, family::flag(json, "lm_head_bias", source, false));
    MOESCOPE_TRY(const auto window, family::windowSize(json, source, 0));
    for (LayerSpec& layer : config.layers)
        layer.window = window;
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    family::StandardNames names;
    names.norm = Norm::Kind::Layer;
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    if (config.headBias) {
        MOESCOPE_TRY(tensors.headBias, checkpoint.vector("lm_head.bias", config.vocabulary));
    } else if (checkpoint.find("lm_head.bias")) {
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has the tensor \"lm_head.bias\", but its config says that there is "
                        "none (\"lm_head_bias\").",
                displayPath(checkpoint.path())));
    }
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        MOESCOPE_CHECK(
            family::mixtralMixture(tensors.layers[l], config, l, checkpoint, names.layer(l)));
    }
    return tensors;
}

} // namespace

const Family& phimoeFamily()
{
    static const Family family{{"phimoe"}, "Phi-3.5-MoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
