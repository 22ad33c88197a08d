// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/patterns.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace moescope {

namespace {

constexpr std::string_view kArrow = "→";

std::optional<TokenType> typeByName(std::string_view name)
{
    for (std::size_t i = 0; i <= static_cast<std::size_t>(TokenType::End); ++i) {
        const auto type = static_cast<TokenType>(i);
        if (tokenTypeName(type) == name)
            return type;
    }
    return std::nullopt;
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t begin = text.find_first_not_of(' ');
    return begin == std::string_view::npos
        ? std::string_view()
        : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

/// "A → B->C" becomes {"A", "B", "C"}; an arrow at an end leaves an empty part there.
std::vector<std::string_view> split(std::string_view text)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t sign = text.find(kArrow);
        const std::size_t ascii = text.find("->");
        const std::size_t arrow = std::min(sign, ascii);
        parts.push_back(trimmed(text.substr(0, arrow)));
        if (arrow == std::string_view::npos)
            return parts;
        text.remove_prefix(arrow + (sign < ascii ? kArrow.size() : 2));
    }
}

bool isContent(TokenType type)
{
    using enum TokenType;
    static constexpr std::array<TokenType, 7> content = {Cw, Noun, Verb, Adj, Adv, Cap, Var};
    return std::find(content.begin(), content.end(), type) != content.end();
}

bool fits(TokenType wanted, TokenType actual)
{
    return wanted == TokenType::Cw ? isContent(actual) : wanted == actual;
}

} // namespace

Result<Pattern> Pattern::parse(std::string_view text)
{
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorCode::InvalidArgument, fmt::format("The pattern \"{}\" {}.", text, why));
    };
    std::vector<std::string_view> parts = split(text);
    const bool openLeft = parts.size() > 1 && parts.front().empty();
    const bool openRight = parts.size() > 1 && parts.back().empty();
    if (openLeft)
        parts.erase(parts.begin());
    if (openRight)
        parts.pop_back();

    Pattern pattern;
    for (const std::string_view part : parts) {
        const auto type = typeByName(part);
        if (!type || *type == TokenType::Spec)
            return refuse(
                fmt::format("names \"{}\", which is no type of a token in a trigram", part));
        pattern.types.push_back(*type);
        pattern.raw = pattern.raw || type == TokenType::Ws;
    }
    const std::size_t count = pattern.types.size();
    if (count == 3 && !openLeft && !openRight)
        pattern.side = PatternSide::Whole;
    else if (count == 2 && openLeft != openRight)
        pattern.side = openLeft ? PatternSide::Right : PatternSide::Left;
    else if (count == 2 && !openLeft)
        pattern.side = pattern.types[0] == TokenType::Start ? PatternSide::Left
            : pattern.types[1] == TokenType::End            ? PatternSide::Right
                                                            : PatternSide::LeftOrRight;
    else if (count == 1 && openLeft && openRight)
        pattern.side = PatternSide::Centre;
    else
        return refuse("should read like A→B→C, A→B, →B→ or →B→C");

    const bool hasPrevious
        = pattern.side == PatternSide::Whole || pattern.side == PatternSide::Left;
    const bool hasNext = pattern.side == PatternSide::Whole || pattern.side == PatternSide::Right;
    for (std::size_t i = 0; i < count; ++i) {
        if ((pattern.types[i] == TokenType::Start && !(hasPrevious && i == 0))
            || (pattern.types[i] == TokenType::End && !(hasNext && i + 1 == count)))
            return refuse("has an edge (^ or $) in the middle");
    }
    for (std::size_t i = 0; i < count; ++i)
        pattern.text += fmt::format(
            "{}{}", i == 0 && !openLeft ? "" : kArrow, tokenTypeName(pattern.types[i]));
    if (openRight)
        pattern.text += kArrow;
    return pattern;
}

std::optional<PatternSide> Pattern::match(const TaggedToken& token) const
{
    if (token.type == TokenType::Spec || types.empty())
        return std::nullopt;
    const TokenType previous = raw ? token.previousRaw : token.previous;
    const TokenType next = raw ? token.nextRaw : token.next;
    const auto left = [&] { return fits(types[0], previous) && fits(types[1], token.type); };
    const auto right = [&] { return fits(types[0], token.type) && fits(types[1], next); };
    bool matches = false;
    switch (side) {
    case PatternSide::Whole:
        matches = types.size() == 3 && left() && fits(types[2], next);
        break;
    case PatternSide::Centre:
        matches = fits(types[0], token.type);
        break;
    case PatternSide::Left:
        matches = types.size() == 2 && left();
        break;
    case PatternSide::Right:
        matches = types.size() == 2 && right();
        break;
    case PatternSide::LeftOrRight:
        if (types.size() == 2 && left())
            return PatternSide::Left;
        if (types.size() == 2 && right())
            return PatternSide::Right;
        return std::nullopt;
    }
    return matches ? std::optional(side) : std::nullopt;
}

} // namespace moescope
