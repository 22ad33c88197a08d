// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_tokens.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/json_fields.h"
#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

namespace {

/// The character that ends before `at`, which must be greater than 0.
CodePoint characterBefore(std::string_view text, std::size_t at)
{
    std::size_t begin = at - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80)
        --begin;
    return decodeUtf8(text, begin);
}

bool standsAlone(std::string_view text, const TokenTrie::Match& match)
{
    return (match.begin == 0 || !isWordCharacter(characterBefore(text, match.begin).value))
        && (match.end == text.size() || !isWordCharacter(decodeUtf8(text, match.end).value));
}

Result<AddedToken> readToken(
    const Json& item, const Normalizer& normalizer, std::string_view source)
{
    if (!item.is_object())
        return fail(
            ErrorCode::BadFormat, fmt::format("{} holds something that is no object.", source));
    AddedToken token;
    MOESCOPE_TRY(token.content, requiredString(item, "content", source));
    const auto flag = [&](std::string_view key, bool& value) -> Status {
        MOESCOPE_TRY(const auto given, jsonOptionalBool(item, key, source));
        value = given.value_or(value);
        return {};
    };
    MOESCOPE_CHECK(flag("single_word", token.singleWord));
    MOESCOPE_CHECK(flag("lstrip", token.stripLeft));
    MOESCOPE_CHECK(flag("rstrip", token.stripRight));
    MOESCOPE_CHECK(flag("special", token.special));
    token.normalized = !token.special;
    MOESCOPE_CHECK(flag("normalized", token.normalized));
    token.normalizedContent = token.content;
    if (token.normalized) {
        AlignedText text = AlignedText::fromInput(token.content);
        MOESCOPE_CHECK(normalizer.apply(text));
        token.normalizedContent = std::move(text.text);
    }
    return token;
}

} // namespace

Result<AddedTokens> AddedTokens::parse(const Json& json, const Vocabulary& vocabulary,
    const Normalizer& normalizer, std::string_view source)
{
    AddedTokens result;
    if (json.is_null())
        return result;
    if (!json.is_array())
        return fail(ErrorCode::BadFormat, fmt::format("{} should be an array.", source));
    std::unordered_map<std::string, std::size_t> byContent;
    for (const Json& item : json) {
        MOESCOPE_TRY(AddedToken token, readToken(item, normalizer, source));
        if (token.content.empty())
            continue;
        const auto [known, isNew] = byContent.try_emplace(token.content, result.m_tokens.size());
        if (!isNew) { // said again: the later properties count
            token.id = result.m_tokens[known->second].id;
            result.m_tokens[known->second] = std::move(token);
            continue;
        }
        const auto id = vocabulary.find(token.content);
        token.id
            = id.value_or(static_cast<std::int32_t>(vocabulary.size() + result.m_beyondVocabulary));
        result.m_beyondVocabulary += id ? 0 : 1;
        result.m_byId[token.id] = result.m_tokens.size();
        result.m_tokens.push_back(std::move(token));
    }
    for (std::uint32_t i = 0; i < result.m_tokens.size(); ++i) {
        const AddedToken& token = result.m_tokens[i];
        (token.normalized ? result.m_normalizedTrie : result.m_rawTrie)
            .add(token.normalizedContent, i);
    }
    return result;
}

const AddedToken* AddedTokens::find(std::int32_t id) const
{
    const auto it = m_byId.find(id);
    return it == m_byId.end() ? nullptr : &m_tokens[it->second];
}

void AddedTokens::split(std::string_view text, std::size_t begin, std::size_t end, bool normalized,
    std::vector<TextPiece>& out) const
{
    const std::string_view piece = text.substr(begin, end - begin);
    const TokenTrie& trie = normalized ? m_normalizedTrie : m_rawTrie;
    std::size_t done = 0;
    TokenTrie::Match match;
    for (std::size_t from = 0; trie.find(piece, from, match); from = match.end) {
        const AddedToken& token = m_tokens[match.value];
        if (token.singleWord && !standsAlone(piece, match))
            continue;
        std::size_t first = match.begin;
        std::size_t last = match.end;
        while (token.stripLeft && first > done && isWhitespace(characterBefore(piece, first).value))
            first -= characterBefore(piece, first).bytes;
        if (token.stripLeft) // the token before it may have taken the white space that this one is
            first = std::max(first, done);
        while (
            token.stripRight && last < piece.size() && isWhitespace(decodeUtf8(piece, last).value))
            last += decodeUtf8(piece, last).bytes;
        if (first >= last)
            continue;
        if (done < first)
            out.push_back({begin + done, begin + first});
        out.push_back({begin + first, begin + last, token.id});
        done = last;
    }
    if (done < piece.size())
        out.push_back({begin + done, end});
}

} // namespace moescope::tokenization
