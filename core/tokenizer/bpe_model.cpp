// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/bpe_model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/io/json.h"
#include "core/tokenizer/json_scanner.h"

namespace moescope::tokenization {

namespace {

constexpr std::size_t kIndexedCharacters = 0x3000;
constexpr std::size_t kLongPiece = 256;
constexpr std::size_t kCachedPiece = 256;
constexpr std::size_t kCachedPieces = 200'000;

std::string byteToken(std::size_t byte)
{
    return fmt::format("<0x{:02X}>", byte);
}

} // namespace

Result<std::unique_ptr<const BpeModel>> BpeModel::parse(
    std::string_view json, std::string_view source)
{
    auto model = std::make_unique<BpeModel>();
    model->m_source = source;
    std::string_view vocabulary;
    std::string_view merges;
    std::string settings = "{";
    JsonScanner scanner(json, source);
    const auto findMember = [&](const std::string& key) -> Status {
        MOESCOPE_TRY(const std::string_view value, scanner.skipValue());
        constexpr std::array<std::string_view, 7> kSettings{"type", "unk_token",
            "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback",
            "ignore_merges"};
        if (key == "vocab")
            vocabulary = value;
        else if (key == "merges")
            merges = value;
        else if (std::find(kSettings.begin(), kSettings.end(), key) != kSettings.end())
            settings.append(settings.size() > 1 ? ",\"" : "\"")
                .append(key)
                .append("\":")
                .append(value);
        return {};
    };
    MOESCOPE_CHECK(scanner.forEachMember(findMember));
    settings += "}";
    MOESCOPE_CHECK(model->readSettings(settings, source));
    for (const auto& [value, name] : {std::pair{vocabulary, "vocab"}, std::pair{merges, "merges"}})
        if (value.empty())
            return fail(ErrorCode::BadFormat, fmt::format("{} has no \"{}\".", source, name));

    MOESCOPE_TRY(
        model->m_vocabulary, Vocabulary::parse(vocabulary, fmt::format("{}, \"vocab\"", source)));
    MOESCOPE_TRY(model->m_merges,
        MergeTable::parse(merges, model->m_vocabulary, model->m_continuingPrefix,
            fmt::format("{}, \"merges\"", source)));
    model->indexCharacters();
    return std::unique_ptr<const BpeModel>(std::move(model));
}

Status BpeModel::readSettings(std::string_view json, std::string_view source)
{
    MOESCOPE_TRY(const Json settings, parseJson(json, source));
    // Files older than the key have byte-pair encoding if they have merges, which is checked later.
    MOESCOPE_TRY(const auto type, jsonOptionalString(settings, "type", source));
    if (type.value_or("BPE") != "BPE")
        return fail(ErrorCode::Unsupported,
            fmt::format(
                "{} is of the type \"{}\"; only \"BPE\" is supported.", source, quoteToken(*type)));
    MOESCOPE_TRY(const auto unknown, jsonOptionalString(settings, "unk_token", source));
    MOESCOPE_TRY(
        const auto prefix, jsonOptionalString(settings, "continuing_subword_prefix", source));
    MOESCOPE_TRY(const auto suffix, jsonOptionalString(settings, "end_of_word_suffix", source));
    MOESCOPE_TRY(const auto fuse, jsonOptionalBool(settings, "fuse_unk", source));
    MOESCOPE_TRY(const auto fallback, jsonOptionalBool(settings, "byte_fallback", source));
    MOESCOPE_TRY(const auto ignore, jsonOptionalBool(settings, "ignore_merges", source));
    m_hasUnknownToken = unknown.has_value();
    m_unknownToken = unknown.value_or("");
    m_continuingPrefix = prefix.value_or("");
    m_endSuffix = suffix.value_or("");
    m_fuseUnknown = fuse.value_or(false);
    m_byteFallback = fallback.value_or(false);
    m_ignoreMerges = ignore.value_or(false);
    return {};
}

void BpeModel::indexCharacters()
{
    m_characters.assign(kIndexedCharacters, -1);
    m_vocabulary.forEach([&](std::string_view token, std::int32_t id) {
        if (token.empty() || token.size() > 4)
            return;
        const CodePoint point = decodeUtf8(token, 0);
        if (point.bytes == token.size() && point.value < kIndexedCharacters)
            m_characters[point.value] = id;
    });
    for (std::size_t byte = 0; byte < m_bytes.size(); ++byte)
        m_bytes[byte] = m_vocabulary.find(byteToken(byte)).value_or(-1);
}

std::optional<std::int32_t> BpeModel::findCharacter(
    std::string_view character, char32_t codePoint) const
{
    if (codePoint >= kIndexedCharacters)
        return m_vocabulary.find(character);
    const std::int32_t id = m_characters[codePoint];
    return id < 0 ? std::nullopt : std::optional(id);
}

const CharacterPairs* BpeModel::mergedPairs() const
{
    std::call_once(m_pairsOnce, [this] {
        if (!m_continuingPrefix.empty() || !m_endSuffix.empty())
            return;
        // Tokens whose text is not the text they stand for say nothing about neighbours if they can
        // be merged.
        std::vector<std::int32_t> opaque(m_bytes.begin(), m_bytes.end());
        opaque.push_back(m_vocabulary.find(m_unknownToken).value_or(-1));
        std::sort(opaque.begin(), opaque.end());
        const auto isOpaque
            = [&](std::int32_t id) { return std::binary_search(opaque.begin(), opaque.end(), id); };
        auto pairs = std::make_unique<CharacterPairs>();
        for (std::uint32_t rank = 0; rank < m_merges.size(); ++rank) {
            const MergeTable::Merge& merge = m_merges[rank];
            if (isOpaque(merge.left) || isOpaque(merge.right))
                return;
            pairs->addAllOf(*m_vocabulary.token(merge.result));
        }
        m_pairs = std::move(pairs);
    });
    return m_pairs.get();
}

Status BpeEncoder::encode(std::string_view piece, std::vector<ModelToken>& out)
{
    if (m_model.m_ignoreMerges) {
        if (const auto id = m_model.m_vocabulary.find(piece)) {
            out.push_back({*id, 0, static_cast<std::uint32_t>(piece.size())});
            return {};
        }
    }
    return piece.size() > kLongPiece ? encodeLong(piece, out) : encodeCached(piece, 0, out);
}

Status BpeEncoder::encodeLong(std::string_view piece, std::vector<ModelToken>& out)
{
    const CharacterPairs* pairs = m_model.mergedPairs();
    std::size_t begin = 0;
    CodePoint left;
    bool leftKnown = false;
    std::size_t nextCheck = 0;
    for (std::size_t i = 0; pairs && i < piece.size();) {
        const CodePoint point = decodeUtf8(piece, i);
        const bool known
            = m_model.findCharacter(piece.substr(i, point.bytes), point.value).has_value();
        if (m_context && i >= nextCheck) {
            MOESCOPE_CHECK(m_context->check());
            nextCheck = i + kLongPiece;
        }
        if (leftKnown && known && !pairs->contains(left.value, point.value)) {
            MOESCOPE_CHECK(encodeCached(
                piece.substr(begin, i - begin), static_cast<std::uint32_t>(begin), out));
            begin = i;
        }
        left = point;
        leftKnown = known;
        i += point.bytes;
    }
    return encodeCached(piece.substr(begin), static_cast<std::uint32_t>(begin), out);
}

Status BpeEncoder::encodeCached(
    std::string_view piece, std::uint32_t begin, std::vector<ModelToken>& out)
{
    const auto append = [&](const ModelToken* tokens, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            out.push_back({tokens[i].id, begin + tokens[i].begin, tokens[i].size});
    };
    const bool cacheable = piece.size() < kCachedPiece;
    if (cacheable) {
        if (const auto it = m_cache.find(piece); it != m_cache.end()) {
            append(m_cachedTokens.data() + it->second.first, it->second.count);
            return {};
        }
    }
    MOESCOPE_CHECK(readSymbols(piece));
    MOESCOPE_CHECK(m_merger.run(m_model.m_merges, m_symbols, m_context));
    append(m_symbols.data(), m_symbols.size());
    if (cacheable && m_cache.size() < kCachedPieces) {
        m_cache.emplace(piece,
            CacheEntry{static_cast<std::uint32_t>(m_cachedTokens.size()),
                static_cast<std::uint32_t>(m_symbols.size())});
        m_cachedTokens.insert(m_cachedTokens.end(), m_symbols.begin(), m_symbols.end());
    }
    return {};
}

Status BpeEncoder::addUnknown(
    std::uint32_t begin, std::uint32_t size, std::optional<ModelToken>& pending)
{
    if (pending && m_model.m_fuseUnknown) {
        pending->size += size;
        return {};
    }
    if (pending)
        m_symbols.push_back(*pending);
    const auto id = m_model.m_vocabulary.find(m_model.m_unknownToken);
    if (!id)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has no token for a part of this text, and its unknown token \"{}\" is "
                        "not in the "
                        "vocabulary.",
                m_model.m_source, quoteToken(m_model.m_unknownToken)));
    pending = ModelToken{*id, begin, size};
    return {};
}

