// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace moescope::tokenization {

/// Sets of characters as Oniguruma has them, written as the content of a PCRE2 character class.
struct CharacterSet {
    std::string content;
    bool negated = false;

    std::string expression() const { return (negated ? "[^" : "[") + content + "]"; }
};

/// \s, \w, \d, \h by their letter, in upper case negated; nothing for other letters.
std::optional<CharacterSet> shorthandSet(char letter, bool inClass);
/// General categories, binary properties and POSIX classes. `name` is in lower case, without
/// spaces, underscores, hyphens.
std::optional<CharacterSet> namedSet(const std::string& name, bool negated);

} // namespace moescope::tokenization
