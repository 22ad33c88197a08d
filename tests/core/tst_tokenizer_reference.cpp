// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include "core/io/json.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/files.h"
#include "tests/support/tokenizer_files.h"

using namespace moescope;

/// Every line of tests/fixtures/tokenizers/*.jsonl; what the keys mean and where they are from: the
/// README there.
class TestTokenizerReference : public QObject {
    Q_OBJECT

private:
    test::TokenizerFiles m_files;

    static QByteArray describe(const Json& line, const std::string& what, const Json& actual)
    {
        const Json report{{"text", line["text"]}, {"expected", line[what]}, {"actual", actual}};
        return QByteArray::fromStdString(what + ": " + dumpJson(report, -1));
    }

    /// Where several characters were composed into one, the reference's span covers only the first
    /// of them.
    static bool offsetsMatch(const Json& expected, const Json& actual, bool startsOnly)
    {
        if (!startsOnly || expected.size() != actual.size())
            return expected == actual;
        for (std::size_t i = 0; i < expected.size(); ++i)
            if (expected[i][0] != actual[i][0] || expected[i][1] > actual[i][1])
                return false;
        return true;
    }

private slots:
    void equalsTheReference_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<bool>("composes");
        for (const char* name : {"gptoss", "deepseek_v3", "mixtral", "mixtral_metaspace",
                 "mixtral_sentencepiece", "sample_upcycled_sentencepiece"})
            QTest::newRow(name) << name << false;
        for (const char* name : {"qwen3", "sample_native"})
            QTest::newRow(name) << name << true;
    }

    void equalsTheReference()
    {
        QFETCH(QString, name);
        QFETCH(bool, composes);
        const auto path = m_files.pathOf(name.toStdString());
        const auto tokenizer = loadTokenizer(path);
        VERIFY_OK(tokenizer);
        std::ifstream stream(test::fixtures() / "tokenizers" / (name.toStdString() + ".jsonl"));
        std::string text;
        int lines = 0;
        while (std::getline(stream, text)) {
            const auto parsed = parseJson(text, "fixture");
            VERIFY_OK(parsed);
            const Json& line = *parsed;
            const std::string input = line["text"].get<std::string>();
            const auto encoding = (*tokenizer)->encode(input);
            VERIFY_OK(encoding);
            const Json ids = encoding->ids;
            QVERIFY2(ids == line["ids"], describe(line, "ids", ids).constData());
            const Json offsets = encoding->offsets;
            const bool composed = composes && line["decoded"] != line["text"];
            QVERIFY2(offsetsMatch(line["offsets"], offsets, composed),
                describe(line, "offsets", offsets).constData());
            const Json decoded = (*tokenizer)->decode(encoding->ids);
            QVERIFY2(decoded == line["decoded"], describe(line, "decoded", decoded).constData());
            if (line.contains("ids_with_special")) {
                const auto special = (*tokenizer)->encodeWithSpecial(input);
                VERIFY_OK(special);
                const Json all = special->ids;
                QVERIFY2(all == line["ids_with_special"],
                    describe(line, "ids_with_special", all).constData());
            }
            ++lines;
        }
        QCOMPARE(lines, 142);
    }
};

QTEST_APPLESS_MAIN(TestTokenizerReference)
#include "tst_tokenizer_reference.moc"
