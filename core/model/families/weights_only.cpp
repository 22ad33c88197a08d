// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/config_file.h"
#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/family.h"
#include "core/model/families/scaled_matrix.h"
#include "core/model/families/standard_tensors.h"
#include "core/model/families/weights_only_entries.h"
#include "core/model/families/weights_only_layers.h"

namespace moescope {

namespace {

using Entry = WeightsOnlyEntry;

const Entry& entryOf(std::string_view type)
{
    for (const Entry& entry : weightsOnlyEntries()) {
        if (entry.type == type)
            return entry;
    }
    return weightsOnlyEntries().front();
}

Status readRouter(
    ModelConfig& config, const Entry& entry, const Json& json, std::string_view source)
{
    RouterSpec& router = config.router;
    MOESCOPE_TRY(router.experts,
        family::firstSize(json, source,
            {"num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"}, 0));
    MOESCOPE_TRY(router.topK,
        family::firstSize(json, source,
            {"num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk",
                "moe_k", "moe_top_k", "top_k_experts"},
            entry.topK));
    if (router.topK > router.experts)
        return family::bad(source,
            fmt::format(
                "{} experts per token are asked of {} experts", router.topK, router.experts));
    router.score = entry.score;
    router.selectionBias = !entry.bias.empty();
    if (entry.renormalise) {
        router.renormalise = *entry.renormalise;
    } else {
        MOESCOPE_TRY(router.renormalise, family::flag(json, "norm_topk_prob", source, true));
    }
    double scale = 1;
    for (const char* key : {"routed_scaling_factor", "moe_routed_scaling_factor",
             "moe_router_scaling_factor", "router_scaling_factor", "route_scale"}) {
        MOESCOPE_TRY(scale, family::positive(json, key, source, scale));
    }
    router.scale = static_cast<float>(scale);
    MOESCOPE_TRY(
        router.groups, family::firstSize(json, source, {"n_group", "num_expert_group"}, 1));
    MOESCOPE_TRY(router.keptGroups, family::firstSize(json, source, {"topk_group"}, 1));
    for (const char* key : {"n_shared_experts", "num_shared_experts", "moe_num_shared_experts"}) {
        MOESCOPE_TRY(const auto shared, family::countOf(json, key, source, 0, family::kMost));
        router.sharedExperts = std::max(router.sharedExperts, shared);
    }
    return {};
}

// Families of which the forward pass lacks a part, which ModelConfig::missingPart names: only
// routers and experts are found, for the analysis of weights and the routing rule.
Result<ModelConfig> readConfig(const Json& whole, std::string_view source)
{
    MOESCOPE_TRY(const auto type, jsonOptionalString(whole, "model_type", source));
    const Entry& entry = entryOf(type.value_or(""));
    const Json& json = textConfig(whole);
    ModelConfig config;
    config.missingPart = entry.missing;
    MOESCOPE_TRY(
        config.hidden, family::firstSize(json, source, {"hidden_size", "d_model"}, 0, 1U << 30));
    MOESCOPE_TRY(config.vocabulary, family::size(json, "vocab_size", source, 0));
    MOESCOPE_TRY(config.maxPositions, family::size(json, "max_position_embeddings", source, 4096));
    if (entry.decoder.empty()) {
        MOESCOPE_TRY(const auto layers,
            family::firstSize(json, source, {"num_layers", "num_hidden_layers"}, 0, 4096));
        config.layers.resize(layers);
        MOESCOPE_CHECK(family::markMixtures(config, json, source));
    } else {
        MOESCOPE_CHECK(family::addEncoderAndDecoder(config, json, source));
    }
    MOESCOPE_CHECK(readRouter(config, entry, json, source));
    MOESCOPE_TRY(const auto inner,
        family::firstSize(json, source,
            {"moe_intermediate_size", "expert_ffn_hidden_size", "expert_hidden_dim",
                "intermediate_size", "d_ff", "encoder_ffn_dim"},
            0, 1U << 30));
    for (LayerSpec& layer : config.layers) {
        layer.mixer = LayerSpec::Mixer::Missing;
        layer.intermediate = inner;
    }
    return config;
}

bool hasLayer(const Checkpoint& checkpoint, std::string_view layers, std::uint32_t index)
{
    const std::string prefix = fmt::format("{}{}.", layers, index);
    const auto tensors = checkpoint.tensors();
    const auto at = std::ranges::lower_bound(tensors, prefix, {}, &TensorInfo::name);
    return at != tensors.end() && at->name.starts_with(prefix);
}

/// What stands before the names of the mixture of every layer.
std::vector<std::string> mixturePrefixes(
    const Entry& entry, const ModelConfig& config, const Checkpoint& checkpoint)
{
    const family::StandardNames names = family::textNames(checkpoint);
    std::vector<std::string> prefixes;
    std::uint32_t encoder = 0;
    while (!entry.decoder.empty() && hasLayer(checkpoint, entry.layers, encoder))
        ++encoder;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (entry.layers.empty())
            prefixes.push_back(fmt::format("{}{}", names.layer(l), entry.moe));
        else if (entry.decoder.empty() || l < encoder)
            prefixes.push_back(fmt::format("{}{}.{}", entry.layers, l, entry.moe));
        else
            prefixes.push_back(
                fmt::format("{}{}.{}", entry.decoder, l - encoder, entry.decoderMoe));
    }
    return prefixes;
}

/// Eight-bit floats mean nothing without the scales that belong to them.
Status requireScales(const MatrixView& matrix, std::string_view name)
{
    if (matrix.scales.data != nullptr || dtypeBytes(matrix.dtype) != 1
        || blockLayout(matrix.dtype).elements != 1)
        return {};
    return fail(ErrorCode::Unsupported,
        fmt::format("The experts below \"{}\" are {}, but the scales that belong to them were not "
                    "found under a known name.",
            displayName(name), dtypeName(matrix.dtype)));
}

/// Experts whose scales have names of their own.
Result<std::vector<MlpTensors>> scaledExperts(const Checkpoint& checkpoint,
    const std::string& prefix, std::uint32_t count, std::uint64_t hidden, std::uint64_t inner)
{
    std::vector<MlpTensors> experts(count);
    for (std::uint32_t e = 0; e < count; ++e) {
        const std::string name = fmt::format("{}{}.", prefix, e);
        MOESCOPE_TRY(experts[e].gate, family::scaledMatrix(checkpoint, name + "w1", inner, hidden));
        MOESCOPE_TRY(experts[e].up, family::scaledMatrix(checkpoint, name + "w3", inner, hidden));
        MOESCOPE_TRY(experts[e].down, family::scaledMatrix(checkpoint, name + "w2", hidden, inner));
    }
    return experts;
}

/// Three tensors for all experts of a layer.
Result<std::vector<MlpTensors>> stackedExperts(const Entry& entry, const Checkpoint& checkpoint,
    const std::string& prefix, std::uint64_t count, std::uint64_t hidden, std::uint64_t inner)
{
    MOESCOPE_TRY(
        const auto gate, checkpoint.stack(prefix + entry.names.gate, {count, inner, hidden}));
    MOESCOPE_TRY(const auto up, checkpoint.stack(prefix + entry.names.up, {count, inner, hidden}));
    MOESCOPE_TRY(
        const auto down, checkpoint.stack(prefix + entry.names.down, {count, hidden, inner}));
    std::vector<MlpTensors> experts(gate.size());
    for (std::size_t e = 0; e < experts.size(); ++e) {
        experts[e].gate = gate[e];
        experts[e].up = up[e];
        experts[e].down = down[e];
    }
    return experts;
}

Result<std::vector<MlpTensors>> findExperts(const Entry& entry, const ModelConfig& config,
    const Checkpoint& checkpoint, const std::string& prefix, std::uint32_t inner)
{
    const std::uint32_t count = config.router.experts;
    if (entry.stacked)
        return stackedExperts(entry, checkpoint, prefix, count, config.hidden, inner);
    if (checkpoint.find(prefix + "0.w1.scale"))
        return scaledExperts(checkpoint, prefix, count, config.hidden, inner);
    if (!entry.names.gate.empty())
        return family::experts(checkpoint, prefix, entry.names, count, config.hidden, inner);
    std::vector<MlpTensors> experts(count);
    for (std::uint32_t e = 0; e < count; ++e) {
        const std::string name = fmt::format("{}{}.", prefix, e);
        std::uint64_t width = config.hidden;
        if (const TensorInfo* up = checkpoint.find(name + entry.names.up);
            entry.latent && up && up->shape.size() == 2)
            width = up->shape[1];
        MOESCOPE_TRY(experts[e].up, checkpoint.matrix(name + entry.names.up, inner, width));
        MOESCOPE_TRY(experts[e].down, checkpoint.matrix(name + entry.names.down, width, inner));
    }
    return experts;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    const Entry& entry = entryOf(config.modelType);
    const std::vector<std::string> prefixes = mixturePrefixes(entry, config, checkpoint);
    ModelTensors tensors;
    tensors.layers.resize(config.layers.size());
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        if (!config.layers[l].mixture)
            continue;
        LayerTensors& layer = tensors.layers[l];
        const std::string routerName = prefixes[l] + std::string(entry.router);
        // LongCat's router has more rows than there are experts: the rest pass their input on.
        std::uint64_t rows = config.router.experts;
        if (const TensorInfo* found = checkpoint.find(routerName);
            found && found->shape.size() == 2)
            rows = std::max(rows, found->shape[0]);
        MOESCOPE_TRY(layer.router, checkpoint.matrix(routerName, rows, config.hidden));
        if (const std::string bias = prefixes[l] + std::string(entry.bias);
            !entry.bias.empty() && checkpoint.find(bias)) {
            MOESCOPE_TRY(layer.selectionBias, checkpoint.vector(bias, rows));
        }
        const std::string experts = prefixes[l] + std::string(entry.expert);
        MOESCOPE_TRY(layer.experts,
            findExperts(entry, config, checkpoint, experts, config.layers[l].intermediate));
        MOESCOPE_CHECK(requireScales(layer.experts.front().up, experts));
    }
    return tensors;
}

} // namespace

std::span<const Family> weightsOnlyFamilies()
{
    static const std::vector<Family> all = [] {
        std::vector<Family> families;
        for (const Entry& entry : weightsOnlyEntries())
            families.push_back({{entry.type}, entry.name, readConfig, findTensors});
        return families;
    }();
    return all;
}

} // namespace moescope
