// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// GPT-OSS (OpenAI, 2025): every second layer sees a window, each head has an attention sink, the
// router's bias is part of the logits and the softmax is over the chosen; experts clamp their gate
// and up parts, which alternate row by row, and have biases. Published experts are MXFP4.
constexpr family::ConfigDefaults kDefaults{
    .ropeBase = 150000, .headDim = 64, .kvHeads = 8, .intermediate = 2880, .positions = 131072};

/// The RoPE that a config means which says nothing of it; null says that it is not scaled.
Json withRope(const Json& json)
{
    Json whole = json;
    if (!json.contains("rope_scaling") && !json.contains("rope_parameters"))
        whole["rope_scaling"] = {{"rope_type", "yarn"}, {"factor", 32.0}, {"beta_fast", 32.0},
            {"beta_slow", 1.0}, {"truncate", false}, {"original_max_position_embeddings", 4096}};
    return whole;
}

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, family::standardConfig(withRope(json), source, kDefaults));
    MOESCOPE_TRY(config.attention.qkvBias, family::flag(json, "attention_bias", source, true));
    config.attention.outputBias = config.attention.qkvBias;
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 128));
    MOESCOPE_TRY(const auto topK,
        family::firstSize(json, source, {"num_experts_per_tok", "experts_per_token"}, 4));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.score = ScoreFunction::SoftmaxOfChosen;
    MOESCOPE_TRY(const auto window, family::windowSize(json, source, 128));
    MOESCOPE_CHECK(family::readWindows(
        config, json, source, window, [](std::uint32_t l) { return l % 2 == 0; }));
    config.activation.kind = Activation::Kind::ClampedSwiglu;
    MOESCOPE_TRY(const double alpha, family::positive(json, "swiglu_alpha", source, 1.702));
    MOESCOPE_TRY(const double limit, family::positive(json, "swiglu_limit", source, 7.0));
    config.activation.alpha = static_cast<float>(alpha);
    config.activation.limit = static_cast<float>(limit);
    return config;
}

/// Row `expert` of the biases [E, n] as [n, 1].
Result<MatrixView> biasOf(const MatrixView& biases, std::size_t expert, const std::string& name)
{
    return family::transposed(biases.rowRange(expert, 1), name);
}

/// The experts below `prefix`: MXFP4 by output, or plain by input; rows of gate and up alternate.
Result<std::vector<MlpTensors>> findExperts(const Checkpoint& checkpoint, const std::string& prefix,
    std::uint32_t count, std::uint32_t hidden, std::uint32_t inner)
{
    const std::string both = prefix + "gate_up_proj";
    const std::string last = prefix + "down_proj";
    const std::uint64_t bothRows = std::uint64_t{2} * inner;
    std::vector<MatrixView> gateUp;
    std::vector<MatrixView> down;
    if (checkpoint.find(both + "_blocks")) {
        MOESCOPE_TRY(gateUp, checkpoint.mxfp4Stack(both, {count, bothRows, hidden}));
        MOESCOPE_TRY(down, checkpoint.mxfp4Stack(last, {count, hidden, inner}));
    } else {
        MOESCOPE_TRY(gateUp, family::transposedStack(checkpoint, both, count, bothRows, hidden));
        MOESCOPE_TRY(down, family::transposedStack(checkpoint, last, count, hidden, inner));
    }
    MOESCOPE_TRY(const auto bothBiases, checkpoint.matrix(both + "_bias", count, bothRows));
    MOESCOPE_TRY(const auto downBiases, checkpoint.matrix(last + "_bias", count, hidden));
    std::vector<MlpTensors> experts(count);
    for (std::size_t e = 0; e < count; ++e) {
        MlpTensors& expert = experts[e];
        expert.gate = gateUp[e].rowRange(0, inner, 2);
        expert.up = gateUp[e].rowRange(1, inner, 2);
        expert.down = down[e];
        MOESCOPE_TRY(const auto bias, biasOf(bothBiases, e, both + "_bias"));
        expert.gateBias = bias.rowRange(0, inner, 2);
        expert.upBias = bias.rowRange(1, inner, 2);
        MOESCOPE_TRY(expert.downBias, biasOf(downBiases, e, last + "_bias"));
    }
    return experts;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        MOESCOPE_TRY(
            layer.sinks, checkpoint.vector(prefix + "self_attn.sinks", config.attention.heads));
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(prefix + "mlp.router.weight", config.router.experts, config.hidden));
        MOESCOPE_TRY(
            layer.routerBias, checkpoint.vector(prefix + "mlp.router.bias", config.router.experts));
        MOESCOPE_TRY(layer.experts,
            findExperts(checkpoint, prefix + "mlp.experts.", config.router.experts, config.hidden,
                config.layers[l].intermediate));
    }
    return tensors;
}

} // namespace

const Family& gptOssFamily()
{
    static const Family family{{"gpt_oss"}, "GPT-OSS", readConfig, findTensors};
    return family;
}

} // namespace moescope
