// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/common.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/model/families/rope.h"

namespace moescope::family {

namespace {

constexpr std::uint32_t kMostLayers = 4096;

Status readEndTokens(ModelConfig& model, const Json& config, std::string_view source)
{
    const auto it = config.find("eos_token_id");
    if (it == config.end() || it->is_null())
        return {};
    const auto add = [&](const Json& id) -> Status {
        if (!id.is_number_integer() || id.get<std::int64_t>() > INT32_MAX)
            return bad(source, "\"eos_token_id\" should be a token id or a list of them");
        if (id.get<std::int64_t>() >= 0) // -1 is some writers' word for none
            model.endTokens.push_back(id.get<std::int32_t>());
        return {};
    };
    if (!it->is_array())
        return add(*it);
    for (const Json& id : *it)
        MOESCOPE_CHECK(add(id));
    return {};
}

/// Each [2F, D] with the gate's rows first is taken apart.
std::vector<MlpTensors> splitExperts(
    const std::vector<MatrixView>& gateUp, const std::vector<MatrixView>& down, std::uint32_t inner)
{
    std::vector<MlpTensors> experts(gateUp.size());
    for (std::size_t e = 0; e < experts.size(); ++e) {
        experts[e].gate = gateUp[e].rowRange(0, inner);
        experts[e].up = gateUp[e].rowRange(inner, inner);
        experts[e].down = down[e];
    }
    return experts;
}

/// Attention's four projections under their usual names.
Status findAttention(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    const AttentionSpec& spec = config.attention;
    const std::uint64_t queryWidth = std::uint64_t{spec.heads} * spec.headDim;
    const std::uint64_t queryRows = spec.outputGate ? 2 * queryWidth : queryWidth;
    const std::uint64_t keyWidth = std::uint64_t{spec.kvHeads} * spec.headDim;
    MOESCOPE_TRY(layer.q, checkpoint.matrix(prefix + "q_proj.weight", queryRows, config.hidden));
    MOESCOPE_TRY(layer.k, checkpoint.matrix(prefix + "k_proj.weight", keyWidth, config.hidden));
    MOESCOPE_TRY(layer.v, checkpoint.matrix(prefix + "v_proj.weight", keyWidth, config.hidden));
    MOESCOPE_TRY(layer.o, checkpoint.matrix(prefix + "o_proj.weight", config.hidden, queryWidth));
    if (spec.qkvBias) {
        MOESCOPE_TRY(layer.qBias, checkpoint.vector(prefix + "q_proj.bias", queryRows));
        MOESCOPE_TRY(layer.kBias, checkpoint.vector(prefix + "k_proj.bias", keyWidth));
        MOESCOPE_TRY(layer.vBias, checkpoint.vector(prefix + "v_proj.bias", keyWidth));
    }
    if (spec.outputBias) {
        MOESCOPE_TRY(layer.oBias, checkpoint.vector(prefix + "o_proj.bias", config.hidden));
    }
    return {};
}

} // namespace

tl::unexpected<Error> bad(std::string_view source, std::string_view what)
{
    return fail(ErrorCode::BadFormat, fmt::format("{}: {}.", source, what));
}

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

Result<std::uint32_t> countOf(const Json& config, std::string_view key, std::string_view source,
    std::uint32_t absent, std::uint32_t most)
{
    if (!config.contains(key))
        return absent;
    MOESCOPE_TRY(const auto value, jsonOptionalUInt(config, key, source));
    if (value.value_or(0) == 0)
        return 0U;
    return size(config, key, source, 0, most);
}

Result<std::uint32_t> firstSize(const Json& config, std::string_view source,
    std::initializer_list<std::string_view> keys, std::uint32_t fallback, std::uint32_t most)
{
    for (const std::string_view key : keys) {
        if (const auto it = config.find(key); it != config.end() && !it->is_null())
            return size(config, key, source, 0, most);
    }
    if (fallback == 0)
        return bad(source, fmt::format("none of \"{}\" is given", fmt::join(keys, "\", \"")));
    return fallback;
}

bool saysNull(const Json& config, std::string_view key)
{
    const auto it = config.find(key);
    return it != config.end() && it->is_null();
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

Result<float> factor(
    const Json& config, std::string_view key, std::string_view source, double fallback)
{
    MOESCOPE_TRY(const double number, positive(config, key, source, fallback));
    const auto single = static_cast<float>(number);
    if (!(single > 0) || !std::isfinite(single))
        return bad(source, fmt::format("\"{}\" is {}, which no float can hold", key, number));
    return single;
}

Result<bool> flag(const Json& config, std::string_view key, std::string_view source, bool fallback)
{
    MOESCOPE_TRY(const auto value, jsonOptionalBool(config, key, source));
    return value.value_or(fallback);
}

Result<std::vector<std::string>> words(
    const Json& config, std::string_view key, std::string_view source, std::size_t count)
{
    const auto it = config.find(key);
    std::vector<std::string> result;
    if (it == config.end() || it->is_null())
        return result;
    for (const Json& entry : *it) {
        if (entry.is_string())
            result.push_back(entry.get<std::string>());
    }
    if (!it->is_array() || it->size() < count || result.size() != it->size())
        return bad(source, fmt::format("\"{}\" should list {} words", key, count));
    result.resize(count);
    return result;
}

Result<std::vector<std::uint32_t>> numbers(
    const Json& config, std::string_view key, std::string_view source)
{
    const auto it = config.find(key);
    std::vector<std::uint32_t> result;
    if (it == config.end() || it->is_null())
        return result;
    if (!it->is_array())
        return bad(source, fmt::format("\"{}\" should be a list", key));
    for (const Json& entry : *it) {
        if (!entry.is_number_integer() || entry.get<std::int64_t>() < 0
            || entry.get<std::int64_t>() > UINT32_MAX)
            return bad(source, fmt::format("\"{}\" should list whole numbers", key));
        result.push_back(entry.get<std::uint32_t>());
    }
    return result;
}

Status requireWord(const Json& config, std::string_view key, std::string_view source,
    std::initializer_list<std::string_view> known)
{
    MOESCOPE_TRY(const auto word, jsonOptionalString(config, key, source));
    if (!word || std::ranges::find(known, *word) != known.end())
        return {};
    return fail(ErrorCode::Unsupported,
        fmt::format("{}: the \"{}\" \"{}\" is not supported yet.", source, key, *word));
}

const Json& textConfig(const Json& config)
{
    const auto it = config.find("text_config");
    return it != config.end() && it->is_object() ? *it : config;
}

Status requireSilu(const Json& config, std::string_view key, std::string_view source)
{
    MOESCOPE_TRY(const auto activation, jsonOptionalString(config, key, source));
    if (activation && *activation != "silu" && *activation != "swish")
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the activation \"{}\" is not supported yet.", source, *activation));
    return {};
}

