// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/token_types.h"

#include <array>
#include <cstddef>

namespace moescope {

namespace {

struct Entry {
    TokenType type;
    std::string_view name;
    std::string_view letter;
    TypeGroup group;
    std::string_view meaning;
};

using enum TokenType;

// Words have letters, everything else has signs.
constexpr std::array<Entry, 34> kTypes{{
    {Spec, "SPEC", "*", TypeGroup::Other, "special token"},
    {Ws, "WS", "·", TypeGroup::Other, "white space"},
    {Num, "NUM", "#", TypeGroup::Number, "number"},
    {Quote, "QUOTE", "\"", TypeGroup::Other, "quotation mark"},
    {Br, "BR", "(", TypeGroup::Code, "bracket"},
    {Op, "OP", "+", TypeGroup::Number, "operator"},
    {Pn, "PN", "P", TypeGroup::Other, "punctuation"},
    {Kw, "KW", "K", TypeGroup::Code, "keyword of a programming language"},
    {Bool, "BOOL", "B", TypeGroup::Code, "literal such as true or null"},
    {Type, "TYPE", ":", TypeGroup::Code, "name of a data type"},
    {Var, "VAR", "X", TypeGroup::Code, "identifier or single-letter variable"},
    {As, "AS", "S", TypeGroup::Relation, "relation word: as"},
    {To, "TO", "O", TypeGroup::Relation, "relation word: to"},
    {Than, "THAN", "H", TypeGroup::Relation, "relation word: than"},
    {Syn, "SYN", "E", TypeGroup::Relation, "relation word: similarity"},
    {Ant, "ANT", "U", TypeGroup::Relation, "relation word: opposition"},
    {Cause, "CAUSE", "R", TypeGroup::Relation, "relation word: cause"},
    {Cond, "COND", "I", TypeGroup::Relation, "relation word: condition"},
    {Qw, "QW", "?", TypeGroup::Relation, "question word"},
    {Ans, "ANS", "Y", TypeGroup::Function, "answer word"},
    {Neg, "NEG", "G", TypeGroup::Relation, "negation"},
    {Time, "TIME", "T", TypeGroup::Relation, "time word"},
    {Quant, "QUANT", "Q", TypeGroup::Relation, "quantity word"},
    {Comp, "COMP", "M", TypeGroup::Modifier, "comparing word"},
    {Coord, "COORD", "&", TypeGroup::Relation, "coordinating conjunction"},
    {Func, "FUNC", "F", TypeGroup::Function, "function word"},
    {Cap, "CAP", "C", TypeGroup::Noun, "capitalised word"},
    {Noun, "NOUN", "N", TypeGroup::Noun, "noun"},
    {Verb, "VERB", "V", TypeGroup::Verb, "verb"},
    {Adj, "ADJ", "A", TypeGroup::Modifier, "adjective"},
    {Adv, "ADV", "D", TypeGroup::Modifier, "adverb"},
    {Cw, "CW", "W", TypeGroup::Other, "other word"},
    {Start, "^", "^", TypeGroup::Other, "nothing before"},
    {End, "$", "$", TypeGroup::Other, "nothing after"},
}};

consteval bool inOrder()
{
    for (std::size_t i = 0; i < kTypes.size(); ++i) {
        if (static_cast<std::size_t>(kTypes[i].type) != i)
            return false;
    }
    return true;
}
static_assert(inOrder());

const Entry& entry(TokenType type)
{
    const auto index = static_cast<std::size_t>(type);
    return kTypes[index < kTypes.size() ? index : static_cast<std::size_t>(Cw)];
}

} // namespace

std::string_view tokenTypeName(TokenType type)
{
    return entry(type).name;
}

std::string_view tokenTypeLetter(TokenType type)
{
    return entry(type).letter;
}

std::string_view tokenTypeMeaning(TokenType type)
{
    return entry(type).meaning;
}

TypeGroup typeGroup(TokenType type)
{
    return entry(type).group;
}

std::string_view typeGroupName(TypeGroup group)
{
    switch (group) {
    case TypeGroup::Noun:
        return "noun";
    case TypeGroup::Verb:
        return "verb";
    case TypeGroup::Modifier:
        return "modifier";
    case TypeGroup::Function:
        return "function word";
    case TypeGroup::Relation:
        return "relation word";
    case TypeGroup::Number:
        return "number";
    case TypeGroup::Code:
        return "code";
    case TypeGroup::Other:
        return "other";
    }
    return "other";
}

} // namespace moescope
