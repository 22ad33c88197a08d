// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/semantics/patterns.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/core/tst_semantics_support.h"
#include "tests/support/tokenizer_files.h"

using namespace moescope;
using namespace moescope::test;

namespace {

std::vector<TokenSpan> spansOf(const Tokenizer& tokenizer, std::string_view text)
{
    std::vector<TokenSpan> spans;
    const auto encoding = tokenizer.encode(text);
    if (!encoding)
        return spans;
    for (std::size_t i = 0; i < encoding->ids.size(); ++i) {
        const std::int32_t id = encoding->ids[i];
        const auto [begin, end] = encoding->offsets[i];
        spans.push_back({begin, end, tokenizer.isSpecial(id), isBlank(tokenizer.tokenBytes(id))});
    }
    return spans;
}

/// Trigrams of the units, each taken from every one of its tokens, which must agree.
std::vector<std::string> unitTrigrams(const std::vector<TaggedToken>& tokens)
{
    std::vector<std::string> out;
    std::int32_t unit = -1;
    for (const TaggedToken& token : tokens) {
        if (token.unit < 0)
            continue;
        const std::string trigram = formatTrigram(token.previous, token.type, token.next);
        if (token.unit != unit)
            out.push_back(trigram);
        else if (out.back() != trigram)
            out.push_back("pieces of a unit differ");
        unit = token.unit;
    }
    return out;
}

} // namespace

class TestSemanticsTokenizers : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(lexicon() != nullptr); }

    void tokenizers_data()
    {
        // What a tokenizer hides: "(width" is one token of the bracket and "15." one of the number,
        // so what follows owns none; " 128" with its space leaves no white space between numbers.
        QTest::addColumn<QString>("hidden");
        for (const char* name : {"gptoss", "deepseek_v3", "qwen3"})
            QTest::newRow(name) << "code BR→VAR→BR";
        for (const char* name :
            {"mixtral", "mixtral_metaspace", "mixtral_sentencepiece", "sample_native"})
            QTest::newRow(name) << "";
        QTest::newRow("sample_upcycled_sentencepiece")
            << "arithmetic 64 128 256; arithmetic OP→WS→NUM; arithmetic NUM→WS→NUM; "
               "context_switch CW→WS→NUM; context_switch PN→WS→NUM; position NUM→PN→$";
    }

    void tokenizers()
    {
        QFETCH(QString, hidden);
        const auto loaded = loadTokenizer(m_files.pathOf(QTest::currentDataTag()));
        VERIFY_OK(loaded);
        const auto& tokenizer = *loaded;
        const auto tag = [&](std::string_view text) {
            return tagTokens(text, spansOf(*tokenizer, text), *lexicon());
        };

        QCOMPARE(unitTrigrams(tag("King is to queen as man is to woman")),
            (std::vector<std::string>{"^→NOUN→FUNC", "NOUN→FUNC→TO", "FUNC→TO→NOUN", "TO→NOUN→AS",
                "NOUN→AS→NOUN", "AS→NOUN→FUNC", "NOUN→FUNC→TO", "FUNC→TO→NOUN", "TO→NOUN→$"}));

        const auto number = tag("x is 127");
        QCOMPARE(number.back().type, TokenType::Num);
        QCOMPARE(unitTrigrams(number).back(), std::string("FUNC→NUM→$"));

        QStringList missed;
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
                if (!any)
                    missed << QString::fromStdString(category.id + ' ' + prompt);
            }
            for (std::size_t i = 0; i < hit.size(); ++i) {
                if (!hit[i])
                    missed << QString::fromStdString(category.id + ' ' + category.patterns[i].text);
            }
        }
        QCOMPARE(missed.join("; "), hidden);
    }

    void prefixSpaceIsWhiteSpace()
    {
        const auto loaded = loadTokenizer(resources() / "samples" / "upcycled");
        VERIFY_OK(loaded);
        const std::string_view text = "(a)";
        const auto spans = spansOf(**loaded, text);
        const auto tokens = tagTokens(text, spans, *lexicon());
        for (std::size_t i = 0; i < tokens.size(); ++i)
            QCOMPARE(tokens[i].type == TokenType::Ws, spans[i].blank);
    }

    void wholeTextsOfTheSamples()
    {
        const auto loaded = loadTokenizer(resources() / "samples" / "native");
        VERIFY_OK(loaded);
        const std::string text = "def area(width):\n    return width * 2\n\n“Don’t”, said Anna; "
                                 "東京 🙂 is 1,000.5 km away…\n";
        const auto units = scanUnits(text, *lexicon());
        const auto tokens = tagTokens(text, spansOf(**loaded, text), *lexicon());
        for (const TaggedToken& token : tokens)
            QVERIFY(
                token.unit < 0 || token.type == units[static_cast<std::size_t>(token.unit)].type);
        QCOMPARE(tokens.front().type, TokenType::Kw);
    }

private:
    TokenizerFiles m_files;
};

QTEST_APPLESS_MAIN(TestSemanticsTokenizers)
#include "tst_semantics_tokenizers.moc"