Result<ModelConfig> standardConfig(
    const Json& config, std::string_view source, const ConfigDefaults& defaults)
{
    ModelConfig model;
    const ConfigKeys& keys = defaults.keys;
    MOESCOPE_TRY(model.hidden, size(config, keys.hidden, source, 0));
    MOESCOPE_TRY(model.vocabulary, size(config, "vocab_size", source, 0));
    MOESCOPE_TRY(model.maxPositions, size(config, keys.positions, source, defaults.positions));
    MOESCOPE_TRY(const auto layers, size(config, keys.layers, source, 0, kMostLayers));
    MOESCOPE_TRY(const auto intermediate,
        countOf(config, "intermediate_size", source, defaults.intermediate));
    model.layers.assign(layers, LayerSpec{});
    for (LayerSpec& layer : model.layers)
        layer.intermediate = intermediate;
    MOESCOPE_TRY(model.normEps, positive(config, "rms_norm_eps", source, defaults.normEps));
    if (model.normEps >= 1) // would drown what it is added to
        return bad(
            source, fmt::format("\"rms_norm_eps\" should be below 1, but is {}", model.normEps));
    if (!keys.activation.empty())
        MOESCOPE_CHECK(requireSilu(config, keys.activation, source));
    MOESCOPE_TRY(const bool mlpBias, flag(config, "mlp_bias", source, false));
    if (mlpBias)
        return fail(
            ErrorCode::Unsupported, fmt::format("{}: \"mlp_bias\" is not supported yet.", source));

    AttentionSpec& attention = model.attention;
    MOESCOPE_TRY(attention.heads, size(config, keys.heads, source, 0, kMost));
    const bool fewer = defaults.kvHeads > 0 && attention.heads % defaults.kvHeads == 0
        && !saysNull(config, keys.kvHeads);
    MOESCOPE_TRY(attention.kvHeads,
        size(config, keys.kvHeads, source, fewer ? defaults.kvHeads : attention.heads, kMost));
    if (attention.heads % attention.kvHeads != 0)
        return bad(source,
            fmt::format("{} attention heads cannot be shared evenly by {} key/value heads",
                attention.heads, attention.kvHeads));
    MOESCOPE_TRY(attention.qkvBias, flag(config, "attention_bias", source, false));
    attention.outputBias = attention.qkvBias;
    const bool usual = defaults.headDim > 0 && !saysNull(config, defaults.headKey);
    const std::uint32_t even = usual ? defaults.headDim : model.hidden / attention.heads;
    MOESCOPE_TRY(attention.headDim, size(config, defaults.headKey, source, even, kMost));
    attention.scale = 1.0 / std::sqrt(static_cast<double>(attention.headDim));
    MOESCOPE_TRY(attention.rope,
        readRope(config, source,
            {defaults.ropeBase, attention.headDim, model.maxPositions, defaults.partialRotary}));

    MOESCOPE_TRY(
        model.tiedEmbeddings, flag(config, "tie_word_embeddings", source, defaults.tiedEmbeddings));
    MOESCOPE_CHECK(readEndTokens(model, config, source));
    return model;
}

