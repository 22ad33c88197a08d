// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/taxonomy.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/io/json.h"

namespace moescope {

namespace {

Result<std::string> word(const Json& object, std::string_view key, std::string_view source)
{
    MOESCOPE_TRY(const auto text, jsonOptionalString(object, key, source));
    return text.value_or(std::string());
}

Result<std::uint32_t> count(const Json& object, std::string_view key, std::string_view source)
{
    MOESCOPE_TRY(const auto number, jsonOptionalUInt(object, key, source));
    if (number.value_or(0) > UINT32_MAX)
        return fail(ErrorCode::BadFormat, fmt::format("{}: \"{}\" is too large.", source, key));
    return static_cast<std::uint32_t>(number.value_or(0));
}

Result<const Json*> member(
    const Json& object, std::string_view key, Json::value_t type, std::string_view source)
{
    const auto it = object.find(key);
    if (it == object.end() || it->type() != type)
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: \"{}\" is missing or of the wrong kind.", source, key));
    return &*it;
}

Result<PublishedValue> readValue(const Json& json, std::string_view source)
{
    PublishedValue value;
    MOESCOPE_TRY(value.quantity, word(json, "quantity", source));
    MOESCOPE_TRY(value.value, jsonOptionalDouble(json, "value", source));
    MOESCOPE_TRY(value.lo, jsonOptionalDouble(json, "lo", source));
    MOESCOPE_TRY(value.hi, jsonOptionalDouble(json, "hi", source));
    MOESCOPE_TRY(value.projection, word(json, "projection", source));
    MOESCOPE_TRY(value.of, jsonOptionalDouble(json, "of", source));
    MOESCOPE_TRY(value.source, word(json, "source", source));
    MOESCOPE_TRY(value.note, word(json, "note", source));
    if (value.source.empty() || (!value.value && !value.lo && !value.hi))
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: a published value lacks its number or its source.", source));
    return value;
}

Result<KnownModel> readModel(const Json& json, std::string_view source)
{
    KnownModel model;
    MOESCOPE_TRY(model.id, word(json, "id", source));
    MOESCOPE_TRY(model.name, word(json, "name", source));
    MOESCOPE_TRY(model.experts, count(json, "experts", source));
    MOESCOPE_TRY(model.topK, count(json, "top_k", source));
    MOESCOPE_TRY(model.sharedExperts, count(json, "shared_experts", source));
    MOESCOPE_TRY(model.sharedWidth, count(json, "shared_width", source));
    MOESCOPE_TRY(model.mixtureLayers, count(json, "mixture_layers", source));
    MOESCOPE_TRY(model.layers, count(json, "layers", source));
    MOESCOPE_TRY(model.hidden, count(json, "hidden", source));
    MOESCOPE_TRY(model.inner, count(json, "inner", source));
    MOESCOPE_TRY(const Json* history, member(json, "history", Json::value_t::object, source));
    MOESCOPE_TRY(model.history, word(*history, "kind", source));
    MOESCOPE_TRY(model.historyText, word(*history, "text", source));
    MOESCOPE_TRY(model.historySource, word(*history, "source", source));
    MOESCOPE_TRY(const Json* values, member(json, "values", Json::value_t::array, source));
    for (const Json& value : *values) {
        MOESCOPE_TRY(model.values.emplace_back(), readValue(value, source));
    }
    return model;
}

} // namespace

Result<std::vector<KnownModel>> loadTaxonomy(const std::filesystem::path& resources)
{
    const auto path = resources / "taxonomy.json";
    const std::string source = path.string();
    MOESCOPE_TRY(const Json json, readJsonFile(path, 1U << 20));
    if (!json.is_object())
        return fail(ErrorCode::BadFormat, fmt::format("{} should hold one JSON object.", source));
    MOESCOPE_TRY(const Json* list, member(json, "models", Json::value_t::array, source));
    std::vector<KnownModel> models;
    for (const Json& entry : *list) {
        if (!entry.is_object())
            return fail(ErrorCode::BadFormat, fmt::format("{}: a model is no object.", source));
        MOESCOPE_TRY(models.emplace_back(), readModel(entry, source));
    }
    return models;
}

const KnownModel* findKnownModel(const std::vector<KnownModel>& models, const ModelConfig& config)
{
    const auto mixture = std::ranges::find(config.layers, true, &LayerSpec::mixture);
    if (mixture == config.layers.end())
        return nullptr;
    const auto found = std::ranges::find_if(models, [&](const KnownModel& model) {
        return model.experts == config.router.experts && model.topK == config.router.topK
            && model.layers == config.layerCount()
            && model.mixtureLayers == config.mixtureLayerCount() && model.hidden == config.hidden
            && model.inner == mixture->intermediate
            && (model.sharedWidth == 0 || model.sharedWidth == config.router.sharedIntermediate);
    });
    return found == models.end() ? nullptr : &*found;
}

} // namespace moescope
