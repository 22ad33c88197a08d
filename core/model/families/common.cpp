// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/common.h"

#include <cmath>

#include <fmt/format.h>

#include "core/io/json.h"

namespace moescope::family {

namespace {

constexpr std::uint32_t kMostLayers = 4096;

tl::unexpected<Error> bad(std::string_view source, std::string_view what)
{
    return fail(ErrorCode::BadFormat, fmt::format("{}: {}.", source, what));
}

Result<double> positive(
    const Json& config, std::string_view key, std::string_view source, double fallback)
{
    MOESCOPE_TRY(const auto value, jsonOptionalDouble(config, key, source));
    const double number = value.value_or(fallback);
    if (!(number > 0) || !std::isfinite(number))
        return bad(source, fmt::format("\"{}\" should be above 0, but is {}", key, number));
    return number;
}

/// The object that describes RoPE: `rope_scaling` replaces `rope_parameters` where both are given.
const Json* ropeObject(const Json& config)
{
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (const auto it = config.find(key); it != config.end() && it->is_object())
            return &*it;
    }
    return nullptr;
}

Status readRope(ModelConfig& model, const Json& config, std::string_view source, double defaultBase)
{
    RopeSpec& rope = model.attention.rope;
    MOESCOPE_TRY(rope.base, positive(config, "rope_theta", source, defaultBase));
    MOESCOPE_TRY(double partial, positive(config, "partial_rotary_factor", source, 1.0));
    if (const Json* object = ropeObject(config)) {
        MOESCOPE_TRY(rope.base, positive(*object, "rope_theta", source, rope.base));
        MOESCOPE_TRY(partial, positive(*object, "partial_rotary_factor", source, partial));
        MOESCOPE_TRY(auto type, jsonOptionalString(*object, "rope_type", source));
        if (!type) {
            MOESCOPE_TRY(type, jsonOptionalString(*object, "type", source));
        }
        if (type == "linear") {
            MOESCOPE_TRY(rope.linearFactor, positive(*object, "factor", source, 1.0));
        } else if (type && *type != "default") {
            return fail(ErrorCode::Unsupported,
                fmt::format("{}: the RoPE type \"{}\" is not supported yet.", source, *type));
        }
    }
    if (partial > 1)
        return bad(source,
            fmt::format("\"partial_rotary_factor\" should be at most 1, but is {}", partial));
    rope.width = static_cast<std::uint32_t>(model.attention.headDim * partial);
    if (rope.width == 0 || rope.width % 2 != 0)
        return bad(source,
            fmt::format("the rotated width of a head should be even, but is {}", rope.width));
    return {};
}

Status readEndTokens(ModelConfig& model, const Json& config, std::string_view source)
{
    const auto it = config.find("eos_token_id");
    if (it == config.end() || it->is_null())
        return {};
    const auto add = [&](const Json& id) -> Status {
        if (!id.is_number_integer() || id.get<std::int64_t>() < 0
            || id.get<std::int64_t>() > INT32_MAX)
            return bad(source, "\"eos_token_id\" should be a token id or a list of them");
        model.endTokens.push_back(id.get<std::int32_t>());
        return {};
    };
    if (!it->is_array())
        return add(*it);
    for (const Json& id : *it)
        MOESCOPE_CHECK(add(id));
    return {};
}

} // namespace

Result<std::uint32_t> size(const Json& config, std::string_view key, std::string_view source,
    std::uint32_t fallback, std::uint32_t most)
{
    MOESCOPE_TRY(const auto value, jsonOptionalUInt(config, key, source));
    if (!value && fallback == 0)
        return bad(source, fmt::format("\"{}\" is missing", key));
    const std::uint64_t number = value.value_or(fallback);
    if (number == 0 || number > most)
        return bad(
            source, fmt::format("\"{}\" should be between 1 and {}, but is {}", key, most, number));
    return static_cast<std::uint32_t>(number);
}

