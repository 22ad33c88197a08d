// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/scan.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/semantics/characters.h"

namespace moescope {

namespace {

// Longer ones first, so that the first match is the longest.
constexpr std::array<std::string_view, 28> kOperators = {"\"\"\"", "'''", "...",
    "===", "!==", "<=>", "**=", "//=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "//", "**",
    "&&", "||", "<<", ">>", "->", "=>", "++", "--", ":=", "::"};

class LineScanner {
public:
    LineScanner(std::string_view text, std::size_t begin, std::size_t end, bool code)
        : m_line(text.substr(0, end))
        , m_position(begin)
        , m_code(code)
    {
    }

    void scan(std::vector<ScannedUnit>& out)
    {
        bool first = true;
        while (m_position < m_line.size()) {
            const Character c = at(m_position);
            if (c.kind == CharClass::Space) {
                m_position += c.bytes;
                continue;
            }
            ScannedUnit unit;
            unit.begin = static_cast<std::uint32_t>(m_position);
            unit.kind = step(c);
            unit.end = static_cast<std::uint32_t>(m_position);
            unit.code = m_code;
            unit.startsLine = first;
            first = false;
            out.push_back(unit);
        }
    }

private:
    /// The character at `offset`, or white space behind the end.
    Character at(std::size_t offset) const
    {
        return offset < m_line.size() ? characterAt(m_line, offset)
                                      : Character{U' ', 1, CharClass::Space};
    }

    /// Moves over one unit that begins with `c`.
    UnitKind step(const Character& c)
    {
        if (c.kind == CharClass::Digit) {
            number();
            return UnitKind::Number;
        }
        if (isLetter(c.kind) || (m_code && c.value == U'_')) {
            word();
            return UnitKind::Word;
        }
        for (const std::string_view text : kOperators) {
            if (m_line.substr(m_position).starts_with(text)) {
                m_position += text.size();
                return UnitKind::Operator;
            }
        }
        m_position += c.bytes;
        return UnitKind::Character;
    }

    void digits()
    {
        for (Character c = at(m_position); c.kind == CharClass::Digit; c = at(m_position))
            m_position += c.bytes;
    }

    void number()
    {
        const auto isHex = [](char32_t c) {
            return (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'f') || (c >= U'A' && c <= U'F');
        };
        const char32_t second = at(m_position + 1).value;
        if (m_line[m_position] == '0' && (second == U'x' || second == U'X')
            && isHex(at(m_position + 2).value)) {
            m_position += 2;
            while (isHex(at(m_position).value))
                ++m_position;
            return;
        }
        digits();
        for (;;) {
            const char32_t c = at(m_position).value;
            if ((c != U'.' && c != U',') || at(m_position + 1).kind != CharClass::Digit)
                return;
            ++m_position;
            digits();
        }
    }

    void word()
    {
        for (;;) {
            for (Character c = at(m_position); isWordCharacter(c); c = at(m_position))
                m_position += c.bytes;
            const Character joint = at(m_position);
            const bool joins
                = joint.value == U'\'' || joint.value == U'\u2019' || joint.value == U'-';
            if (m_code || !joins || !isLetter(at(m_position + joint.bytes).kind))
                return;
            m_position += joint.bytes;
        }
    }

    std::string_view
        m_line; ///< the text up to the line's end, so that positions are those of the text
    std::size_t m_position;
    bool m_code;
};

} // namespace

std::vector<ScannedUnit> scanText(std::string_view text, Register reg)
{
    text = text.substr(0, std::numeric_limits<std::uint32_t>::max());
    std::vector<ScannedUnit> units;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const bool code = reg == Register::Auto ? isCodeLine(text.substr(begin, end - begin))
                                                : reg == Register::Code;
        LineScanner(text, begin, end, code).scan(units);
        begin = end + 1;
    }
    return units;
}

} // namespace moescope
