// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include "core/semantics/patterns.h"
#include "tests/core/tst_semantics_support.h"

using namespace moescope;
using namespace moescope::test;

namespace {

std::vector<TaggedToken> tag(std::string_view text)
{
    return tagTokens(text, unitTokens(text), *lexicon());
}

/// "2:Left 3:Right": where and how a pattern matches.
std::string matches(std::string_view pattern, std::string_view text)
{
    static constexpr std::array names = {"Whole", "LeftOrRight", "Centre", "Right", "Left"};
    const auto parsed = Pattern::parse(pattern);
    if (!parsed)
        return parsed.error().message;
    std::string out;
    const auto tokens = tag(text);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (const auto side = parsed->match(tokens[i]))
            out += std::to_string(i) + ":" + names[static_cast<std::size_t>(*side)] + " ";
    }
    return out;
}

/// "0 sequence start 2; ..." of the notes that a rule names.
std::string notes(std::string_view text)
{
    std::string out;
    for (const PatternNote& note : summarisePatterns(tag(text))) {
        if (!note.label.empty())
            out += std::to_string(note.token) + " " + note.label + " "
                + std::to_string(note.interest) + "; ";
    }
    return out;
}

} // namespace

class TestSemanticsPatterns : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(lexicon() != nullptr); }

    void patternsAreReadAndWritten()
    {
        const auto check = [](std::string_view text, PatternSide side, bool raw) {
            const auto pattern = Pattern::parse(text);
            return pattern && pattern->text == text && pattern->side == side && pattern->raw == raw;
        };
        QVERIFY(check("NOUN→AS→NOUN", PatternSide::Whole, false));
        QVERIFY(check("OP→WS→NUM", PatternSide::Whole, true));
        QVERIFY(check("NOUN→AS", PatternSide::LeftOrRight, false));
        QVERIFY(check("→AS→", PatternSide::Centre, false));
        QVERIFY(check("→FUNC→NOUN", PatternSide::Right, false));
        QVERIFY(check("FUNC→NOUN→", PatternSide::Left, false));
        QVERIFY(check("^→QW", PatternSide::Left, false));
        QVERIFY(check("PN→$", PatternSide::Right, false));
        QVERIFY(check("CW→PN→$", PatternSide::Whole, false));
        QCOMPARE(Pattern::parse(" NOUN -> AS->NOUN ")->text, std::string("NOUN→AS→NOUN"));
        for (const char* broken : {"", "→", "→→", "AS", "→AS", "AS→", "noun→AS", "NOUN→→AS", "A→B",
                 "SPEC→NOUN", "NOUN→AS→NOUN→AS", "→NOUN→AS→NOUN", "→NOUN→AS→", "NOUN→^", "$→NOUN",
                 "→^→", "→$→", "^→NOUN→^", "NOUN→^→NOUN", "^→$→NOUN"}) {
            const auto pattern = Pattern::parse(broken);
            QVERIFY2(!pattern, broken);
            QCOMPARE(pattern.error().code, ErrorCode::InvalidArgument);
        }
    }

    void patternsMatchByType()
    {
        const std::string_view king = "King is to queen as man is to woman";
        QCOMPARE(matches("NOUN→AS→NOUN", king), std::string("4:Whole "));
        QCOMPARE(matches("→TO→", king), std::string("2:Centre 7:Centre "));
        QCOMPARE(matches("NOUN→AS", king), std::string("3:Right 4:Left "));
        QCOMPARE(matches("→TO→NOUN", king), std::string("2:Right 7:Right "));
        QCOMPARE(matches("TO→NOUN→", king), std::string("3:Left 8:Left "));
        QCOMPARE(matches("^→NOUN", king), std::string("0:Left "));
        QCOMPARE(matches("NOUN→$", king), std::string("8:Right "));
        QCOMPARE(matches("^→FUNC", king), std::string());
        QCOMPARE(matches("→CW→", "Quixby x qzx big 7 runs quickly the"),
            std::string("0:Centre 1:Centre 2:Centre 3:Centre 6:Centre 7:Centre "));
    }

    void whiteSpacePatternsUseTheRawView()
    {
        const std::string_view text = "needs 3 eggs"; // needs, a bare space, 3, eggs
        QCOMPARE(matches("CW→WS→NUM", text), std::string("1:Whole "));
        QCOMPARE(matches("CW→NUM", text), std::string("0:Right 2:Left "));
        QCOMPARE(matches("WS→NUM", text), std::string("1:Right 2:Left "));
        QCOMPARE(matches("NUM→CW", text), std::string("2:Right 3:Left "));
        QCOMPARE(matches("→WS→", text), std::string("1:Centre "));
    }

    void specialTokensMatchNothing()
    {
        const auto tokens = tagTokens("<s>", std::vector<TokenSpan>{{0, 3, true}}, *lexicon());
        for (const Category& category : categories()) {
            for (const Pattern& pattern : category.patterns)
                QVERIFY(!pattern.match(tokens[0]));
        }
        QVERIFY(categoriesOf(tokens).empty());
        QVERIFY(summarisePatterns(tokens).empty());
    }

    void categoriesAreThoseOfTheSheet()
    {
        QStringList ids;
        std::set<std::string> prompts;
        std::size_t patterns = 0;
        for (const Category& category : categories()) {
            ids << QString::fromStdString(category.id);
            prompts.insert(category.prompts.begin(), category.prompts.end());
            patterns += category.patterns.size();
        }
        QCOMPARE(ids.join(' '),
            QString("arithmetic code synonym antonym analogy hypernym comparison causation "
                    "conditional question "
                    "negation temporal quantification context_switch position coordination"));
        QCOMPARE(prompts.size(), std::size_t{99});
        QCOMPARE(patterns, std::size_t{64});
        QCOMPARE(sourcePrompts().size(), std::size_t{9});
    }

    void everyPromptHitsAPatternAndEveryPatternAPrompt()
    {
        for (const Category& category : categories()) {
            std::vector<bool> hit(category.patterns.size(), false);
            for (const std::string& prompt : category.prompts) {
                bool any = false;
                for (const TaggedToken& token : tag(prompt)) {
                    for (std::size_t i = 0; i < hit.size(); ++i) {
                        if (category.patterns[i].match(token))
                            any = hit[i] = true;
                    }
                }
                QVERIFY2(any, (category.id + ": " + prompt).c_str());
            }
            for (std::size_t i = 0; i < hit.size(); ++i)
                QVERIFY2(hit[i], (category.id + ": " + category.patterns[i].text).c_str());
        }
    }

    void categoriesOfAPrompt()
    {
        const auto hits = categoriesOf(tag("2 + 3 = 5")); // 2 + _ 3 = _ 5
        QVERIFY(!hits.empty());
        QCOMPARE(hits[0].category, std::string("arithmetic"));
        QCOMPARE(hits[0].tokens, std::size_t{7});
        QVERIFY(std::is_sorted(hits.begin(), hits.end(),
            [](const CategoryHit& a, const CategoryHit& b) { return a.tokens > b.tokens; }));
        const auto king = categoriesOf(tag("King is to queen as man is to woman"));
        const auto analogy = std::find_if(king.begin(), king.end(),
            [](const CategoryHit& hit) { return hit.category == "analogy"; });
        QVERIFY(analogy != king.end());
        QCOMPARE(analogy->tokens, std::size_t{4}); // to, queen (queen as), as, to
    }

    void summary_data()
    {
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* prompt, const char* expected) {
            QTest::addRow("%s", prompt) << QString::fromUtf8(expected);
        };
        row("King is to queen as man is to woman",
            "0 sequence start 2; 2 analogy marker 3; 4 analogy pivot 3; 7 analogy marker 3; 8 "
            "sequence end 4; ");
        row("2 + 3 = 5",
            "0 operand 2; 1 arithmetic operator 2; 3 operand 0; 4 arithmetic operator 2; 6 "
            "sequence end 2; ");
        row("def hello():", "0 code start 2; 4 sequence end 2; ");
        row("happy means joyful", "0 sequence start 2; 1 similarity 3; 2 sequence end 2; ");
        row("big versus small", "0 sequence start 2; 1 opposition 3; 2 sequence end 2; ");
        row("bigger than", "0 sequence start 2; 1 comparison 5; ");
        row("because she won", "0 cause 5; 2 sequence end 2; ");
        row("if it rains", "0 condition 5; 2 sequence end 2; ");
        row("what is", "0 question 5; 1 sequence end 2; ");
        row("Go to work", "0 sequence start 2; 2 sequence end 4; ");
        row("total / n + 1;", "0 sequence start 2; 6 sequence end 2; ");
        row("not now all and", "0 negation 5; 1 time 3; 2 quantity 3; 3 coordination 5; ");
        row("Paris", "0 sequence start 2; ");
    }

    void summary()
    {
        QFETCH(QString, expected);
        QCOMPARE(QString::fromStdString(notes(QTest::currentDataTag())), expected);
    }

    void summaryListsEveryUnitOnce()
    {
        const std::string text = "King is 127 queens";
        const std::vector<TokenSpan> spans
            = {{0, 1}, {1, 4}, {4, 7}, {7, 8}, {8, 9}, {9, 11}, {11, 18}};
        const auto all = summarisePatterns(tagTokens(text, spans, *lexicon()));
        QCOMPARE(all.size(), std::size_t{4});
        QCOMPARE(all[0].trigram, std::string("^→NOUN→FUNC"));
        QCOMPARE(all[1].token, std::size_t{2});
        QCOMPARE(all[2].token, std::size_t{4});
        QCOMPARE(all[3].trigram, std::string("NUM→NOUN→$"));
        QVERIFY(all[1].label.empty());
        QCOMPARE(
            summarisePatterns(tag("as good as gold"))[1].interest, 2); // a content word after AS
    }
};

QTEST_APPLESS_MAIN(TestSemanticsPatterns)
#include "tst_semantics_patterns.moc"
