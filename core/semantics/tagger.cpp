// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/tagger.h"

#include <algorithm>
#include <limits>

#include "core/semantics/characters.h"

namespace moescope {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

/// A unit that owns a token, or a white-space token: what a trigram is made of.
struct Entry {
    TokenType type = TokenType::Ws;
    std::uint32_t tokens = 0;
};

/// Special tokens separate: neither their bytes nor a sentence may run through them.
std::string withoutSpecial(std::string_view text, std::span<const TokenSpan> tokens)
{
    std::string out(text);
    for (const TokenSpan& token : tokens) {
        const std::size_t end = std::min<std::size_t>(token.end, out.size());
        for (std::size_t i = token.begin; token.special && i < end; ++i)
            out[i] = '\n';
    }
    return out;
}

/// The unit that holds the token's first byte that is not white space.
std::size_t unitOf(const TokenSpan& token, std::span<const Unit> units)
{
    if (token.blank)
        return kNone;
    const auto unit = std::upper_bound(units.begin(), units.end(), token.begin,
        [](std::uint32_t position, const Unit& candidate) { return position < candidate.end; });
    // The bytes of a fallback character before its last have an empty span at the character.
    const std::uint32_t end = std::max(token.end, token.begin == token.end ? token.begin + 1 : 0U);
    return unit != units.end() && unit->begin < end ? static_cast<std::size_t>(unit - units.begin())
                                                    : kNone;
}

/// Entries in text order with the nearest one on either side that is not white space.
class Neighbours {
public:
    explicit Neighbours(const std::vector<Entry>& entries)
        : m_entries(entries)
        , m_before(entries.size() + 1, kNone)
        , m_after(entries.size() + 1, kNone)
    {
        for (std::size_t i = 0; i < entries.size(); ++i)
            m_before[i + 1] = entries[i].type == TokenType::Ws ? m_before[i] : i;
        for (std::size_t i = entries.size(); i-- > 0;)
            m_after[i] = entries[i].type == TokenType::Ws ? m_after[i + 1] : i;
    }

    /// `begin`, `end`: the entries that the token itself covers (none for a special token).
    void fill(TaggedToken& token, std::size_t begin, std::size_t end) const
    {
        const std::size_t previous = m_before[begin];
        token.previous = typeAt(previous, TokenType::Start);
        token.previous2 = typeAt(previous == kNone ? kNone : m_before[previous], TokenType::Start);
        token.next = typeAt(m_after[end], TokenType::End);
        token.previousRaw = typeAt(begin == 0 ? kNone : begin - 1, TokenType::Start);
        token.nextRaw = typeAt(end == m_entries.size() ? kNone : end, TokenType::End);
    }

private:
    TokenType typeAt(std::size_t entry, TokenType edge) const
    {
        return entry == kNone ? edge : m_entries[entry].type;
    }

    const std::vector<Entry>& m_entries;
    std::vector<std::size_t> m_before; ///< nearest before entry i, not counting i
    std::vector<std::size_t> m_after; ///< nearest from entry i on, counting i
};

} // namespace

std::vector<TaggedToken> tagTokens(
    std::string_view text, std::span<const TokenSpan> tokens, const Lexicon& lexicon, Register reg)
{
    const bool anySpecial = std::any_of(tokens.begin(), tokens.end(),
        [](const TokenSpan& t) { return t.special && t.begin < t.end; });
    const std::vector<Unit> units = anySpecial
        ? scanUnits(withoutSpecial(text, tokens), lexicon, reg)
        : scanUnits(text, lexicon, reg);

    std::vector<TaggedToken> tagged(tokens.size());
    std::vector<Entry> entries;
    std::vector<std::size_t> entryOfToken(tokens.size());
    std::vector<std::uint32_t> rank(
        tokens.size(), 0); ///< of the token among the pieces of its unit
    std::vector<std::size_t> entryOfUnit(units.size(), kNone);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        TaggedToken& token = tagged[i];
        entryOfToken[i] = entries.size();
        if (tokens[i].special) {
            token.type = TokenType::Spec;
            continue;
        }
        const std::size_t unit = unitOf(tokens[i], units);
        if (unit == kNone) {
            token.type = TokenType::Ws;
            entries.push_back({TokenType::Ws, 1});
            continue;
        }
        token.type = units[unit].type;
        token.unit = static_cast<std::int32_t>(unit);
        token.multi = unit + 1 < units.size() && units[unit + 1].begin < tokens[i].end;
        if (entryOfUnit[unit] == kNone) {
            entryOfUnit[unit] = entries.size();
            entries.push_back({token.type, 0});
        }
        entryOfToken[i] = entryOfUnit[unit];
        rank[i] = entries[entryOfToken[i]].tokens++;
    }

    const Neighbours neighbours(entries);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        TaggedToken& token = tagged[i];
        const std::size_t entry = entryOfToken[i];
        if (token.type == TokenType::Spec) {
            neighbours.fill(token, entry, entry);
            continue;
        }
        neighbours.fill(token, entry, entry + 1);
        const std::uint32_t pieces = entries[entry].tokens;
        if (pieces > 1)
            token.piece = rank[i] == 0  ? Piece::First
                : rank[i] + 1 == pieces ? Piece::Last
                                        : Piece::Inner;
    }
    return tagged;
}

bool isBlank(std::string_view bytes)
{
    for (std::size_t i = 0; i < bytes.size();) {
        const Character c = characterAt(bytes, i);
        if (c.kind != CharClass::Space)
            return false;
        i += c.bytes;
    }
    return !bytes.empty();
}

std::string formatTrigram(TokenType previous, TokenType current, TokenType next)
{
    std::string out(tokenTypeName(previous));
    out.append("→").append(tokenTypeName(current)).append("→").append(tokenTypeName(next));
    return out;
}

} // namespace moescope
