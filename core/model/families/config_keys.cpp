// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/config_keys.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

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

} // namespace moescope::family
