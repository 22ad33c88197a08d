// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/decoder.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/json_fields.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/vocabulary.h"

namespace moescope::tokenization {

namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

std::string replaceAll(std::string_view text, std::string_view wanted, std::string_view content)
{
    std::string out;
    std::size_t last = 0;
    for (std::size_t at = text.find(wanted); at != text.npos; at = text.find(wanted, last)) {
        out.append(text, last, at - last).append(content);
        last = at + wanted.size();
    }
    return out.append(text, last, text.npos);
}

Result<std::string> oneCharacter(std::string text, std::string_view key, std::string_view source)
{
    if (text.empty() || decodeUtf8(text, 0).bytes != text.size())
        return fail(ErrorCode::BadFormat,
            fmt::format("{}: \"{}\" is \"{}\"; it should be one character.", source, key,
                quoteToken(text)));
    return text;
}

/// Bytes that are no text become one U+FFFD each.
void flushBytes(std::string& bytes, std::vector<std::string>& out)
{
    if (!firstInvalidUtf8(bytes)) {
        if (!bytes.empty())
            out.push_back(bytes);
    } else {
        out.insert(out.end(), bytes.size(), std::string(kReplacementCharacter));
    }
    bytes.clear();
}

} // namespace

int fallbackByte(std::string_view token)
{
    if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>')
        return -1;
    int value = 0;
    const auto [end, problem] = std::from_chars(token.data() + 3, token.data() + 5, value, 16);
    return problem == std::errc() && end == token.data() + 5 && value >= 0 ? value : -1;
}

Result<Decoder> Decoder::parse(const Json& json, std::string_view source)
{
    Decoder result;
    result.m_given = !json.is_null();
    if (result.m_given)
        MOESCOPE_CHECK(result.addSteps(json, source));
    return result;
}

Status Decoder::addSteps(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const std::string type, typeOf(json, source));
    if (type == "Sequence") {
        MOESCOPE_TRY(const Json* list, requiredArray(json, "decoders", source));
        for (const Json& item : *list)
            MOESCOPE_CHECK(addSteps(item, source));
        return {};
    }
    if (type == "Metaspace")
        return addMetaspace(json, source);
    if (type == "Strip")
        return addStrip(json, source);
    if (type == "ByteLevel") {
        m_steps.emplace_back(ByteLevel{});
    } else if (type == "ByteFallback") {
        m_steps.emplace_back(ByteFallback{});
    } else if (type == "Fuse") {
        m_steps.emplace_back(Fuse{});
    } else if (type == "Replace") {
        const auto pattern = json.find("pattern");
        MOESCOPE_TRY(
            Pattern compiled, Pattern::fromJson(pattern == json.end() ? Json() : *pattern, source));
        MOESCOPE_TRY(std::string content, requiredString(json, "content", source));
        m_steps.emplace_back(Replace{std::move(compiled), std::move(content)});
    } else {
        return unsupportedType(type, source);
    }
    return {};
}

Status Decoder::addMetaspace(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(const auto given, jsonOptionalString(json, "replacement", source));
    MOESCOPE_TRY(std::string replacement,
        oneCharacter(given.value_or("\xE2\x96\x81"), "replacement", source));
    MOESCOPE_TRY(const auto scheme, jsonOptionalString(json, "prepend_scheme", source));
    MOESCOPE_TRY(const auto prefixSpace, jsonOptionalBool(json, "add_prefix_space", source));
    const bool never = scheme ? *scheme == "never" : !prefixSpace.value_or(true);
    m_steps.emplace_back(Metaspace{std::move(replacement), !never});
    return {};
}

Status Decoder::addStrip(const Json& json, std::string_view source)
{
    MOESCOPE_TRY(std::string given, requiredString(json, "content", source));
    MOESCOPE_TRY(std::string content, oneCharacter(std::move(given), "content", source));
    MOESCOPE_TRY(const std::uint64_t start, jsonUInt(json, "start", source));
    MOESCOPE_TRY(const std::uint64_t stop, jsonUInt(json, "stop", source));
    m_steps.emplace_back(Strip{std::move(content), start, stop});
    return {};
}

bool Decoder::isByteLevel() const
{
    return std::any_of(m_steps.begin(), m_steps.end(),
        [](const Step& step) { return std::holds_alternative<ByteLevel>(step); });
}

std::string Decoder::decode(Tokens tokens) const
{
    for (const Step& step : m_steps)
        std::visit([&](const auto& s) { run(s, tokens); }, step);
    std::string out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (i > 0 && !m_given)
            out += ' ';
        out += tokens[i];
    }
    return out;
}

std::string Decoder::bytesOf(std::string_view token) const
{
    Tokens tokens{std::string(token)};
    std::string& out = tokens.front();
    for (const Step& step : m_steps) {
        if (const auto* replace = std::get_if<Replace>(&step)) {
            run(*replace, tokens);
        } else if (const auto* metaspace = std::get_if<Metaspace>(&step)) {
            out = replaceAll(out, metaspace->replacement, " ");
        } else if (std::holds_alternative<ByteLevel>(step)) {
            out = bytesOfCharacters(out).value_or(out);
        } else if (std::holds_alternative<ByteFallback>(step)) {
            if (const int byte = fallbackByte(out); byte >= 0)
                out.assign(1, static_cast<char>(byte));
        }
    }
    return out;
}

void Decoder::run(const Replace& step, Tokens& tokens)
{
    Searcher searcher(step.pattern);
    std::vector<Segment> segments;
    for (std::string& token : tokens) {
        if (!searcher.segments(token, segments))
            continue;
        std::string out;
        for (const Segment& segment : segments) {
            if (segment.match)
                out += step.content;
            else
                out.append(token, segment.begin, segment.end - segment.begin);
        }
        token = std::move(out);
    }
}

void Decoder::run(const Strip& step, Tokens& tokens)
{
    const std::size_t size = step.content.size();
    for (std::string& token : tokens) {
        std::string_view rest = token;
        for (std::size_t i = 0; i < step.start && rest.starts_with(step.content); ++i)
            rest.remove_prefix(size);
        for (std::size_t i = 0; i < step.stop && rest.ends_with(step.content); ++i)
            rest.remove_suffix(size);
        token = std::string(rest);
    }
}

void Decoder::run(const Metaspace& step, Tokens& tokens)
{
    for (std::size_t i = 0; i < tokens.size(); ++i)
        tokens[i] = replaceAll(tokens[i], step.replacement, i == 0 && step.dropFirst ? "" : " ");
}

void Decoder::run(const ByteLevel&, Tokens& tokens)
{
    std::string bytes;
    for (const std::string& token : tokens)
        bytes += bytesOfCharacters(token).value_or(token);
    tokens.assign(1, lossyUtf8(bytes));
}

void Decoder::run(const ByteFallback&, Tokens& tokens)
{
    Tokens out;
    out.reserve(tokens.size());
    std::string bytes;
    for (std::string& token : tokens) {
        if (const int byte = fallbackByte(token); byte >= 0) {
            bytes += static_cast<char>(byte);
            continue;
        }
        flushBytes(bytes, out);
        out.push_back(std::move(token));
    }
    flushBytes(bytes, out);
    tokens = std::move(out);
}

void Decoder::run(const Fuse&, Tokens& tokens)
{
    std::string all;
    for (const std::string& token : tokens)
        all += token;
    tokens.assign(1, std::move(all));
}

} // namespace moescope::tokenization