Result<ModelConfig> standardConfig(const Json& config, std::string_view source, double ropeBase)
{
    ModelConfig model;
    MOESCOPE_TRY(model.hidden, size(config, "hidden_size", source, 0));
    MOESCOPE_TRY(model.vocabulary, size(config, "vocab_size", source, 0));
    MOESCOPE_TRY(model.maxPositions, size(config, "max_position_embeddings", source, 4096));
    MOESCOPE_TRY(const auto layers, size(config, "num_hidden_layers", source, 0, kMostLayers));
    MOESCOPE_TRY(const auto intermediate, size(config, "intermediate_size", source, 0));
    model.layers.assign(layers, LayerSpec{false, intermediate});
    MOESCOPE_TRY(model.normEps, positive(config, "rms_norm_eps", source, 1e-5));

    MOESCOPE_TRY(const auto activation, jsonOptionalString(config, "hidden_act", source));
    if (activation && *activation != "silu" && *activation != "swish")
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the activation \"{}\" is not supported yet.", source, *activation));
    for (const char* key : {"attention_bias", "mlp_bias"}) {
        MOESCOPE_TRY(const auto bias, jsonOptionalBool(config, key, source));
        if (bias.value_or(false))
            return fail(ErrorCode::Unsupported,
                fmt::format("{}: \"{}\" is not supported yet.", source, key));
    }

    AttentionSpec& attention = model.attention;
    MOESCOPE_TRY(attention.heads, size(config, "num_attention_heads", source, 0, 1U << 16));
    MOESCOPE_TRY(
        attention.kvHeads, size(config, "num_key_value_heads", source, attention.heads, 1U << 16));
    if (attention.heads % attention.kvHeads != 0)
        return bad(source,
            fmt::format("{} attention heads cannot be shared evenly by {} key/value heads",
                attention.heads, attention.kvHeads));
    const std::uint32_t even = model.hidden / attention.heads;
    MOESCOPE_TRY(attention.headDim, size(config, "head_dim", source, even, 1U << 16));
    attention.scale = 1.0 / std::sqrt(static_cast<double>(attention.headDim));
    MOESCOPE_CHECK(readRope(model, config, source, ropeBase));

    MOESCOPE_TRY(const auto tied, jsonOptionalBool(config, "tie_word_embeddings", source));
    model.tiedEmbeddings = tied.value_or(false);
    MOESCOPE_CHECK(readEndTokens(model, config, source));
    return model;
}

Status makeMixture(
    ModelConfig& config, std::uint32_t experts, std::uint32_t topK, std::string_view source)
{
    if (topK > experts)
        return bad(
            source, fmt::format("{} experts per token are asked of {} experts", topK, experts));
    config.router.experts = experts;
    config.router.topK = topK;
    for (LayerSpec& layer : config.layers)
        layer.mixture = true;
    return {};
}

std::string layerPrefix(std::uint32_t layer)
{
    return fmt::format("model.layers.{}.", layer);
}

Result<ModelTensors> standardTensors(const ModelConfig& config, const Checkpoint& checkpoint)
{
    ModelTensors tensors;
    const std::uint64_t hidden = config.hidden;
    const std::uint64_t queryWidth
        = std::uint64_t{config.attention.heads} * config.attention.headDim;
    const std::uint64_t keyWidth
        = std::uint64_t{config.attention.kvHeads} * config.attention.headDim;
    MOESCOPE_TRY(tensors.embedding,
        checkpoint.matrix("model.embed_tokens.weight", config.vocabulary, hidden));
    MOESCOPE_TRY(tensors.finalNorm, checkpoint.vector("model.norm.weight", hidden));
    if (config.tiedEmbeddings || !checkpoint.find("lm_head.weight")) {
        tensors.head = tensors.embedding;
    } else {
        MOESCOPE_TRY(tensors.head, checkpoint.matrix("lm_head.weight", config.vocabulary, hidden));
    }
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const std::string prefix = layerPrefix(l);
        const std::string attention = prefix + "self_attn.";
        LayerTensors layer;
        MOESCOPE_TRY(
            layer.attentionNorm, checkpoint.vector(prefix + "input_layernorm.weight", hidden));
        MOESCOPE_TRY(
            layer.mlpNorm, checkpoint.vector(prefix + "post_attention_layernorm.weight", hidden));
        MOESCOPE_TRY(layer.q, checkpoint.matrix(attention + "q_proj.weight", queryWidth, hidden));
        MOESCOPE_TRY(layer.k, checkpoint.matrix(attention + "k_proj.weight", keyWidth, hidden));
        MOESCOPE_TRY(layer.v, checkpoint.matrix(attention + "v_proj.weight", keyWidth, hidden));
        MOESCOPE_TRY(layer.o, checkpoint.matrix(attention + "o_proj.weight", hidden, queryWidth));
        tensors.layers.push_back(std::move(layer));
    }
    return tensors;
}

