// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece_file.h"

#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/tokenizer/unicode.h"

namespace moescope::tokenization {

namespace {

/// A field of a protocol buffer message.
struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0; ///< of a number
    std::string_view bytes; ///< of text or a message
    std::string_view whole; ///< with its tag
};

/// Reads field after field; ends early, and is then `broken`, where the bytes are no message.
class MessageReader {
public:
    explicit MessageReader(std::string_view bytes)
        : m_bytes(bytes)
    {
    }
    bool broken() const { return m_broken; }
    std::size_t offset() const { return m_at; }

    bool next(Field& field)
    {
        if (m_at == m_bytes.size())
            return false;
        const std::size_t begin = m_at;
        const auto tag = varint();
        field = {};
        field.number = static_cast<std::uint32_t>(tag.value_or(0) >> 3);
        bool good = tag && field.number != 0 && *tag >> 32 == 0;
        switch (tag.value_or(0) & 7) {
        case 0: {
            const auto value = varint();
            good = good && value;
            field.value = value.value_or(0);
            break;
        }
        case 1:
            good = good && take(8, field.bytes);
            break;
        case 2: {
            const auto size = varint();
            good = good && size && take(*size, field.bytes);
            break;
        }
        case 5:
            good = good && take(4, field.bytes);
            break;
        default:
            good = false;
        }
        m_broken = !good;
        field.whole = m_bytes.substr(begin, m_at - begin);
        return good;
    }

private:
    std::optional<std::uint64_t> varint()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && m_at < m_bytes.size(); shift += 7) {
            const auto byte = static_cast<unsigned char>(m_bytes[m_at++]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80)
                return value;
        }
        return std::nullopt;
    }
    bool take(std::uint64_t size, std::string_view& bytes)
    {
        if (size > m_bytes.size() - m_at)
            return false;
        bytes = m_bytes.substr(m_at, size);
        m_at += size;
        return true;
    }
    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_broken = false;
};

std::uint32_t readUnit(std::string_view bytes, std::size_t index)
{
    std::uint32_t unit = 0;
    std::memcpy(&unit, bytes.data() + 4 * index, sizeof unit);
    return unit;
}

/// A "precompiled charsmap": the size of a double-array trie, the trie, and the replacements, each
/// ended by a zero byte. True when every walk through the trie, whatever the text, stays inside
/// both.
bool isSafeCharactersMap(std::string_view map)
{
    if (map.empty())
        return true;
    if (map.size() < 4)
        return false;
    const std::size_t trieBytes = readUnit(map, 0);
    if (trieBytes > map.size() - 4)
        return false;
    const std::string_view trie = map.substr(4, trieBytes);
    const std::string_view replacements = map.substr(4 + trieBytes);
    const std::size_t count = trie.size() / 4;
    if (count == 0 || replacements.empty() || replacements.back() != '\0')
        return false;
    // A unit has a label in its low byte, a leaf flag above it and the distance of its children.
    const auto children = [&](std::size_t at, std::uint32_t unit) {
        return at ^ static_cast<std::size_t>((unit >> 10) << ((unit & (1U << 9)) >> 6));
    };
    std::vector<bool> seen(count);
    std::vector<std::size_t> pending{children(0, readUnit(trie, 0))};
    while (!pending.empty()) {
        const std::size_t base = pending.back();
        pending.pop_back();
        if ((base | 0xFF) >= count)
            return false;
        if (seen[base])
            continue;
        seen[base] = true;
        for (std::size_t label = 0; label < 256; ++label) {
            const std::uint32_t unit = readUnit(trie, base ^ label);
            if ((unit & 0x800000FFU) != label)
                continue;
            const std::size_t next = children(base ^ label, unit);
            if ((next | 0xFF) >= count)
                return false;
            const bool leaf = ((unit >> 8) & 1U) != 0;
            if (leaf && (readUnit(trie, next) & 0x7FFFFFFFU) >= replacements.size())
                return false;
            pending.push_back(next);
        }
    }
    return true;
}

struct NormalizerFacts {
    bool addsDummyPrefix = true;
    bool removesExtraSpaces = true;
    bool escapesSpaces = true;
    std::string_view charactersMap;
};

