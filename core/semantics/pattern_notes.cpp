// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/semantics/patterns.h"

namespace moescope {

namespace {

using enum TokenType;

/// Name of the relation that a word of this type states; `analogy`: the prompt has an AS.
std::string_view relationLabel(TokenType type, bool analogy)
{
    switch (type) {
    case As:
        return "analogy pivot";
    case To:
        return analogy ? "analogy marker" : "";
    case Syn:
        return "similarity";
    case Ant:
        return "opposition";
    case Than:
        return "comparison";
    case Cause:
        return "cause";
    case Cond:
        return "condition";
    case Qw:
        return "question";
    case Neg:
        return "negation";
    case Time:
        return "time";
    case Quant:
        return "quantity";
    case Coord:
        return "coordination";
    default:
        return "";
    }
}

std::string_view placeLabel(const TaggedToken& token)
{
    if (token.type == Op && token.previous == Num && token.next == Num)
        return "arithmetic operator";
    if (token.type == Num && token.next == Op)
        return "operand";
    if (token.type == Kw && token.previous == Start)
        return "code start";
    if (token.previous == Start)
        return "sequence start";
    return token.next == End ? "sequence end" : "";
}

} // namespace

std::vector<PatternNote> summarisePatterns(std::span<const TaggedToken> tokens)
{
    static const Pattern contentWord = Pattern::parse("→CW→").value();
    const bool analogy = std::any_of(
        tokens.begin(), tokens.end(), [](const TaggedToken& t) { return t.type == As; });
    std::vector<PatternNote> notes;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const TaggedToken& token = tokens[i];
        const bool starts = token.piece == Piece::Whole || token.piece == Piece::First;
        if (token.type == Spec || token.type == Ws || !starts)
            continue;
        PatternNote note;
        note.token = i;
        note.trigram = formatTrigram(token.previous, token.type, token.next);
        const std::string_view relation = relationLabel(token.type, analogy);
        note.label = relation.empty() ? placeLabel(token) : relation;
        if (token.previous == Start || token.next == End)
            note.interest += 2;
        if (!relation.empty())
            note.interest += 3;
        if (token.type == Op)
            note.interest += 2;
        if ((token.previous == As || token.previous == To) && contentWord.match(token))
            note.interest += 2;
        notes.push_back(std::move(note));
    }
    return notes;
}

} // namespace moescope
