// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/family.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"
#include "core/model/families/standard_tensors.h"

namespace moescope {

namespace {

/// Member object of the config, empty when absent.
const Json& part(const Json& json, const char* key)
{
    static const Json empty = Json::object();
    const auto it = json.find(key);
    return it != json.end() && it->is_object() ? *it : empty;
}

// DBRX (Databricks, 2024): layer norms without bias and q, k and v clamped; the chosen
// probabilities are divided by their p-norm. Its config nests attention and experts, and the RoPE
// base with them.
Result<ModelConfig> readConfig(const Json& json, std::string_view source)
{
    const Json& attention = part(json, "attn_config");
    const Json& ffn = part(json, "ffn_config");
    Json flat = json;
    flat["kv_n_heads"] = 1;
    for (const char* key : {"kv_n_heads", "rope_theta"}) {
        if (attention.contains(key))
            flat[key] = attention[key];
    }
    MOESCOPE_TRY(auto config,
        family::standardConfig(flat, source,
            {.positions = 2048,
                .keys = {"d_model", "n_layers", "n_heads", "kv_n_heads", "max_seq_len", ""}}));
    MOESCOPE_CHECK(family::requireSilu(part(ffn, "ffn_act_fn"), "name", source));
    MOESCOPE_TRY(const auto clip, jsonOptionalDouble(attention, "clip_qkv", source));
    if (clip && !(*clip >= 0))
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: \"clip_qkv\" is {}, but queries, keys and values are cut to "
                        "magnitudes.",
                source, *clip));
    if (clip) {
        MOESCOPE_TRY(
            config.attention.clipQkv, family::factor(attention, "clip_qkv", source, *clip));
    }
    MOESCOPE_TRY(
        const auto experts, family::size(ffn, "moe_num_experts", source, 4, family::kMost));
    MOESCOPE_TRY(const auto topK, family::size(ffn, "moe_top_k", source, 1, family::kMost));
    MOESCOPE_CHECK(family::makeMixture(config, experts, topK, source));
    const auto power = ffn.find("moe_normalize_expert_weights");
    config.router.renormalise = power == ffn.end() || !power->is_null();
    MOESCOPE_TRY(config.router.normPower,
        family::positive(ffn, "moe_normalize_expert_weights", source, 1.0));
    MOESCOPE_TRY(const auto inner, family::size(ffn, "ffn_hidden_size", source, 3584));
    for (LayerSpec& layer : config.layers)
        layer.intermediate = inner;
    return config;
}

Result<ModelTensors> findTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    family::StandardNames names;
    names.model = "transformer.";
    names.embedding = "wte.weight";
    names.finalNorm = "norm_f";
    names.layers = "blocks.";
    names.attentionNorm = "norm_attn_norm.norm_1";
    names.mlpNorm = "norm_attn_norm.norm_2";
    names.attention.clear();
    names.norm = Norm::Kind::Layer;
    names.normBias = false;
    MOESCOPE_TRY(auto tensors, family::standardTensors(config, checkpoint, names));
    const std::uint64_t hidden = config.hidden;
    const std::uint64_t heads = std::uint64_t{config.attention.heads} * config.attention.headDim;
    const std::uint64_t keys = std::uint64_t{config.attention.kvHeads} * config.attention.headDim;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        LayerTensors& layer = tensors.layers[l];
        const std::string prefix = names.layer(l);
        const std::string attention = prefix + "norm_attn_norm.attn.";
        MOESCOPE_TRY(const MatrixView qkv,
            checkpoint.matrix(attention + "Wqkv.weight", heads + 2 * keys, hidden));
        layer.q = qkv.rowRange(0, heads);
        layer.k = qkv.rowRange(heads, keys);
        layer.v = qkv.rowRange(heads + keys, keys);
        MOESCOPE_TRY(layer.o, checkpoint.matrix(attention + "out_proj.weight", hidden, heads));
        MOESCOPE_TRY(layer.router,
            checkpoint.matrix(prefix + "ffn.router.layer.weight", config.router.experts, hidden));

        // All experts below each other; w2 is stored like the others and thus by input.
        const std::string experts = prefix + "ffn.experts.mlp.";
        const std::uint64_t inner = config.layers[l].intermediate;
        const std::uint64_t rows = config.router.experts * inner;
        MOESCOPE_TRY(const MatrixView w1, checkpoint.matrix(experts + "w1", rows, hidden));
        MOESCOPE_TRY(const MatrixView v1, checkpoint.matrix(experts + "v1", rows, hidden));
        MOESCOPE_TRY(const MatrixView w2, checkpoint.matrix(experts + "w2", rows, hidden));
        layer.experts.resize(config.router.experts);
        for (std::size_t e = 0; e < layer.experts.size(); ++e) {
            MlpTensors& expert = layer.experts[e];
            expert.gate = w1.rowRange(e * inner, inner);
            expert.up = v1.rowRange(e * inner, inner);
            MOESCOPE_TRY(
                expert.down, family::transposed(w2.rowRange(e * inner, inner), experts + "w2"));
        }
    }
    return tensors;
}

} // namespace

const Family& dbrxFamily()
{
    static const Family family{{"dbrx"}, "DBRX", readConfig, findTensors};
    return family;
}

} // namespace moescope
