// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/weights_only_layers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/model/families/config_keys.h"

namespace moescope::family {

namespace {

using Layers = std::optional<std::vector<std::uint32_t>>;

/// The layers that a key names, as numbers or as words between commas.
Result<Layers> namedLayers(const Json& json, std::string_view key, std::string_view source)
{
    const auto it = json.find(key);
    if (it == json.end() || it->is_null())
        return std::nullopt;
    if (!it->is_string()) {
        MOESCOPE_TRY(auto layers, numbers(json, key, source));
        return layers;
    }
    MOESCOPE_TRY(const Json list, parseJson("[" + it->get<std::string>() + "]", source));
    MOESCOPE_TRY(auto layers, numbers(Json{{key, list}}, key, source));
    return layers;
}

/// The layers that a list marks with 1; a single number means another thing.
Result<Layers> markedLayers(
    const Json& json, std::string_view key, std::string_view source, std::size_t count)
{
    const auto it = json.find(key);
    if (it == json.end() || !it->is_array())
        return std::nullopt;
    MOESCOPE_TRY(const auto marks, numbers(json, key, source));
    if (marks.size() < count)
        return bad(source, fmt::format("\"{}\" should list {} numbers", key, count));
    std::vector<std::uint32_t> layers;
    for (std::uint32_t l = 0; l < count; ++l) {
        if (marks[l] != 0)
            layers.push_back(l);
    }
    return layers;
}

} // namespace

Status markMixtures(ModelConfig& config, const Json& json, std::string_view source)
{
    const std::size_t count = config.layers.size();
    MOESCOPE_TRY(const auto kinds, words(json, "mlp_layer_types", source, count));
    MOESCOPE_TRY(const auto pattern, jsonOptionalString(json, "hybrid_override_pattern", source));
    if (pattern && pattern->size() < count)
        return bad(
            source, fmt::format("\"hybrid_override_pattern\" is too short for {} layers", count));
    std::uint32_t dense = 0;
    for (const char* key : {"first_k_dense_replace", "num_dense_layers"}) {
        MOESCOPE_TRY(const auto given, countOf(json, key, source, 0));
        dense = std::max(dense, given);
    }
    MOESCOPE_TRY(const auto period,
        firstSize(json, source, {"expert_layer_period", "moe_layer_frequency"}, 1));
    MOESCOPE_TRY(const auto offset, jsonOptionalUInt(json, "expert_layer_offset", source));
    MOESCOPE_TRY(Layers sparse, namedLayers(json, "moe_layers_enum", source));
    MOESCOPE_TRY(const Layers marked, markedLayers(json, "moe_layer_freq", source, count));
    MOESCOPE_TRY(const Layers plain, namedLayers(json, "mlp_only_layers", source));
    if (!sparse)
        sparse = marked;
    const auto contains = [](const Layers& layers, std::uint32_t l) {
        return std::ranges::find(*layers, l) != layers->end();
    };
    for (std::uint32_t l = 0; l < count; ++l) {
        bool mixture = l >= dense;
        if (!kinds.empty())
            mixture = kinds[l] == "sparse";
        else if (pattern)
            mixture = (*pattern)[l] == 'E';
        else if (sparse)
            mixture = contains(sparse, l);
        else if (period > 1)
            mixture = l % period == offset.value_or(period - 1);
        config.layers[l].mixture = mixture && !(plain && contains(plain, l));
    }
    return {};
}

Status addEncoderAndDecoder(ModelConfig& config, const Json& json, std::string_view source)
{
    constexpr std::uint32_t kMostLayers = 2048;
    MOESCOPE_TRY(const auto encoder,
        firstSize(json, source, {"num_layers", "encoder_layers"}, 0, kMostLayers));
    MOESCOPE_TRY(const auto decoder,
        firstSize(json, source, {"num_decoder_layers", "decoder_layers"}, encoder, kMostLayers));
    const auto add = [&](std::uint32_t count, std::uint32_t step, std::uint32_t rest) {
        for (std::uint32_t i = 0; i < count; ++i) {
            LayerSpec& layer = config.layers.emplace_back();
            layer.mixture = step == 1 || (step > 1 && i % step == rest);
        }
    };
    // Switch gives a number of sparse layers, evenly spread; NLLB says how far they are apart.
    for (const auto& [count, number, step] :
        {std::tuple{encoder, "num_sparse_encoder_layers", "encoder_sparse_step"},
            std::tuple{decoder, "num_sparse_decoder_layers", "decoder_sparse_step"}}) {
        MOESCOPE_TRY(const auto sparse, countOf(json, number, source, 0));
        MOESCOPE_TRY(const auto apart, countOf(json, step, source, 0));
        if (sparse > 0)
            add(count, count / sparse, 1);
        else
            add(count, apart, apart - 1);
    }
    return {};
}

} // namespace moescope::family
