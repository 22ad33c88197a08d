// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "core/semantics/characters.h"
#include "core/semantics/scan.h"
#include "core/semantics/word_lists.h"

namespace moescope {

namespace {

constexpr std::string_view kSpaces = " \t\r\v\f";

std::string_view trim(std::string_view line)
{
    const std::size_t begin = line.find_first_not_of(kSpaces);
    if (begin == std::string_view::npos)
        return {};
    return line.substr(begin, line.find_last_not_of(kSpaces) - begin + 1);
}

/// Length of the run of letters, digits, marks and `_` at `offset`.
std::size_t wordLength(std::string_view line, std::size_t offset)
{
    std::size_t end = offset;
    while (end < line.size()) {
        const Character c = characterAt(line, end);
        if (!isWordCharacter(c))
            break;
        end += c.bytes;
    }
    return end - offset;
}

bool startsIdentifier(std::string_view line, std::size_t offset)
{
    const Character c = characterAt(line, offset);
    return isLetter(c.kind) || c.value == U'_';
}

bool containsOperator(std::string_view line)
{
    static constexpr std::array<std::string_view, 9> operators
        = {"==", "!=", "+=", "-=", "->", "=>", "::", "&&", "||"};
    return std::any_of(operators.begin(), operators.end(),
        [&](std::string_view text) { return line.find(text) != std::string_view::npos; });
}

/// "area(" or "row[".
bool callsOrIndexes(std::string_view line)
{
    for (std::size_t i = 0; i < line.size();) {
        const std::size_t length = wordLength(line, i);
        if (length == 0) {
            i += characterAt(line, i).bytes;
            continue;
        }
        const bool identifier = startsIdentifier(line, i);
        i += length;
        if (identifier && i < line.size() && (line[i] == '(' || line[i] == '['))
            return true;
    }
    return false;
}

/// Cuts the next word off, where a word may hold dots when `dotted`.
std::string_view takeWord(std::string_view& rest, bool dotted)
{
    rest.remove_prefix(std::min(rest.find_first_not_of(kSpaces), rest.size()));
    std::size_t end = 0;
    while (end < rest.size()) {
        const std::size_t length = wordLength(rest, end);
        if (length == 0 && !(dotted && rest[end] == '.'))
            break;
        end += std::max<std::size_t>(length, 1);
    }
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end);
    return word;
}

bool isImport(std::string_view rest)
{
    const std::string_view first = takeWord(rest, false);
    if (first != "import" && first != "from")
        return false;
    if (takeWord(rest, true).empty())
        return false;
    if (first == "from")
        return takeWord(rest, false) == "import";
    const std::string_view as = takeWord(rest, false);
    if (as.empty())
        return trim(rest).empty();
    return as == "as" && !takeWord(rest, false).empty() && trim(rest).empty();
}

} // namespace

bool isCodeLine(std::string_view whole)
{
    const std::string_view line = trim(whole);
    if (line.empty())
        return false;
    const char last = line.back();
    if (containsOperator(line) || last == '{' || last == '}' || last == ';' || callsOrIndexes(line))
        return true;
    if (!startsIdentifier(line, 0))
        return false;
    std::string_view rest = line;
    const std::string_view first = takeWord(rest, false);
    if (trim(rest).starts_with('=') || isHardKeyword(first))
        return true;
    if (isSoftKeyword(first)
        && (last == ':' || line.find_first_of("=<>+*/%[]{}") != std::string_view::npos))
        return true;
    static constexpr std::array<std::string_view, 6> openers
        = {"while", "if", "for", "try", "with", "class"};
    if (std::find(openers.begin(), openers.end(), first) != openers.end()
        && line.find(": ") != std::string_view::npos)
        return true;
    return isImport(line);
}

} // namespace moescope
