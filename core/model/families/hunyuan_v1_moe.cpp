// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

/// A number that may be written as a list with one entry a layer; Unsupported when they differ.
Result<std::uint32_t> everywhere(const Json& json, const char* key, std::string_view source,
    std::uint32_t fallback, std::size_t layers)
{
    const auto it = json.find(key);
    if (it == json.end() || !it->is_array())
        return family::size(json, key, source, fallback, 1U << 30);
    MOESCOPE_TRY(const auto list, family::numbers(json, key, source));
    if (list.size() < layers)
        return family::bad(
            source, fmt::format("\"{}\" lists {} numbers for {} layers", key, list.size(), layers));
    if (std::ranges::any_of(list, [&](std::uint32_t value) { return value != list.front(); }))
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "{}: a \"{}\" that differs between layers is not supported yet.", source, key));
    return family::size(Json{{key, list.front()}}, key, source, 0);
}

// Hunyuan-A13B (Tencent, 2025): q and k are normalised head by head after the rotation, whose base
// is raised once and for all; one shared expert as wide as the others is added.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(json, source, {.positions = 2048}));
    const std::size_t layers = config.layers.size();
    MOESCOPE_TRY(const bool across, family::flag(json, "use_cla", source, false));
    if (across)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: keys and values shared by layers (\"use_cla\") are not supported yet.",
                source));
    MOESCOPE_TRY(const bool normalised, family::flag(json, "use_qk_norm", source, true));
    if (normalised)
        config.attention.qkNorm = QkNorm::PerHead;
    config.attention.qkNormAfterRope = true;
    MOESCOPE_TRY(const auto experts, everywhere(json, "num_experts", source, 1, layers));
    MOESCOPE_TRY(const auto topK, everywhere(json, "moe_topk", source, 1, layers));
    if (experts > family::kMost)
        return family::bad(source, fmt::format("{} experts are too many", experts));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.renormalise = true;
    MOESCOPE_TRY(const auto width, family::size(json, "intermediate_size", source, 11008));
    MOESCOPE_TRY(
        const auto inner, everywhere(json, "moe_intermediate_size", source, width, layers));
    for (LayerSpec& layer : config.layers)
        layer.intermediate = inner;
    MOESCOPE_TRY(const bool shared, family::flag(json, "use_mixed_mlp_moe", source, true));
    if (shared) {
        MOESCOPE_TRY(
            config.router.sharedExperts, everywhere(json, "num_shared_expert", source, 1, layers));
        MOESCOPE_TRY(config.router.sharedIntermediate,
            family::sharedWidth(config.router.sharedExperts, width, source));
    }
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        const std::string mlp = prefix + "mlp.";
        if (config.attention.qkNorm == QkNorm::PerHead)
            MOESCOPE_CHECK(family::qkNorms(layer, config, checkpoint,
                prefix + "self_attn.query_layernorm", prefix + "self_attn.key_layernorm"));
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(mlp + "gate.wg.weight", config.router.experts, config.hidden));
        MOESCOPE_TRY(layer.experts,
            family::experts(checkpoint, mlp + "experts.", {}, config.router.experts, config.hidden,
                config.layers[l].intermediate));
        MOESCOPE_CHECK(family::sharedMlp(layer, config, checkpoint, mlp + "shared_mlp."));
    }
    return tensors;
}

} // namespace

const Family& hunyuanMoeFamily()
{
    static const Family family{{"hunyuan_v1_moe"}, "Hunyuan-A13B", readConfig, findTensors};
    return family;
}

} // namespace moescope
