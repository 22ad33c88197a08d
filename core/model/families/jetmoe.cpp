// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// JetMoE (Shen et al., 2024): mixtures of attention heads too. Each chosen expert of attention has
// one query head for every key/value head, so the number of heads follows from the top-k. The
// block norms have an eps of their own.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(
        const auto kvHeads, family::size(json, "num_key_value_heads", source, 16, family::kMost));
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 8));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 2, family::kMost));
    Json usual = json;
    usual["num_attention_heads"] = std::uint64_t{kvHeads} * topK;
    MOESCOPE_TRY(auto config,
        family::standardConfig(usual, source,
            {.normEps = 1e-6,
                .headKey = "kv_channels",
                .headDim = 128,
                .intermediate = 5632,
                .tiedEmbeddings = true,
                .keys = {.activation = "activation_function"}}));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    config.router.score = ScoreFunction::SoftmaxOfChosen;
    for (LayerSpec& layer : config.layers)
        layer.mixer = LayerSpec::Mixer::RoutedHeads;
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    family::StandardNames names;
    names.blockEps = 1e-6;
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    const std::uint32_t count = config.router.experts;
    const std::uint64_t hidden = config.hidden;
    const std::uint64_t width = std::uint64_t{config.attention.kvHeads} * config.attention.headDim;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string attention = names.layer(l) + "self_attention.";
        MOESCOPE_TRY(const MatrixView keysAndValues,
            checkpoint.matrix(attention + "kv_proj.weight", 2 * width, hidden));
        layer.k = keysAndValues.rowRange(0, width);
        layer.v = keysAndValues.rowRange(width, width);
        RoutedHeadsTensors& heads = layer.routedHeads.emplace();
        const std::string queries = attention + "experts.";
        MOESCOPE_TRY(
            heads.router, checkpoint.matrix(queries + "router.layer.weight", count, hidden));
        MOESCOPE_TRY(const auto in,
            checkpoint.stack(queries + "input_linear.weight", {count, width, hidden}));
        MOESCOPE_TRY(const auto out,
            checkpoint.stack(queries + "output_linear.weight", {count, hidden, width}));
        for (std::size_t e = 0; e < count; ++e)
            heads.experts.push_back({in[e], out[e]});
        MOESCOPE_TRY(heads.outputBias, checkpoint.vector(queries + "bias", hidden));

        const std::string moe = names.layer(l) + "mlp.";
        MOESCOPE_TRY(layer.router, checkpoint.matrix(moe + "router.layer.weight", count, hidden));
        MOESCOPE_TRY(layer.experts,
            family::fusedExperts(checkpoint, moe + "input_linear.weight",
                moe + "output_linear.weight", count, config.hidden, config.layers[l].intermediate));
        MOESCOPE_TRY(layer.mixtureBias, checkpoint.vector(moe + "bias", hidden));
    }
    return tensors;
}

} // namespace

const Family& jetmoeFamily()
{
    static const Family family{{"jetmoe"}, "JetMoE", readConfig, findTensors};
    return family;
}

} // namespace moescope