Result<std::optional<std::uint32_t>> windowSize(
    const Json& config, std::string_view source, std::uint32_t absent)
{
    MOESCOPE_TRY(const auto window, countOf(config, "sliding_window", source, absent));
    return window > 0 ? std::optional(window) : std::nullopt;
}

Result<std::uint32_t> expertCount(
    const Json& config, std::string_view source, std::uint32_t fallback)
{
    return firstSize(config, source,
        {"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"}, fallback,
        kMost);
}

Status readWindows(ModelConfig& config, const Json& json, std::string_view source,
    std::optional<std::uint32_t> window, const std::function<bool(std::uint32_t)>& slides)
{
    MOESCOPE_TRY(const auto kinds, words(json, "layer_types", source, config.layers.size()));
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const bool listed = !kinds.empty();
        if (listed && kinds[l] != "sliding_attention" && kinds[l] != "full_attention")
            return fail(ErrorCode::Unsupported,
                fmt::format(
                    "{}: layers of the type \"{}\" are not supported yet.", source, kinds[l]));
        if (listed ? kinds[l] == "sliding_attention" : slides(l))
            config.layers[l].window = window;
    }
    return {};
}

Result<std::uint32_t> sharedWidth(std::uint32_t count, std::uint32_t inner, std::string_view source)
{
    const std::uint64_t width = std::uint64_t{count} * inner;
    if (width > 1U << 30)
        return bad(source, fmt::format("{} shared experts of width {} are too wide", count, inner));
    return static_cast<std::uint32_t>(width);
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

std::string StandardNames::layer(std::uint32_t index) const
{
    return fmt::format("{}{}{}.", model, layers, index);
}

Result<Norm> norm(const Checkpoint& checkpoint, const StandardNames& names, const std::string& name,
    std::uint64_t width, double eps)
{
    Norm result{names.norm, eps, {}, {}};
    MOESCOPE_TRY(result.weight, checkpoint.vector(name + names.normWeight, width));
    if (names.onePlus) {
        for (float& weight : result.weight)
            weight += 1.0F;
    }
    if (names.norm == Norm::Kind::Layer && names.normBias) {
        MOESCOPE_TRY(result.bias, checkpoint.vector(name + ".bias", width));
    }
    return result;
}

Result<Norm> rmsNorm(
    const Checkpoint& checkpoint, const std::string& name, std::uint64_t width, double eps)
{
    return norm(checkpoint, {}, name, width, eps);
}

StandardNames textNames(const Checkpoint& checkpoint)
{
    constexpr std::array<std::pair<const char*, const char*>, 3> kUsual
        = {{{"model.", "lm_head.weight"}, {"model.language_model.", "lm_head.weight"},
            {"language_model.model.", "language_model.lm_head.weight"}}};
    for (const auto& [model, head] : kUsual) {
        StandardNames names;
        names.model = model;
        names.head = head;
        if (checkpoint.find(names.model + names.embedding))
            return names;
    }
    return {};
}

Result<ModelTensors> standardTensors(
    const ModelConfig& config, const Checkpoint& checkpoint, const StandardNames& names)
{
    ModelTensors tensors;
    const std::uint64_t hidden = config.hidden;
    MOESCOPE_TRY(tensors.embedding,
        checkpoint.matrix(names.model + names.embedding, config.vocabulary, hidden));
    MOESCOPE_TRY(tensors.finalNorm,
        norm(checkpoint, names, names.model + names.finalNorm, hidden, config.normEps));
    if (config.tiedEmbeddings || !checkpoint.find(names.head)) {
        tensors.head = tensors.embedding;
    } else {
        MOESCOPE_TRY(tensors.head, checkpoint.matrix(names.head, config.vocabulary, hidden));
    }
    const double eps = names.blockEps > 0 ? names.blockEps : config.normEps;
    for (std::uint32_t l = 0; l < config.layerCount(); ++l) {
        const std::string prefix = names.layer(l);
        LayerTensors layer;
        if (!names.attentionNorm.empty()) {
            MOESCOPE_TRY(layer.attentionNorm,
                norm(checkpoint, names, prefix + names.attentionNorm, hidden, eps));
        }
        if (!names.mlpNorm.empty()) {
            MOESCOPE_TRY(
                layer.mlpNorm, norm(checkpoint, names, prefix + names.mlpNorm, hidden, eps));
        }
        if (config.layers[l].mixer == LayerSpec::Mixer::Attention && !names.attention.empty())
            MOESCOPE_CHECK(findAttention(layer, config, checkpoint, prefix + names.attention));
        tensors.layers.push_back(std::move(layer));
    }
    return tensors;
}

Status qkNorms(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& qName, const std::string& kName, bool onePlus)
{
    const AttentionSpec& spec = config.attention;
    const bool whole = spec.qkNorm == QkNorm::WholeVector;
    StandardNames names;
    names.onePlus = onePlus;
    MOESCOPE_TRY(layer.qNorm,
        norm(checkpoint, names, qName, std::uint64_t{whole ? spec.heads : 1} * spec.headDim,
            config.normEps));
    MOESCOPE_TRY(layer.kNorm,
        norm(checkpoint, names, kName, std::uint64_t{whole ? spec.kvHeads : 1} * spec.headDim,
            config.normEps));
    return {};
}

Result<MlpTensors> mlp(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t hidden, std::uint32_t inner)
{
    const std::string gate = prefix + names.gate;
    if (!checkpoint.find(gate) && checkpoint.find(gate + "_packed"))
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "The weights of {} are packed as whole numbers (\"{}_packed\"), which is not "
                "supported yet.",
                displayPath(checkpoint.path()), displayName(gate)));
    MlpTensors tensors;
    MOESCOPE_TRY(tensors.gate, checkpoint.matrix(gate, inner, hidden));
    MOESCOPE_TRY(tensors.up, checkpoint.matrix(prefix + names.up, inner, hidden));
    MOESCOPE_TRY(tensors.down, checkpoint.matrix(prefix + names.down, hidden, inner));
    return tensors;
}

