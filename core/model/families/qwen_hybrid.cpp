// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/qwen_hybrid.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/qwen_layers.h"

namespace moescope::family {

namespace {

Status readLayerKinds(ModelConfig& config, const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto kinds, words(json, "layer_types", source, config.layers.size()));
    MOESCOPE_TRY(const auto interval, size(json, "full_attention_interval", source, 4));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const bool listed = !kinds.empty();
        if (listed && kinds[l] != "linear_attention" && kinds[l] != "full_attention")
            return fail(ErrorCode::Unsupported,
                fmt::format(
                    "{}: layers of the type \"{}\" are not supported yet.", source, kinds[l]));
        if (listed ? kinds[l] == "linear_attention" : (l + 1) % interval != 0)
            config.layers[l].mixer = LayerSpec::Mixer::DeltaNet;
    }
    return {};
}

Result<DeltaSpec> readDelta(const Json& json, std::string_view source)
{
    DeltaSpec delta;
    MOESCOPE_TRY(delta.keyHeads, size(json, "linear_num_key_heads", source, 16, kMost));
    MOESCOPE_TRY(delta.valueHeads, size(json, "linear_num_value_heads", source, 32, kMost));
    MOESCOPE_TRY(delta.keyDim, size(json, "linear_key_head_dim", source, 128, kMost));
    MOESCOPE_TRY(delta.valueDim, size(json, "linear_value_head_dim", source, 128, kMost));
    MOESCOPE_TRY(delta.taps, size(json, "linear_conv_kernel_dim", source, 4, 1024));
    if (delta.valueHeads % delta.keyHeads != 0)
        return bad(source,
            fmt::format("{} value heads of linear attention cannot be shared evenly by {} key "
                        "heads",
                delta.valueHeads, delta.keyHeads));
    return delta;
}

} // namespace

Result<ModelConfig> readQwenHybrid(
    const Json& json, std::string_view source, const MixtureDefaults& defaults)
{
    MOESCOPE_TRY(auto config,
        standardConfig(json, source,
            {.normEps = 1e-6,
                .partialRotary = 0.25,
                .headDim = 256,
                .kvHeads = 2,
                .intermediate = 5632,
                .positions = 32768}));
    config.attention.qkNorm = QkNorm::PerHead;
    MOESCOPE_TRY(config.attention.outputGate, flag(json, "attn_output_gate", source, true));
    MOESCOPE_TRY(config.attention.delta, readDelta(json, source));
    MOESCOPE_CHECK(readLayerKinds(config, json, source));
    MOESCOPE_CHECK(readQwenMixture(config, json, source, defaults));
    RouterSpec& router = config.router;
    MOESCOPE_TRY(
        router.sharedIntermediate, size(json, "shared_expert_intermediate_size", source, 512));
    router.sharedExperts = 1;
    router.sharedGate = true;
    return config;
}

Result<ModelTensors> qwenHybridTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, StandardNames names)
{
    names.onePlus = true;
    MOESCOPE_TRY(auto tensors, standardTensors(config, checkpoint, names));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        if (config.layers[l].mixer == LayerSpec::Mixer::Attention)
            MOESCOPE_CHECK(qkNorms(layer, config, checkpoint, prefix + "self_attn.q_norm",
                prefix + "self_attn.k_norm", names.onePlus));
        MOESCOPE_CHECK(qwenMixture(layer, config, l, checkpoint, prefix + "mlp."));
    }
    return tensors;
}

Result<DeltaTensors> deltaTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, const std::string& prefix)
{
    const DeltaSpec& shape = *config.attention.delta;
    const std::uint64_t values = std::uint64_t{shape.valueHeads} * shape.valueDim;
    const std::uint64_t channels = std::uint64_t{2} * shape.keyHeads * shape.keyDim + values;
    DeltaTensors delta;
    MOESCOPE_TRY(
        const auto taps, checkpoint.stack(prefix + "conv1d.weight", {channels, 1, shape.taps}));
    for (const MatrixView& channel : taps) {
        const std::vector<float> row = decodeAll(channel);
        delta.convolution.insert(delta.convolution.end(), row.begin(), row.end());
    }
    MOESCOPE_TRY(delta.logDecay, checkpoint.vector(prefix + "A_log", shape.valueHeads));
    MOESCOPE_TRY(delta.decayBias, checkpoint.vector(prefix + "dt_bias", shape.valueHeads));
    MOESCOPE_TRY(delta.norm, rmsNorm(checkpoint, prefix + "norm", shape.valueDim, config.normEps));
    MOESCOPE_TRY(delta.out, checkpoint.matrix(prefix + "out_proj.weight", config.hidden, values));
    return delta;
}

} // namespace moescope::family