bool readNormalizer(std::string_view bytes, NormalizerFacts& facts)
{
    MessageReader reader(bytes);
    for (Field field; reader.next(field);) {
        if (field.number == 2)
            facts.charactersMap = field.bytes;
        else if (field.number == 3)
            facts.addsDummyPrefix = field.value != 0;
        else if (field.number == 4)
            facts.removesExtraSpaces = field.value != 0;
        else if (field.number == 5)
            facts.escapesSpaces = field.value != 0;
    }
    return !reader.broken();
}

bool readTrainer(std::string_view bytes, SentencePieceFacts& facts, bool& spaceAsSuffix)
{
    MessageReader reader(bytes);
    for (Field field; reader.next(field);) {
        if (field.number == 3 && field.value >= 1 && field.value <= 4)
            facts.type = static_cast<SentencePieceFacts::Type>(field.value);
        else if (field.number == 24)
            spaceAsSuffix = field.value != 0;
        else if (field.number == 35)
            facts.byteFallback = field.value != 0;
    }
    return !reader.broken();
}

bool readPiece(std::string_view bytes, CharacterPairs& pairs)
{
    constexpr std::uint64_t kNormal = 1;
    constexpr std::uint64_t kUserDefined = 4;
    constexpr std::uint64_t kUnused = 5;
    std::string_view text;
    std::uint64_t type = kNormal;
    MessageReader reader(bytes);
    for (Field field; reader.next(field);) {
        if (field.number == 1)
            text = field.bytes;
        else if (field.number == 3)
            type = field.value;
    }
    if (firstInvalidUtf8(text))
        return false;
    if (type == kNormal || type == kUserDefined || type == kUnused)
        pairs.addAllOf(text);
    return !reader.broken();
}

} // namespace

Result<SentencePieceFacts> inspectSentencePieceModel(
    std::string_view bytes, std::string_view source)
{
    SentencePieceFacts facts;
    NormalizerFacts normalizer;
    NormalizerFacts denormalizer;
    bool spaceAsSuffix = false;
    std::size_t pieces = 0;
    const auto noModel = [&](std::size_t offset) {
        return fail(ErrorCode::BadFormat,
            fmt::format(
                "{} is not a sentencepiece model: it is broken at byte {}.", source, offset));
    };
    MessageReader reader(bytes);
    for (Field field; reader.next(field);) {
        bool good = true;
        if (field.number == 1) {
            good = readPiece(field.bytes, facts.pairs);
            ++pieces;
        } else if (field.number == 2) {
            good = readTrainer(field.bytes, facts, spaceAsSuffix);
        } else if (field.number == 3) {
            good = readNormalizer(field.bytes, normalizer);
        } else if (field.number == 5) {
            good = readNormalizer(field.bytes, denormalizer);
        }
        if (!good)
            return noModel(static_cast<std::size_t>(field.whole.data() - bytes.data()));
    }
    if (reader.broken())
        return noModel(reader.offset());
    if (pieces == 0)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is not a sentencepiece model: it has no pieces.", source));
    if (!isSafeCharactersMap(normalizer.charactersMap)
        || !isSafeCharactersMap(denormalizer.charactersMap))
        return fail(ErrorCode::BadFormat,
            fmt::format("{} is broken: its table of characters is damaged.", source));
    facts.addsDummyPrefix = normalizer.addsDummyPrefix;
    facts.cuttable = facts.type == SentencePieceFacts::Type::Bpe && facts.byteFallback
        && !spaceAsSuffix && normalizer.charactersMap.empty() && !normalizer.removesExtraSpaces
        && normalizer.escapesSpaces;
    return facts;
}

std::string modelFor(TextPart part, std::string_view bytes)
{
    constexpr std::uint32_t kSelfTest = 4;
    std::string out;
    out.reserve(bytes.size() + 4);
    MessageReader reader(bytes);
    for (Field field; reader.next(field);)
        if (field.number != kSelfTest)
            out += field.whole;
    // A second normalizer message is merged into the first: add_dummy_prefix = false.
    if (part == TextPart::Continuation)
        out.append("\x1A\x02\x18\x00", 4);
    return out;
}

} // namespace moescope::tokenization