Status requireNoShared(const Checkpoint& checkpoint, const std::string& name)
{
    if (!checkpoint.find(name))
        return {};
    return fail(ErrorCode::BadFormat,
        fmt::format("{} has shared experts (\"{}\"), but its config says that there are none.",
            displayPath(checkpoint.path()), displayName(name)));
}

Status sharedMlp(LayerTensors& layer, const ModelConfig& config, const Checkpoint& checkpoint,
    const std::string& prefix)
{
    if (config.router.sharedExperts == 0)
        return requireNoShared(checkpoint, prefix + "down_proj.weight");
    MOESCOPE_TRY(
        layer.shared, mlp(checkpoint, prefix, {}, config.hidden, config.router.sharedIntermediate));
    return {};
}

Result<std::vector<MlpTensors>> experts(const Checkpoint& checkpoint, const std::string& prefix,
    const MlpNames& names, std::uint32_t count, std::uint32_t hidden, std::uint32_t inner)
{
    if (checkpoint.find(prefix + "gate_up_proj"))
        return fusedExperts(
            checkpoint, prefix + "gate_up_proj", prefix + "down_proj", count, hidden, inner);
    std::vector<MlpTensors> result(count);
    for (std::uint32_t e = 0; e < count; ++e) {
        MOESCOPE_TRY(
            result[e], mlp(checkpoint, fmt::format("{}{}.", prefix, e), names, hidden, inner));
    }
    return result;
}

