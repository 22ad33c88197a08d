// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/checkpoint/config_file.h"
#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/qwen_hybrid.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Qwen3.5-MoE (Qwen team, 2026), its text part: Qwen3-Next with always renormalised weights. The
// three position axes of its RoPE are equal for text.
constexpr family::MixtureDefaults kMixture{.experts = 256, .topK = 8, .inner = 512};

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::readQwenHybrid(textConfig(json), source, kMixture));
    config.router.renormalise = true;
    return config;
}

/// Each projection by itself, q, k and v below each other.
Status findProjections(DeltaTensors& delta, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    const DeltaSpec& shape = *config.attention.delta;
    const std::uint64_t keys = std::uint64_t{shape.keyHeads} * shape.keyDim;
    const std::uint64_t values = std::uint64_t{shape.valueHeads} * shape.valueDim;
    const std::uint64_t hidden = config.hidden;
    MOESCOPE_TRY(const MatrixView qkv,
        checkpoint.matrix(prefix + "in_proj_qkv.weight", 2 * keys + values, hidden));
    MOESCOPE_TRY(
        const MatrixView z, checkpoint.matrix(prefix + "in_proj_z.weight", values, hidden));
    MOESCOPE_TRY(const MatrixView beta,
        checkpoint.matrix(prefix + "in_proj_b.weight", shape.valueHeads, hidden));
    MOESCOPE_TRY(const MatrixView decay,
        checkpoint.matrix(prefix + "in_proj_a.weight", shape.valueHeads, hidden));
    delta.q = {qkv.rowRange(0, keys)};
    delta.k = {qkv.rowRange(keys, keys)};
    delta.v = {qkv.rowRange(2 * keys, values)};
    delta.z = {z};
    delta.beta = {beta};
    delta.decay = {decay};
    return {};
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    const family::StandardNames names = family::textNames(checkpoint);
    MOESCOPE_TRY(auto tensors, family::qwenHybridTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (config.layers[l].mixer != LayerSpec::Mixer::DeltaNet)
            continue;
        const std::string prefix = names.layer(l) + "linear_attn.";
        MOESCOPE_TRY(auto delta, family::deltaTensors(config, checkpoint, prefix));
        MOESCOPE_CHECK(findProjections(delta, config, checkpoint, prefix));
        tensors.layers[l].delta = std::move(delta);
    }
    return tensors;
}

} // namespace

const Family& qwen35MoeFamily()
{
    static const Family family{
        {"qwen3_5_moe", "qwen3_5_moe_text"}, "Qwen3.5-MoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