/// The symbols that merging starts from: one a character, or one a byte for a character that the
/// vocabulary lacks.
Status BpeEncoder::readSymbols(std::string_view piece)
{
    m_symbols.clear();
    std::optional<ModelToken> unknown;
    std::string decorated;
    for (std::size_t i = 0; i < piece.size();) {
        const CodePoint point = decodeUtf8(piece, i);
        const auto begin = static_cast<std::uint32_t>(i);
        std::string_view text = piece.substr(i, point.bytes);
        const bool plain = (begin == 0 || m_model.m_continuingPrefix.empty())
            && (i + point.bytes < piece.size() || m_model.m_endSuffix.empty());
        i += point.bytes;
        if (!plain) {
            decorated = begin > 0 ? m_model.m_continuingPrefix : "";
            decorated += text;
            decorated += i == piece.size() ? m_model.m_endSuffix : "";
            text = decorated;
        }
        const auto id
            = plain ? m_model.findCharacter(text, point.value) : m_model.m_vocabulary.find(text);
        if (id) {
            if (unknown)
                m_symbols.push_back(*std::exchange(unknown, std::nullopt));
            m_symbols.push_back({*id, begin, point.bytes});
            continue;
        }
        const auto idOfByte
            = [&](char byte) { return m_model.m_bytes[static_cast<unsigned char>(byte)]; };
        const bool fallBack = m_model.m_byteFallback
            && std::all_of(
                text.begin(), text.end(), [&](char byte) { return idOfByte(byte) >= 0; });
        if (fallBack) {
            for (std::size_t k = 0; k < text.size(); ++k) {
                const std::size_t at = std::min<std::size_t>(k, point.bytes - 1U);
                m_symbols.push_back({idOfByte(text[k]), begin + static_cast<std::uint32_t>(at), 1});
            }
        } else if (m_model.m_hasUnknownToken) {
            MOESCOPE_CHECK(addUnknown(begin, point.bytes, unknown));
        }
    }
    if (unknown)
        m_symbols.push_back(*unknown);
    return {};
}

} // namespace moescope::tokenization
