// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/io/file_write.h"
#include "tests/core/tst_semantics_support.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using namespace moescope::test;

namespace {

Result<std::shared_ptr<const Lexicon>> loadText(std::string_view text)
{
    QTemporaryDir folder;
    const std::filesystem::path root = folder.path().toStdString();
    std::filesystem::create_directory(root / "lexicon");
    MOESCOPE_CHECK(writeFileAtomically(root / "lexicon" / "wordnet.txt", text));
    return Lexicon::load(root);
}

std::string partsOf(const Lexicon::Reading& reading)
{
    std::string out;
    for (std::size_t i = 0; i < 4; ++i) {
        if (reading.has[i])
            out.push_back("nvar"[i]);
    }
    return out;
}

} // namespace

class TestSemanticsLexicon : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QVERIFY(lexicon() != nullptr); }

    void commonestPartOfSpeech_data()
    {
        QTest::addColumn<QString>("words");
        QTest::newRow("NOUN") << "cat dog king queen children geese paper man woman women";
        QTest::newRow("VERB") << "run walk think ran slept open left";
        QTest::newRow("ADJ") << "big happy joyful happier early blue";
        QTest::newRow("ADV") << "quickly well o'clock";
    }

    void commonestPartOfSpeech()
    {
        QFETCH(QString, words);
        for (const QString& word : words.split(' ')) {
            const Lexicon::Reading reading = lexicon()->read(word.toStdString());
            QVERIFY2(reading.known, qPrintable(word));
            QCOMPARE(tokenTypeName(reading.best), std::string_view(QTest::currentDataTag()));
        }
    }

    void inflectedFormsFindTheirBase()
    {
        for (const char* noun :
            {"cats", "buses", "foxes", "churches", "dishes", "firemen", "ponies"})
            QVERIFY2(lexicon()->read(noun).has[0], noun);
        for (const char* verb :
            {"runs", "tries", "makes", "goes", "baked", "walked", "baking", "walking", "thought"})
            QVERIFY2(lexicon()->read(verb).has[1], verb);
        for (const char* adjective : {"taller", "tallest", "safer", "safest", "better"})
            QVERIFY2(lexicon()->read(adjective).has[2], adjective);
    }

    void unknownWords()
    {
        for (const char* word :
            {"", "qzx", "ing", "xs", "King", "two words", "left a", "n1", "#", "\xFF"})
            QVERIFY2(!lexicon()->read(word).known, word);
        QVERIFY(!lexicon()->read(std::string(100'000, 's')).known);
    }

    void scoresAreComparedInOrder()
    {
        const auto loaded = loadText("moescope-lexicon 1 8\n"
                                     "# comment\n"
                                     "aa n9 v1,1\n" // a count beats synsets
                                     "bb n2 a3\n" // then synsets
                                     "cc v2 a2 r2\n" // then NOUN > ADJ > VERB > ADV
                                     "dd n1,5 v=ee\n" // irregular base
                                     "ee v1,6 n1,99\n" // whose noun reading does not count
                                     "ffs n1,2\n" // the largest of the base forms
                                     "gg r1\n"
                                     "ff v1,1\n");
        QVERIFY(!loaded); // not sorted
        const auto sorted = loadText("moescope-lexicon 1 7\naa n9 v1,1\nbb n2 a3\ncc v2 a2 r2\n"
                                     "dd n1,5 v=ee\nee v1,6 n1,99\nff v1,3\nffs n1,2\n");
        VERIFY_OK(sorted);
        const auto best = [&](std::string_view word) { return (*sorted)->read(word).best; };
        QCOMPARE(best("aa"), TokenType::Verb);
        QCOMPARE(best("bb"), TokenType::Adj);
        QCOMPARE(best("cc"), TokenType::Adj);
        QCOMPARE(best("dd"), TokenType::Verb);
        QCOMPARE(best("ee"), TokenType::Noun);
        QCOMPARE(best("ffs"), TokenType::Verb);
        QCOMPARE(partsOf((*sorted)->read("dd")), std::string("nv"));
        QCOMPARE(partsOf((*sorted)->read("aas")), std::string("nv"));
    }

    void brokenFilesAreRefused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* name, QByteArray text, const char* message) {
            QTest::newRow(name) << std::move(text) << message;
        };
        row("empty", "", "first line should begin");
        row("other format", "moescope-lexicon 2 1\naa n1\n", "first line should begin");
        row("no count", "moescope-lexicon 1 x\naa n1\n", "number of words");
        row("huge count", "moescope-lexicon 1 99999999999999999999\naa n1\n", "number of words");
        row("lying count", "moescope-lexicon 1 18446744073709551615\naa n1\n", "holds 1 words");
        row("missing lines", "moescope-lexicon 1 2\naa n1\n", "holds 1 words");
        row("cut", "moescope-lexicon 1 1\naa n1", "cut off");
        row("unsorted", "moescope-lexicon 1 2\nbb n1\naa n1\n", "not sorted");
        row("twice", "moescope-lexicon 1 2\naa n1\naa v1\n", "not sorted");
        row("no fields", "moescope-lexicon 1 1\naa\n", "no valid entry at byte 21");
        row("unknown part", "moescope-lexicon 1 1\naa x1\n", "no valid entry");
        row("no synsets", "moescope-lexicon 1 1\naa n0\n", "no valid entry");
        row("no count after comma", "moescope-lexicon 1 1\naa n1,\n", "no valid entry");
        row("overflow", "moescope-lexicon 1 1\naa n99999999999\n", "no valid entry");
        row("negative", "moescope-lexicon 1 1\naa n-1\n", "no valid entry");
        row("empty base", "moescope-lexicon 1 1\naa n=\n", "no valid entry");
        row("two spaces", "moescope-lexicon 1 1\naa  n1\n", "no valid entry");
        row("capital", "moescope-lexicon 1 1\nAa n1\n", "no valid entry");
        row("zero byte", QByteArray("moescope-lexicon 1 1\na\0 n1\n", 27), "no valid entry");
        row("empty line", "moescope-lexicon 1 1\n\naa n1\n", "no valid entry");
    }

    void brokenFilesAreRefused()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, message);
        const auto loaded
            = loadText(std::string_view(text.data(), static_cast<std::size_t>(text.size())));
        QVERIFY(!loaded);
        QCOMPARE(loaded.error().code, ErrorCode::BadFormat);
        QVERIFY2(loaded.error().message.find(message.toStdString()) != std::string::npos,
            loaded.error().message.c_str());
        QVERIFY(loaded.error().message.find("wordnet.txt") != std::string::npos);
    }

    void everyTruncationIsRefused()
    {
        const auto whole = readTextFile(resources() / "lexicon" / "wordnet.txt");
        VERIFY_OK(whole);
        Random random(1);
        for (int i = 0; i < 20; ++i) {
            const std::size_t size = i == 0 ? whole->size() - 1 : random.below(whole->size());
            QVERIFY(!loadText(std::string_view(*whole).substr(0, size)));
        }
        QCOMPARE(Lexicon::load("/nonexistent").error().code, ErrorCode::NotFound);
    }
};

QTEST_APPLESS_MAIN(TestSemanticsLexicon)
#include "tst_semantics_lexicon.moc"
