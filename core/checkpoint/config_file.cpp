// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/config_file.h"

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"

namespace moescope {

namespace {

constexpr std::size_t kMostBytes = 16U << 20;

const Json* memberObject(const Json& object, const char* key)
{
    const auto it = object.find(key);
    return it != object.end() && it->is_object() ? &*it : nullptr;
}

} // namespace

Result<Json> readConfigFile(const std::filesystem::path& folder)
{
    const std::filesystem::path path = folder / "config.json";
    MOESCOPE_TRY(Json config, readJsonFile(path, kMostBytes));
    if (!config.is_object())
        return fail(ErrorCode::BadFormat,
            fmt::format("{} should hold one JSON object.", displayPath(path)));
    return config;
}

std::string declaredModelType(const Json& config)
{
    const auto type = jsonOptionalString(config, "model_type", "config.json");
    return type && *type ? **type : std::string();
}

const Json& textConfig(const Json& config)
{
    const Json* text = memberObject(config, "text_config");
    return text ? *text : config;
}

const Json* quantizationConfig(const Json& config)
{
    const Json* declared = memberObject(config, "quantization_config");
    return declared ? declared : memberObject(textConfig(config), "quantization_config");
}

} // namespace moescope
