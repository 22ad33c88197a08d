// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

#include "core/semantics/token_types.h"

namespace moescope {

// Keywords and names of code keep their case.
bool isHardKeyword(std::string_view word); ///< a keyword even in prose
bool isSoftKeyword(std::string_view word); ///< a keyword in code only, in lower case
bool isSqlKeyword(std::string_view word);
bool isTypeName(std::string_view word);
bool isLiteralName(std::string_view word); ///< True, null, ...

/// AS, TO, THAN or the closed list that holds a word in folded form (EXPERIMENTS section 1.4).
std::optional<TokenType> closedListType(std::string_view folded);
bool callsForVerb(
    std::string_view folded); ///< i, you, he, ...: the next word is a verb if it can be
bool callsForNoun(
    std::string_view folded); ///< a, the, my, ...: the next word is a noun if it can be

} // namespace moescope
