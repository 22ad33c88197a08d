// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/semantics/tagger.h"
#include "tests/support/files.h"

namespace moescope::test {

/// The program's lexicon, loaded once. Null when it cannot be read.
inline const Lexicon* lexicon()
{
    static const auto loaded = Lexicon::load(resources());
    return loaded ? loaded->get() : nullptr;
}

inline bool isSpace(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/// One token a unit with the space before it, but a bare space token before a digit, as all bundled
/// tokenizers do it.
inline std::vector<TokenSpan> unitTokens(std::string_view text)
{
    std::vector<TokenSpan> spans;
    std::uint32_t end = 0;
    for (const Unit& unit : scanUnits(text, *lexicon())) {
        if (end < unit.begin && text[unit.begin] >= '0' && text[unit.begin] <= '9')
            spans.push_back({end, std::exchange(end, unit.begin)});
        spans.push_back({end, unit.end});
        end = unit.end;
    }
    if (end < text.size())
        spans.push_back({end, static_cast<std::uint32_t>(text.size())});
    return spans;
}

/// Cuts the text at random bytes.
inline std::vector<TokenSpan> randomTokens(std::string_view text, Random& random)
{
    std::vector<TokenSpan> spans;
    for (std::uint32_t begin = 0; begin < text.size();) {
        const auto length = static_cast<std::uint32_t>(1 + random.below(6));
        const auto end = std::min(begin + length, static_cast<std::uint32_t>(text.size()));
        spans.push_back({begin, end});
        begin = end;
    }
    return spans;
}

/// "NOUN FUNC TO" of the units.
inline std::string unitTypes(std::string_view text, Register reg = Register::Auto)
{
    std::string out;
    for (const Unit& unit : scanUnits(text, *lexicon(), reg))
        out.append(out.empty() ? "" : " ").append(tokenTypeName(unit.type));
    return out;
}

/// "King|is|to" of the units.
inline std::string unitTexts(std::string_view text, Register reg = Register::Auto)
{
    std::string out;
    for (const Unit& unit : scanUnits(text, *lexicon(), reg))
        out.append(out.empty() ? "" : "|").append(text.substr(unit.begin, unit.end - unit.begin));
    return out;
}

inline std::string types(const std::vector<TaggedToken>& tokens)
{
    std::string out;
    for (const TaggedToken& token : tokens)
        out.append(out.empty() ? "" : " ").append(tokenTypeName(token.type));
    return out;
}

} // namespace moescope::test
