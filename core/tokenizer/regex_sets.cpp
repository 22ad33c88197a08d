// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/regex_sets.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/tokenizer/unicode_additions.h"

namespace moescope::tokenization {

namespace {

struct Name {
    std::string_view name;
    std::string_view category;
};

struct Property {
    std::string_view name;
    std::string_view content;
    std::string_view
        additions; ///< categories whose newer characters belong to it, with spaces between
};

/// PCRE2's own \s also has U+180E, its \w lacks marks. Oniguruma's \w has the superscripts and
/// fractions of Latin-1, but not inside a class.
constexpr std::string_view kSpace
    = "\\x{9}-\\x{D}\\x{20}\\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}"
      "\\x{2029}\\x{202F}\\x{205F}\\x{3000}";
constexpr std::string_view kWord = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
constexpr std::string_view kWordOutside
    = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";

constexpr std::array kCategoryNames{
    Name{"letter", "L"},
    Name{"uppercaseletter", "Lu"},
    Name{"lowercaseletter", "Ll"},
    Name{"titlecaseletter", "Lt"},
    Name{"modifierletter", "Lm"},
    Name{"otherletter", "Lo"},
    Name{"mark", "M"},
    Name{"nonspacingmark", "Mn"},
    Name{"spacingmark", "Mc"},
    Name{"enclosingmark", "Me"},
    Name{"number", "N"},
    Name{"decimalnumber", "Nd"},
    Name{"letternumber", "Nl"},
    Name{"othernumber", "No"},
    Name{"punctuation", "P"},
    Name{"symbol", "S"},
    Name{"separator", "Z"},
    Name{"other", "C"},
    Name{"digit", "Nd"},
};

constexpr std::array kProperties{
    Property{"any", "\\p{Any}", ""},
    Property{"alpha", "\\p{Alphabetic}", "L Mc"},
    Property{"alphabetic", "\\p{Alphabetic}", "L Mc"},
    Property{"upper", "\\p{Uppercase}", "Lu"},
    Property{"uppercase", "\\p{Uppercase}", "Lu"},
    Property{"lower", "\\p{Lowercase}", "Ll"},
    Property{"lowercase", "\\p{Lowercase}", "Ll"},
    Property{"alnum", "\\p{Alphabetic}\\p{Nd}", "L Mc Nd"},
    Property{"word", kWord, "L M Nd"},
    Property{"wordoutside", kWordOutside, "L M Nd"},
    Property{"space", kSpace, ""},
    Property{"whitespace", kSpace, ""},
    Property{"xdigit", "0-9A-Fa-f", ""},
    Property{"ascii", "\\x{0}-\\x{7F}", ""},
    Property{"emoji", "\\p{Emoji}", ""},
    Property{"ideographic", "\\p{Ideographic}", ""},
};

constexpr std::array<std::string_view, 37> kCategories{"c", "cc", "cf", "cn", "co", "cs", "l", "ll",
    "lm", "lo", "lt", "lu", "m", "mc", "me", "mn", "n", "nd", "nl", "no", "p", "pc", "pd", "pe",
    "pf", "pi", "po", "ps", "s", "sc", "sk", "sm", "so", "z", "zl", "zp", "zs"};

CharacterSet categorySet(std::string_view category, bool negated)
{
    return {fmt::format("\\p{{{}}}", category) + newCharactersOf(category), negated};
}

} // namespace

std::optional<CharacterSet> shorthandSet(char letter, bool inClass)
{
    const bool negated = letter >= 'A' && letter <= 'Z';
    switch (letter | 0x20) {
    case 's':
        return namedSet("space", negated);
    case 'w':
        return namedSet(inClass ? "word" : "wordoutside", negated);
    case 'd':
        return namedSet("digit", negated);
    case 'h':
        return namedSet("xdigit", negated);
    default:
        return std::nullopt;
    }
}

std::optional<CharacterSet> namedSet(const std::string& name, bool negated)
{
    for (const Name& known : kCategoryNames)
        if (known.name == name)
            return categorySet(known.category, negated);
    for (const Property& property : kProperties) {
        if (property.name != name)
            continue;
        CharacterSet set{std::string(property.content), negated};
        for (std::string_view rest = property.additions; !rest.empty();) {
            const std::size_t space = std::min(rest.find(' '), rest.size());
            set.content += newCharactersOf(rest.substr(0, space));
            rest.remove_prefix(std::min(space + 1, rest.size()));
        }
        return set;
    }
    if (std::find(kCategories.begin(), kCategories.end(), name) == kCategories.end())
        return std::nullopt;
    std::string category = name;
    category[0] = static_cast<char>(category[0] & ~0x20);
    return categorySet(category, negated);
}

} // namespace moescope::tokenization
