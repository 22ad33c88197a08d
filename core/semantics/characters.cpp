// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/characters.h"

#include <utf8proc.h>

#include "core/base/text.h"

namespace moescope {

namespace {

CharClass asciiClass(char32_t c)
{
    if (c == U' ' || (c >= 0x09 && c <= 0x0D))
        return CharClass::Space;
    if (c >= U'0' && c <= U'9')
        return CharClass::Digit;
    if (c >= U'A' && c <= U'Z')
        return CharClass::Upper;
    return c >= U'a' && c <= U'z' ? CharClass::Lower : CharClass::Other;
}

CharClass unicodeClass(char32_t c)
{
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return CharClass::Space;
    case UTF8PROC_CATEGORY_ND:
        return CharClass::Digit;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LT:
        return CharClass::Upper;
    case UTF8PROC_CATEGORY_LL:
        return CharClass::Lower;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return CharClass::Letter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return CharClass::Mark;
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return CharClass::Number;
    default:
        return c == 0x85 ? CharClass::Space : CharClass::Other;
    }
}

} // namespace

Character characterAt(std::string_view text, std::size_t offset)
{
    const CodePoint point = decodeUtf8(text, offset);
    if (!point.valid)
        return {point.value, 1, CharClass::Other};
    return {point.value, point.bytes,
        point.value < 0x80 ? asciiClass(point.value) : unicodeClass(point.value)};
}

std::string foldWord(std::string_view word)
{
    std::string out;
    out.reserve(word.size());
    for (std::size_t i = 0; i < word.size();) {
        const Character c = characterAt(word, i);
        if (c.value == U'\u2019')
            out.push_back('\'');
        else if (c.kind == CharClass::Upper)
            appendUtf8(out,
                static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.value))));
        else
            out.append(word.substr(i, c.bytes));
        i += c.bytes;
    }
    return out;
}

} // namespace moescope
