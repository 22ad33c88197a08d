// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/tst_semantics_support.h"

using namespace moescope;
using namespace moescope::test;

namespace {

constexpr std::string_view kKing = "King is to queen as man is to woman";

/// Spans of the pieces, which must make up the text.
std::vector<TokenSpan> pieces(const std::vector<std::string_view>& parts)
{
    std::vector<TokenSpan> spans;
    std::uint32_t end = 0;
    for (const std::string_view part : parts) {
        const auto begin = end;
        end += static_cast<std::uint32_t>(part.size());
        spans.push_back({begin, end});
    }
    return spans;
}

std::string joined(const std::vector<std::string_view>& parts)
{
    std::string out;
    for (const std::string_view part : parts)
        out += part;
    return out;
}

std::vector<TaggedToken> tag(const std::vector<std::string_view>& parts)
{
    return tagTokens(joined(parts), pieces(parts), *lexicon());
}

std::string trigram(const TaggedToken& token)
{
    return formatTrigram(token.previous, token.type, token.next);
}

std::string rawTrigram(const TaggedToken& token)
{
    return formatTrigram(token.previousRaw, token.type, token.nextRaw);
}

std::string causalTrigram(const TaggedToken& token)
{
    return formatTrigram(token.previous2, token.previous, token.type);
}

/// "FL" for first and last, "W" for whole, "M" behind a token over several units.
std::string pieceLetters(const std::vector<TaggedToken>& tokens)
{
    std::string out;
    for (const TaggedToken& token : tokens) {
        out.push_back("WFIL"[static_cast<std::size_t>(token.piece)]);
        if (token.multi)
            out.push_back('M');
    }
    return out;
}

/// A text with every kind of unit and of line.
std::string mixedText()
{
    return "King is to queen as man is to woman.\n"
           "def area(width, x0=0xFF): # 127 – “größer”\n"
           "    return width ** 2 >= 1,000.5 and None\r\n\r\n"
           "Don't say “no”, O’Brien... When is 東京 the capital?\t\u00a0No.\n"
           "é \xFF\xE6\xBC 🙂 e\u0301 ٣\n";
}

} // namespace

