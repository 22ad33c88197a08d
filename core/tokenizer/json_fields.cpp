// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/json_fields.h"

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

namespace {

tl::unexpected<Error> missing(std::string_view key, std::string_view source)
{
    return fail(ErrorCode::BadFormat, fmt::format("{} has no \"{}\".", source, key));
}

} // namespace

Result<std::string> requiredString(
    const Json& object, std::string_view key, std::string_view source)
{
    MOESCOPE_TRY(auto value, jsonOptionalString(object, key, source));
    if (!value)
        return missing(key, source);
    return *std::move(value);
}

Result<bool> requiredBool(const Json& object, std::string_view key, std::string_view source)
{
    MOESCOPE_TRY(const auto value, jsonOptionalBool(object, key, source));
    if (!value)
        return missing(key, source);
    return *value;
}

Result<const Json*> requiredArray(const Json& object, std::string_view key, std::string_view source)
{
    const auto it = object.is_object() ? object.find(std::string(key)) : object.end();
    if (it == object.end() || !it->is_array())
        return fail(ErrorCode::BadFormat, fmt::format("{} has no array \"{}\".", source, key));
    return &*it;
}

Result<std::string> typeOf(const Json& json, std::string_view source)
{
    if (!json.is_object())
        return fail(ErrorCode::BadFormat, fmt::format("{} should be an object.", source));
    return requiredString(json, "type", source);
}

tl::unexpected<Error> unsupportedType(std::string_view type, std::string_view source)
{
    return fail(ErrorCode::Unsupported,
        fmt::format("{} is of the type \"{}\", which is not supported.", source, quoteToken(type)));
}

} // namespace moescope::tokenization
