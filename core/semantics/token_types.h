// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace moescope {

/// The 32 token types of EXPERIMENTS section 1.3 and the two edges.
enum class TokenType : std::uint8_t {
    Spec, Ws, Num, Quote, Br, Op, Pn, Kw, Bool, Type, Var, As, To, Than,
    Syn, Ant, Cause, Cond, Qw, Ans, Neg, Time, Quant, Comp, Coord, Func,
    Cap, Noun, Verb, Adj, Adv, Cw,
    Start, ///< "^", no previous unit
    End, ///< "$", no next unit
};

std::string_view tokenTypeName(TokenType type); ///< "NOUN", "^"
std::string_view tokenTypeLetter(TokenType type); ///< one letter or sign for the strip: "N"
std::string_view tokenTypeMeaning(TokenType type); ///< "noun", "relation word: similarity"

/// 32 types share eight colour groups.
enum class TypeGroup : std::uint8_t { Noun, Verb, Modifier, Function, Relation, Number, Code, Other };
TypeGroup typeGroup(TokenType type);
std::string_view typeGroupName(TypeGroup group);

} // namespace moescope