Result<MlpTensors> mlp(
    const Checkpoint& checkpoint, const MlpNames& names, std::uint32_t hidden, std::uint32_t inner)
{
    MlpTensors tensors;
    MOESCOPE_TRY(tensors.gate, checkpoint.matrix(names.gate, inner, hidden));
    MOESCOPE_TRY(tensors.up, checkpoint.matrix(names.up, inner, hidden));
    MOESCOPE_TRY(tensors.down, checkpoint.matrix(names.down, hidden, inner));
    return tensors;
}

Result<std::vector<MlpTensors>> separateExperts(const Checkpoint& checkpoint,
    const std::string& prefix, const MlpNames& names, std::uint32_t count, std::uint32_t hidden,
    std::uint32_t inner)
{
    std::vector<MlpTensors> result;
    for (std::uint32_t e = 0; e < count; ++e) {
        const std::string expert = fmt::format("{}{}.", prefix, e);
        MOESCOPE_TRY(auto tensors,
            mlp(checkpoint, {expert + names.gate, expert + names.up, expert + names.down}, hidden,
                inner));
        result.push_back(tensors);
    }
    return result;
}

Result<std::vector<MlpTensors>> fusedExperts(const Checkpoint& checkpoint,
    const std::string& prefix, std::uint32_t experts, std::uint32_t hidden, std::uint32_t inner)
{
    const auto find = [&](const std::string& name,
                          const std::vector<std::uint64_t>& shape) -> Result<MatrixView> {
        const TensorInfo* info = checkpoint.find(name);
        if (!info || info->shape != shape)
            return fail(ErrorCode::BadFormat,
                fmt::format("{}: the tensor {} should have the shape {}, but {}.",
                    checkpoint.path().string(), name, formatShape(shape),
                    info ? "has " + formatShape(info->shape) : "does not exist"));
        if (!isDecodable(info->dtype))
            return fail(ErrorCode::Unsupported,
                fmt::format("{}: the tensor {} has the type {}, which is not supported here.",
                    checkpoint.path().string(), name, dtypeName(info->dtype)));
        return MatrixView::rowMajor(info->dtype, static_cast<std::size_t>(shape[0] * shape[1]),
            shape[2], info->bytes.data());
    };
    MOESCOPE_TRY(const auto gateUp,
        find(prefix + "gate_up_proj", {experts, std::uint64_t{2} * inner, hidden}));
    MOESCOPE_TRY(const auto down, find(prefix + "down_proj", {experts, hidden, inner}));
    const auto rows = [](const MatrixView& all, std::size_t first, std::size_t count) {
        return MatrixView::rowMajor(all.dtype, count, all.cols, all.data + first * all.rowStride);
    };
    std::vector<MlpTensors> result(experts);
    for (std::size_t e = 0; e < experts; ++e) {
        result[e].gate = rows(gateUp, 2 * e * inner, inner);
        result[e].up = rows(gateUp, (2 * e + 1) * inner, inner);
        result[e].down = rows(down, e * hidden, hidden);
    }
    return result;
}

} // namespace moescope::family
