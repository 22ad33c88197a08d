// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/inspect_figures.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/checkpoint/type_totals.h"
#include "core/io/json.h"
#include "core/report/number_text.h"

namespace moescope::cli {

namespace {

constexpr std::size_t kMostListItems = 64;

double bitsPerValue(const TypeTotal& total)
{
    return total.elements == 0
        ? 0
        : 8.0 * static_cast<double>(total.bytes) / static_cast<double>(total.elements);
}

Json valueToJson(const MetadataValue& value)
{
    if (const auto flag = value.asBool())
        return *flag;
    if (const auto whole = value.asUInt())
        return *whole;
    if (const auto number = value.asNumber()) {
        if (value.type == MetadataType::F32)
            return plainDouble(static_cast<float>(*number));
        return value.type == MetadataType::F64 ? Json(*number)
                                               : Json(static_cast<std::int64_t>(*number));
    }
    if (const auto text = value.asString())
        return *text;
    return nullptr;
}

/// The first items of a list; empty for lists of lists.
Json firstItems(const MetadataValue& list)
{
    Json items = Json::array();
    const auto take = [&](const auto& values) {
        for (std::size_t i = 0; i < std::min(kMostListItems, values.size()); ++i)
            items.push_back(values[i]);
    };
    if (const auto texts = list.asStrings()) {
        take(*texts);
    } else if (const auto flags = list.asBools()) {
        for (std::size_t i = 0; i < std::min(kMostListItems, flags->size()); ++i)
            items.push_back(static_cast<bool>((*flags)[i]));
    } else if (const auto wholes = list.asUInts()) {
        take(*wholes);
    } else if (const auto numbers = list.asNumbers()) {
        take(*numbers);
    }
    return items;
}

} // namespace

Figure metadataFigure(const Metadata& metadata)
{
    TableFigure table;
    table.columns
        = {{"key", "", false, -1, ""}, {"type", "", false, -1, ""}, {"value", "", false, -1, ""}};
    for (const auto& entry : metadata.entries())
        table.rows.push_back({displayName(entry.key), entry.value.typeText(), entry.value.text()});
    return {"metadata", "Metadata", "", "", std::move(table)};
}

Json metadataToJson(const Metadata& metadata)
{
    Json json = Json::object();
    for (const auto& [key, value] : metadata.entries()) {
        Json& entry = json[std::string(key)];
        entry["type"] = value.typeText();
        if (value.type != MetadataType::Array) {
            entry["value"] = valueToJson(value);
            continue;
        }
        entry["count"] = value.count;
        entry[value.count > kMostListItems ? "first" : "value"] = firstItems(value);
    }
    return json;
}

Figure typesFigure(const Checkpoint& checkpoint)
{
    TableFigure table;
    table.columns = {{"type", "", false, -1, ""}, {"tensors", "", true, 0, ""},
        {"values", "", false, -1, ""}, {"size", "", false, -1, ""},
        {"bits a value", "", true, 2, "scales inside the blocks included"},
        {"share", "%", true, 1, "of all bytes"}};
    const auto all = static_cast<double>(std::max<std::uint64_t>(1, checkpoint.totalBytes()));
    for (const TypeTotal& total : typeTotals(checkpoint))
        table.rows.push_back(
            {std::string(dtypeName(total.dtype)), static_cast<double>(total.tensors),
                formatParameters(total.elements), formatBytes(total.bytes), bitsPerValue(total),
                100.0 * static_cast<double>(total.bytes) / all});
    return {"types", "Types of the tensors", "", "", std::move(table)};
}

Json typesToJson(const Checkpoint& checkpoint)
{
    Json list = Json::array();
    for (const TypeTotal& total : typeTotals(checkpoint))
        list.push_back({{"type", dtypeName(total.dtype)}, {"tensors", total.tensors},
            {"values", total.elements}, {"bytes", total.bytes}});
    return list;
}

} // namespace moescope::cli
