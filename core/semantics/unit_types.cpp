// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <string>

#include "core/semantics/characters.h"
#include "core/semantics/scan.h"
#include "core/semantics/word_lists.h"

namespace moescope {

namespace {

bool isWordOrNumber(const ScannedUnit& unit)
{
    return unit.kind == UnitKind::Word || unit.kind == UnitKind::Number;
}

TokenType signType(std::string_view sign)
{
    const Character c = characterAt(sign, 0);
    static constexpr std::u32string_view operators = U"+-*/=<>^%&~×÷±√≤≥≠≈|";
    static constexpr std::u32string_view brackets = U"()[]{}";
    static constexpr std::u32string_view quotes = U"'\"`";
    if (quotes.find(c.value) != quotes.npos || (c.value >= U'\u2018' && c.value <= U'\u201F'))
        return TokenType::Quote;
    if (brackets.find(c.value) != brackets.npos)
        return TokenType::Br;
    if (operators.find(c.value) != operators.npos)
        return TokenType::Op;
    return c.kind == CharClass::Number ? TokenType::Num : TokenType::Pn;
}

TokenType operatorType(std::string_view text)
{
    if (text == "\"\"\"" || text == "'''")
        return TokenType::Quote;
    return text == "::" || text == "..." ? TokenType::Pn : TokenType::Op;
}

TokenType codeWordType(std::string_view word)
{
    if (isHardKeyword(word) || isSoftKeyword(word) || isSqlKeyword(word))
        return TokenType::Kw;
    if (isLiteralName(word))
        return TokenType::Bool;
    return isTypeName(word) ? TokenType::Type : TokenType::Var;
}

/// How a word is written.
struct WordShape {
    std::size_t characters = 0;
    bool capitalised = false;
    bool allCapitals = false;
    bool singleLetter = false; ///< of a script with case
};

WordShape shapeOf(std::string_view word)
{
    WordShape shape;
    bool lower = false;
    bool upper = false;
    for (std::size_t i = 0; i < word.size();) {
        const Character c = characterAt(word, i);
        upper = upper || c.kind == CharClass::Upper;
        lower = lower || c.kind == CharClass::Lower;
        shape.capitalised = shape.capitalised || (i == 0 && upper);
        ++shape.characters;
        i += c.bytes;
    }
    shape.allCapitals = upper && !lower && shape.characters > 1;
    shape.singleLetter = shape.characters == 1 && (upper || lower);
    return shape;
}

class UnitTyper {
public:
    UnitTyper(std::string_view text, const std::vector<ScannedUnit>& units, const Lexicon& lexicon)
        : m_text(text)
        , m_units(units)
        , m_lexicon(lexicon)
    {
    }

    std::vector<Unit> run()
    {
        std::vector<Unit> typed;
        typed.reserve(m_units.size());
        for (std::size_t i = 0; i < m_units.size(); ++i) {
            if (i >= m_sentence.end)
                m_sentence = sentenceFrom(i);
            const ScannedUnit& unit = m_units[i];
            typed.push_back({unit.begin, unit.end, typeOf(i), unit.code});
        }
        return typed;
    }

private:
    /// A sentence ends with its line or behind `.`, `!`, `?` and the quotes and brackets that close
    /// it.
    struct Sentence {
        std::size_t end = 0; ///< index after its last unit
        std::size_t firstWord = 0; ///< index of its first word or number
        std::size_t words = 0; ///< words and numbers
        bool question = false;
    };

    std::string_view textOf(std::size_t i) const
    {
        return m_text.substr(m_units[i].begin, m_units[i].end - m_units[i].begin);
    }

    /// A sign that ends a sentence, unless a word or number hangs on to it as in "3.x" or
    /// "example.org".
    bool isTerminator(std::size_t i) const
    {
        const std::string_view text = textOf(i);
        if (isWordOrNumber(m_units[i])
            || (text != "." && text != "!" && text != "?" && text != "..." && text != "…"
                && text != "。" && text != "！" && text != "？"))
            return false;
        return i + 1 == m_units.size() || m_units[i + 1].begin != m_units[i].end
            || !isWordOrNumber(m_units[i + 1]);
    }

