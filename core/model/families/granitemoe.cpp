// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

// Granite-MoE (IBM, 2024): a transformer scaled by four published factors, of embedding,
// attention, residual stream and logits.
Result<ModelConfig> readScaled(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config,
        family::standardConfig(
            json, source, {.normEps = 1e-6, .intermediate = 11008, .positions = 2048}));
    MOESCOPE_TRY(
        config.embeddingMultiplier, family::factor(json, "embedding_multiplier", source, 1.0));
    MOESCOPE_TRY(
        config.attention.scale, family::positive(json, "attention_multiplier", source, 1.0));
    MOESCOPE_TRY(
        config.residualMultiplier, family::factor(json, "residual_multiplier", source, 1.0));
    MOESCOPE_TRY(const float divisor, family::factor(json, "logits_scaling", source, 1.0));
    config.logitMultiplier = 1.0F / divisor;
    return config;
}

Status readMixture(ModelConfig& config, const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto experts, family::expertCount(json, source, 8));
    MOESCOPE_TRY(
        const auto topK, family::size(json, "num_experts_per_tok", source, 2, family::kMost));
    config.router.score = ScoreFunction::SoftmaxOfChosen;
    return family::makeMixture(config, experts, topK, source);
}

Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, readScaled(json, source));
    MOESCOPE_CHECK(readMixture(config, json, source));
    return config;
}

// The same with an MLP that every token passes through.
Result<ModelConfig> readSharedConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, readConfig(json, source));
    MOESCOPE_TRY(config.router.sharedIntermediate,
        family::countOf(json, "shared_intermediate_size", source, 0));
    config.router.sharedExperts = config.router.sharedIntermediate > 0 ? 1 : 0;
    return config;
}

// Granite 4 (IBM, 2025): the same block around attention or Mamba-2, as listed layer by layer,
// often without RoPE; in the models without routed experts the shared MLP is all there is.
Result<ModelConfig> readHybridConfig(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(auto config, readScaled(json, source));
    MOESCOPE_TRY(const auto shared, family::size(json, "shared_intermediate_size", source, 1024));
    MOESCOPE_TRY(const auto experts, jsonOptionalUInt(json, "num_local_experts", source));
    if (experts == 0U) {
        for (LayerSpec& layer : config.layers)
            family::makeDense(layer, shared);
    } else {
        MOESCOPE_CHECK(readMixture(config, json, source));
        config.router.sharedIntermediate = shared;
        config.router.sharedExperts = 1;
    }
    MOESCOPE_TRY(
        const auto kinds, family::words(json, "layer_types", source, config.layers.size()));
    MOESCOPE_TRY(const auto position, jsonOptionalString(json, "position_embedding_type", source));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const std::string kind = kinds.empty() ? "mamba" : kinds[l];
        if (kind == "mamba") {
            config.layers[l].mixer = LayerSpec::Mixer::Missing;
            config.missingPart = "Mamba-2 layers";
        } else if (kind != "attention") {
            return family::bad(source,
                fmt::format("\"layer_types\" should list \"attention\" and \"mamba\", but "
                            "names \"{}\"",
                    kind));
        }
        config.layers[l].rope = position == "rope";
    }
    return config;
}

/// [2F, D] with the gate's rows first, and [D, F].
Result<MlpTensors> sharedMlp(const Checkpoint& checkpoint, const std::string& prefix,
    std::uint64_t hidden, std::uint64_t inner)
{
    MOESCOPE_TRY(const MatrixView gateUp,
        checkpoint.matrix(prefix + "input_linear.weight", 2 * inner, hidden));
    MlpTensors mlp;
    mlp.gate = gateUp.rowRange(0, inner);
    mlp.up = gateUp.rowRange(inner, inner);
    MOESCOPE_TRY(mlp.down, checkpoint.matrix(prefix + "output_linear.weight", hidden, inner));
    return mlp;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint));
    const family::StandardNames names;
    const RouterSpec& router = config.router;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const LayerSpec& spec = config.layers[l];
        const std::string shared = names.layer(l) + "shared_mlp.";
        if (!spec.mixture) {
            MOESCOPE_TRY(
                layer.dense, sharedMlp(checkpoint, shared, config.hidden, spec.intermediate));
            continue;
        }
        const std::string moe = names.layer(l) + "block_sparse_moe.";
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(moe + "router.layer.weight", router.experts, config.hidden));
        MOESCOPE_TRY(layer.experts,
            family::fusedExperts(checkpoint, moe + "input_linear.weight",
                moe + "output_linear.weight", router.experts, config.hidden, spec.intermediate));
        if (router.sharedExperts == 0) {
            MOESCOPE_CHECK(family::requireNoShared(checkpoint, shared + "output_linear.weight"));
        } else {
            MOESCOPE_TRY(layer.shared,
                sharedMlp(checkpoint, shared, config.hidden, router.sharedIntermediate));
        }
    }
    return tensors;
}

} // namespace

const Family& graniteMoeFamily()
{
    static const Family family{{"granitemoe"}, "Granite-MoE", readConfig, findTensors};
    return family;
}

const Family& graniteMoeSharedFamily()
{
    static const Family family{{"granitemoeshared"}, "Granite-MoE", readSharedConfig, findTensors};
    return family;
}

const Family& graniteMoeHybridFamily()
{
    static const Family family{{"granitemoehybrid"}, "Granite 4", readHybridConfig, findTensors};
    return family;
}

} // namespace moescope