class TestSemanticsTokens : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(lexicon() != nullptr); }

    void kingAndQueen()
    {
        const auto tokens = tagTokens(kKing, unitTokens(kKing), *lexicon());
        QCOMPARE(types(tokens), std::string("NOUN FUNC TO NOUN AS NOUN FUNC TO NOUN"));
        const std::vector<std::string> expected
            = {"^→NOUN→FUNC", "NOUN→FUNC→TO", "FUNC→TO→NOUN", "TO→NOUN→AS", "NOUN→AS→NOUN",
                "AS→NOUN→FUNC", "NOUN→FUNC→TO", "FUNC→TO→NOUN", "TO→NOUN→$"};
        const std::vector<std::string> causal
            = {"^→^→NOUN", "^→NOUN→FUNC", "NOUN→FUNC→TO", "FUNC→TO→NOUN", "TO→NOUN→AS",
                "NOUN→AS→NOUN", "AS→NOUN→FUNC", "NOUN→FUNC→TO", "FUNC→TO→NOUN"};
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            QCOMPARE(trigram(tokens[i]), expected[i]);
            QCOMPARE(rawTrigram(tokens[i]), expected[i]);
            QCOMPARE(causalTrigram(tokens[i]), causal[i]);
            QCOMPARE(tokens[i].piece, Piece::Whole);
            QCOMPARE(tokens[i].unit, static_cast<std::int32_t>(i));
            QVERIFY(!tokens[i].multi);
        }
    }

    void subwordsAreTaggedByTheirWord()
    {
        const auto tokens = tag({"K", "ing", " is", " to", " qu", "e", "en", " as", " man", " is",
            " to", " wom", "an"});
        QCOMPARE(types(tokens),
            std::string("NOUN NOUN FUNC TO NOUN NOUN NOUN AS NOUN FUNC TO NOUN NOUN"));
        QCOMPARE(pieceLetters(tokens), std::string("FLWWFILWWWWFL"));
        for (const std::size_t i : {4U, 5U, 6U})
            QCOMPARE(trigram(tokens[i]), std::string("TO→NOUN→AS"));
        QCOMPARE(trigram(tokens[1]), std::string("^→NOUN→FUNC"));
        QCOMPARE(trigram(tokens[11]), std::string("TO→NOUN→$"));
        QCOMPARE(causalTrigram(tokens[12]), std::string("FUNC→TO→NOUN"));
    }

    void oneNumberHoweverItIsCut()
    {
        for (const auto& parts : {std::vector<std::string_view>{"It", " is", " ", "127", "."},
                 {"It", " is", " ", "1", "2", "7", "."}, {"It", " is", " 12", "7."}}) {
            const auto tokens = tag(parts);
            for (const TaggedToken& token : tokens) {
                if (token.unit == 2)
                    QCOMPARE(token.type, TokenType::Num);
            }
            QCOMPARE(tokens.back().unit, parts.back() == "." ? 3 : 2);
        }
    }

    void whiteSpaceHasTwoViews()
    {
        const auto tokens = tag({"needs", " ", "3", "\n", " \t", "eggs"});
        QCOMPARE(types(tokens), std::string("VERB WS NUM WS WS NOUN"));
        QCOMPARE(rawTrigram(tokens[1]), std::string("VERB→WS→NUM"));
        QCOMPARE(rawTrigram(tokens[2]), std::string("WS→NUM→WS"));
        QCOMPARE(trigram(tokens[2]), std::string("VERB→NUM→NOUN"));
        QCOMPARE(rawTrigram(tokens[4]), std::string("WS→WS→NOUN"));
        QCOMPARE(trigram(tokens[4]), std::string("NUM→WS→NOUN"));
        QCOMPARE(causalTrigram(tokens[5]), std::string("VERB→NUM→NOUN"));
        QCOMPARE(tokens[1].unit, -1);
    }

    void tokenOverSeveralUnits()
    {
        const auto tokens = tag({"def", " hello", "():", "\n"});
        QCOMPARE(types(tokens), std::string("KW VAR BR WS"));
        QCOMPARE(pieceLetters(tokens), std::string("WWWMW"));
        QCOMPARE(trigram(tokens[2]), std::string("VAR→BR→$")); // `)` and `:` own no token
        const auto across = tag({"3", "47", "+5", "8"});
        QCOMPARE(types(across), std::string("NUM NUM OP NUM"));
        QCOMPARE(pieceLetters(across), std::string("FLWMW"));
        QVERIFY(tag({"a b", "c d"})[0].multi);
        QVERIFY(tag({"ab. ", "c"})[0].multi);
        QVERIFY(!tag({"ab ", "c"})[0].multi);
    }

    void specialTokensAreSkippedAndSeparate()
    {
        const std::string text = "<s>King</s>King";
        const std::vector<TokenSpan> spans
            = {{0, 0, true}, {0, 3, true}, {3, 7}, {7, 11, true}, {11, 15}};
        const auto tokens = tagTokens(text, spans, *lexicon());
        QCOMPARE(types(tokens), std::string("SPEC SPEC NOUN SPEC NOUN")); // both begin a sentence
        QCOMPARE(trigram(tokens[2]), std::string("^→NOUN→NOUN"));
        QCOMPARE(trigram(tokens[3]), std::string("NOUN→SPEC→NOUN"));
        QCOMPARE(tokens[3].unit, -1);
        QCOMPARE(rawTrigram(tokens[4]), std::string("NOUN→NOUN→$"));
    }

    void emptyAndBlankSpans()
    {
        // The bytes of a fallback character before its last, then a prefix space of either form.
        const auto bytes = tagTokens("a 漢 b",
            std::vector<TokenSpan>{{0, 1}, {1, 2}, {2, 2}, {2, 2}, {2, 5}, {5, 7}}, *lexicon());
        QCOMPARE(types(bytes), std::string("FUNC WS CW CW CW VAR"));
        QCOMPARE(pieceLetters(bytes), std::string("WWFILW"));
        for (const std::uint32_t end : {0U, 1U}) {
            const auto prefixed = tagTokens(
                "2 x", std::vector<TokenSpan>{{0, end, false, true}, {0, 1}, {1, 3}}, *lexicon());
            QCOMPARE(types(prefixed), std::string("WS NUM VAR"));
            QCOMPARE(pieceLetters(prefixed), std::string("WWW"));
        }
        QVERIFY(isBlank(" \t\xC2\xA0\xE3\x80\x80\n"));
        QVERIFY(!isBlank(""));
        QVERIFY(!isBlank(" \xE3"));
        QVERIFY(!isBlank(" a"));
    }

    void emptyTexts()
    {
        QVERIFY(tagTokens("", {}, *lexicon()).empty());
        QVERIFY(scanUnits("", *lexicon()).empty());
        QCOMPARE(types(tagTokens("", std::vector<TokenSpan>{{0, 0}, {0, 9}}, *lexicon())),
            std::string("WS WS"));
        QCOMPARE(
            types(tagTokens("\n", std::vector<TokenSpan>{{0, 1}}, *lexicon())), std::string("WS"));
    }

    /// A token's type and neighbours depend on the text alone, however it is cut.
    void tagsDoNotDependOnTheTokenizer()
    {
        Random random(7);
        for (const std::string& text : {std::string(kKing), mixedText()}) {
            const auto units = scanUnits(text, *lexicon());
            for (int round = 0; round < 300; ++round) {
                const auto spans = randomTokens(text, random);
                const auto tokens = tagTokens(text, spans, *lexicon());
                std::vector<std::int32_t> owners;
                for (std::size_t i = 0; i < tokens.size(); ++i) {
                    if (tokens[i].type == TokenType::Ws) {
                        for (const Unit& unit : units)
                            QVERIFY(unit.end <= spans[i].begin || unit.begin >= spans[i].end);
                        continue;
                    }
                    const auto index = static_cast<std::size_t>(tokens[i].unit);
                    QCOMPARE(tokens[i].type, units[index].type);
                    QVERIFY(units[index].begin < spans[i].end && units[index].end > spans[i].begin);
                    QVERIFY(index == 0 || units[index - 1].end <= spans[i].begin);
                    if (owners.empty() || owners.back() != tokens[i].unit)
                        owners.push_back(tokens[i].unit);
                }
                QVERIFY(std::is_sorted(owners.begin(), owners.end()));
                for (const TaggedToken& token : tokens) {
                    const auto at = std::lower_bound(owners.begin(), owners.end(), token.unit);
                    if (token.unit < 0)
                        continue;
                    const auto typeOf
                        = [&](auto unit) { return units[static_cast<std::size_t>(*unit)].type; };
                    QCOMPARE(
                        token.previous, at == owners.begin() ? TokenType::Start : typeOf(at - 1));
                    QCOMPARE(token.next, at + 1 == owners.end() ? TokenType::End : typeOf(at + 1));
                }
            }
        }
    }

    void unitsCoverEveryByteThatIsNotWhiteSpace()
    {
        Random random(11);
        for (int round = 0; round < 400; ++round) {
            std::string text;
            const std::string seed = mixedText();
            for (std::uint64_t i = random.below(60); i > 0; --i) {
                if (random.below(2) == 0)
                    text.push_back(static_cast<char>(random.below(256)));
                else
                    text += seed.substr(random.below(seed.size()), 1 + random.below(5));
            }
            std::uint32_t end = 0;
            for (const Unit& unit : scanUnits(text, *lexicon())) {
                QVERIFY(unit.begin >= end && unit.end > unit.begin && unit.end <= text.size());
                QVERIFY(end == unit.begin
                    || isBlank(std::string_view(text).substr(end, unit.begin - end)));
                end = unit.end;
            }
            QVERIFY(end == text.size() || isBlank(std::string_view(text).substr(end)));
            QCOMPARE(tagTokens(text, randomTokens(text, random), *lexicon()).empty(), text.empty());
        }
    }

    void hostileSpansDoNotCrash()
    {
        Random random(13);
        const std::string text = mixedText();
        for (int round = 0; round < 300; ++round) {
            std::vector<TokenSpan> spans;
            for (std::uint64_t i = random.below(40); i > 0; --i) {
                const auto any = [&] {
                    return random.below(8) == 0
                        ? 0xFFFFFFFFU - static_cast<std::uint32_t>(random.below(3))
                        : static_cast<std::uint32_t>(random.below(text.size() + 20));
                };
                spans.push_back({any(), any(), random.below(5) == 0, random.below(5) == 0});
            }
            const auto tokens = tagTokens(text, spans, *lexicon());
            QCOMPARE(tokens.size(), spans.size());
            for (std::size_t i = 0; i < spans.size(); ++i)
                QCOMPARE(tokens[i].type == TokenType::Spec, spans[i].special);
        }
    }

    void longTextsStayLinear()
    {
        std::string text;
        for (int i = 0; i < 4000; ++i)
            text += kKing;
        text += std::string(1 << 20, '(');
        text += std::string(1 << 20, 's');
        QVERIFY(scanUnits(text, *lexicon()).size() > 1'000'000);
    }
};

QTEST_APPLESS_MAIN(TestSemanticsTokens)
#include "tst_semantics_tokens.moc"
