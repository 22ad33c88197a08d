// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moescope {

enum class CharClass : std::uint8_t {
    Space,
    Digit, ///< decimal digit of any script
    Upper,
    Lower,
    Letter, ///< of a script without case
    Mark, ///< combining; continues a word
    Number, ///< fraction, superscript, Roman numeral, ...
    Other,
};

/// One character of a text. A byte that is not UTF-8 is a character of class Other.
struct Character {
    char32_t value = 0;
    std::uint8_t bytes = 1;
    CharClass kind = CharClass::Other;
};
/// `offset` must be inside `text`.
Character characterAt(std::string_view text, std::size_t offset);

inline bool isLetter(CharClass kind)
{
    return kind == CharClass::Upper || kind == CharClass::Lower || kind == CharClass::Letter;
}
inline bool isWordCharacter(const Character& c)
{
    return isLetter(c.kind) || c.kind == CharClass::Digit || c.kind == CharClass::Mark
        || c.value == U'_';
}

/// Lower case, with the curly apostrophe made straight: the form that word lists and lexicon hold.
std::string foldWord(std::string_view word);

} // namespace moescope