    bool isClosing(std::size_t i) const
    {
        if (isWordOrNumber(m_units[i]))
            return false;
        const std::string_view text = textOf(i);
        return text == ")" || text == "]" || text == "}" || signType(text) == TokenType::Quote;
    }

    Sentence sentenceFrom(std::size_t begin) const
    {
        Sentence sentence;
        sentence.firstWord = m_units.size();
        bool ended = false;
        std::size_t i = begin;
        for (; i < m_units.size() && (i == begin || !m_units[i].startsLine); ++i) {
            const bool terminator = isTerminator(i);
            if (ended && !terminator && !isClosing(i))
                break;
            ended = ended || terminator;
            if (terminator && (textOf(i) == "?" || textOf(i) == "？"))
                sentence.question = true;
            if (isWordOrNumber(m_units[i])) {
                sentence.firstWord = std::min(sentence.firstWord, i);
                ++sentence.words;
            }
        }
        sentence.end = i;
        return sentence;
    }

    TokenType typeOf(std::size_t i) const
    {
        switch (m_units[i].kind) {
        case UnitKind::Number:
            return TokenType::Num;
        case UnitKind::Operator:
            return operatorType(textOf(i));
        case UnitKind::Character:
            return signType(textOf(i));
        case UnitKind::Word:
            break;
        }
        return m_units[i].code ? codeWordType(textOf(i)) : proseWordType(i);
    }

    TokenType proseWordType(std::size_t i) const
    {
        const std::string_view word = textOf(i);
        const WordShape shape = shapeOf(word);
        if (isHardKeyword(word))
            return TokenType::Kw;
        if (shape.singleLetter && word != "a" && word != "A" && word != "I")
            return TokenType::Var;
        const std::string folded = foldWord(word);
        if (folded == "none")
            return nextIs(i, "of") ? TokenType::Quant : TokenType::Neg;
        if (folded == "no")
            return nextIs(i, ",") || m_sentence.words == 1 ? TokenType::Ans : TokenType::Neg;
        const bool initial = i == m_sentence.firstWord;
        if (folded == "when")
            return initial && m_sentence.question ? TokenType::Qw : TokenType::Cond;
        if (const auto listed = closedListType(folded))
            return *listed;
        if (shape.allCapitals || (shape.capitalised && !initial))
            return TokenType::Cap;
        const Lexicon::Reading reading = m_lexicon.read(folded);
        if (!reading.known)
            return shape.capitalised ? TokenType::Cap : TokenType::Cw;
        return repaired(i, reading);
    }

    /// Corrects the commonest reading where the word before decides.
    TokenType repaired(std::size_t i, const Lexicon::Reading& reading) const
    {
        if (i == 0 || m_units[i].startsLine || m_units[i - 1].kind != UnitKind::Word)
            return reading.best;
        const std::string before = foldWord(textOf(i - 1));
        const bool nominal = reading.best == TokenType::Noun || reading.best == TokenType::Adj;
        if (nominal && reading.has[1] && callsForVerb(before))
            return TokenType::Verb;
        if (reading.best == TokenType::Verb && reading.has[0] && callsForNoun(before))
            return TokenType::Noun;
        return reading.best;
    }

    /// The following unit of the same line is `word`.
    bool nextIs(std::size_t i, std::string_view word) const
    {
        return i + 1 < m_units.size() && !m_units[i + 1].startsLine
            && foldWord(textOf(i + 1)) == word;
    }

    std::string_view m_text;
    const std::vector<ScannedUnit>& m_units;
    const Lexicon& m_lexicon;
    Sentence m_sentence;
};

} // namespace

std::vector<Unit> scanUnits(std::string_view text, const Lexicon& lexicon, Register reg)
{
    const std::vector<ScannedUnit> scanned = scanText(text, reg);
    return UnitTyper(text, scanned, lexicon).run();
}

} // namespace moescope
