// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/post_processor.h"

#include <limits>
#include <string>

#include <fmt/format.h>

#include "core/io/json.h"
#include "core/tokenizer/json_fields.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

namespace {

Result<std::int32_t> readId(const Json& json, std::string_view source)
{
    if (!json.is_number_unsigned()
        || json.get<std::uint64_t>()
            > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
        return fail(
            ErrorCode::BadFormat, fmt::format("{} holds a token id that is no id.", source));
    return static_cast<std::int32_t>(json.get<std::uint64_t>());
}

/// ["</s>", 2]
Result<std::int32_t> readPair(const Json& json, const char* key, std::string_view source)
{
    MOESCOPE_TRY(const Json* pair, requiredArray(json, key, source));
    if (pair->size() != 2)
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: \"{}\" should be a token and its id.", source, key));
    return readId((*pair)[1], source);
}

const Json* member(const Json& json, const char* key)
{
    const auto it = json.is_object() ? json.find(key) : json.end();
    return it == json.end() ? nullptr : &*it;
}

} // namespace

Result<PostProcessor> PostProcessor::parse(const Json& json, std::string_view source)
{
    PostProcessor result;
    if (!json.is_null())
        MOESCOPE_CHECK(result.add(json, source));
    return result;
}

Status PostProcessor::add(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const std::string type, typeOf(json, source));
    if (type == "Sequence") {
        MOESCOPE_TRY(const Json* list, requiredArray(json, "processors", source));
        for (const Json& item : *list)
            MOESCOPE_CHECK(add(item, source));
        return {};
    }
    if (type == "ByteLevel")
        return addTrimming(json, source);
    if (type == "TemplateProcessing")
        return addTemplate(json, source);
    if (type == "BertProcessing")
        return addFrame(json, source);
    if (type == "RobertaProcessing") {
        MOESCOPE_CHECK(addTrimming(json, source));
        return addFrame(json, source);
    }
    return unsupportedType(type, source);
}

Status PostProcessor::addTrimming(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto trim, jsonOptionalBool(json, "trim_offsets", source));
    MOESCOPE_TRY(const auto prefix, jsonOptionalBool(json, "add_prefix_space", source));
    if (!trim.value_or(true))
        return {};
    trimOffsets = true;
    keepFirstSpace = prefix.value_or(true);
    return {};
}

Status PostProcessor::addFrame(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const std::int32_t first, readPair(json, "cls", source));
    MOESCOPE_TRY(const std::int32_t last, readPair(json, "sep", source));
    before.insert(before.begin(), first);
    after.push_back(last);
    return {};
}

Status PostProcessor::addTemplate(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const Json* pieces, requiredArray(json, "single", source));
    std::vector<std::int32_t> first;
    std::size_t sequences = 0;
    for (const Json& piece : *pieces) {
        if (const Json* sequence = member(piece, "Sequence")) {
            MOESCOPE_TRY(const std::string name, requiredString(*sequence, "id", source));
            if (name != "A" || ++sequences > 1)
                return fail(ErrorCode::Unsupported,
                    fmt::format("{} uses the text \"{}\" in its template for one text, which is "
                                "not supported.",
                        source, quoteToken(name)));
            continue;
        }
        const Json* special = member(piece, "SpecialToken");
        if (!special)
            return fail(ErrorCode::BadFormat,
                fmt::format(
                    "{} holds a piece that is neither a \"Sequence\" nor a \"SpecialToken\".",
                    source));
        MOESCOPE_TRY(const std::string name, requiredString(*special, "id", source));
        const Json* tokens = member(json, "special_tokens");
        const Json* token = tokens ? member(*tokens, name.c_str()) : nullptr;
        if (!token)
            return fail(ErrorCode::BadFormat,
                fmt::format("{} uses the special token \"{}\" without saying what it is.", source,
                    quoteToken(name)));
        MOESCOPE_TRY(const Json* ids, requiredArray(*token, "ids", source));
        for (const Json& id : *ids) {
            MOESCOPE_TRY(const std::int32_t value, readId(id, source));
            (sequences > 0 ? after : first).push_back(value);
        }
    }
    if (sequences == 0)
        return fail(
            ErrorCode::BadFormat, fmt::format("{} leaves the text out of its template.", source));
    before.insert(before.begin(), first.begin(), first.end());
    return {};
}

} // namespace moescope::tokenization