Status mixtralMixture(LayerTensors& layer, const ModelConfig& config, std::uint32_t index,
    const Checkpoint& checkpoint, const std::string& prefix)
{
    // Newer programs save the mixture as "mlp", with fused experts.
    const bool renamed = checkpoint.find(prefix + "mlp.gate.weight") != nullptr;
    const std::string moe = prefix + (renamed ? "mlp." : "block_sparse_moe.");
    MOESCOPE_TRY(
        layer.router, checkpoint.matrix(moe + "gate.weight", config.router.experts, config.hidden));
    if (config.router.selectionBias) {
        MOESCOPE_TRY(layer.selectionBias,
            checkpoint.vector(moe + "e_score_correction_bias", config.router.experts));
    }
    // w1 is the gate, w3 the up and w2 the down projection.
    MOESCOPE_TRY(layer.experts,
        experts(checkpoint, moe + "experts.", {"w1.weight", "w3.weight", "w2.weight"},
            config.router.experts, config.hidden, config.layers[index].intermediate));
    return {};
}

Result<std::vector<MlpTensors>> fusedExperts(const Checkpoint& checkpoint,
    const std::string& gateUpName, const std::string& downName, std::uint32_t count,
    std::uint32_t hidden, std::uint32_t inner)
{
    MOESCOPE_TRY(
        const auto gateUp, checkpoint.stack(gateUpName, {count, std::uint64_t{2} * inner, hidden}));
    MOESCOPE_TRY(const auto down, checkpoint.stack(downName, {count, hidden, inner}));
    return splitExperts(gateUp, down, inner);
}

Result<std::vector<MlpTensors>> fusedExpertsByInput(const Checkpoint& checkpoint,
    const std::string& gateUpName, const std::string& downName, std::uint32_t count,
    std::uint32_t hidden, std::uint32_t inner)
{
    MOESCOPE_TRY(const auto gateUp,
        transposedStack(checkpoint, gateUpName, count, std::uint64_t{2} * inner, hidden));
    MOESCOPE_TRY(const auto down, transposedStack(checkpoint, downName, count, hidden, inner));
    return splitExperts(gateUp, down, inner);
}

Result<MatrixView> transposed(const MatrixView& matrix, std::string_view name)
{
    if (blockLayout(matrix.dtype).elements != 1 || matrix.scales.data != nullptr)
        return fail(ErrorCode::Unsupported,
            fmt::format("The tensor \"{}\" is stored by input, which is not supported for weights "
                        "packed as {}.",
                displayName(name), packingName(matrix)));
    return matrix.transposed();
}

Result<std::vector<MatrixView>> transposedStack(const Checkpoint& checkpoint,
    const std::string& name, std::uint32_t count, std::uint64_t rows, std::uint64_t cols)
{
    MOESCOPE_TRY(auto matrices, checkpoint.stack(name, {count, cols, rows}));
    for (MatrixView& matrix : matrices) {
        MOESCOPE_TRY(matrix, transposed(matrix, name));
    }
    return matrices;
}

} // namespace moescope::family
