// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include <QTemporaryDir>
#include <QTest>

#include "core/experiments/text_set_summary.h"
#include "core/task/worker_pool.h"
#include "tests/support/files.h"

using namespace moescope;
using namespace moescope::test;
namespace fs = std::filesystem;

namespace {

struct Folder {
    QTemporaryDir folder;
    fs::path write(const char* name, std::string_view bytes)
    {
        const fs::path path = fs::path(folder.path().toStdString()) / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
};

std::shared_ptr<const Tokenizer> nativeTokenizer()
{
    const auto tokenizer = loadTokenizer(resources() / "samples" / "native");
    return tokenizer ? *tokenizer : nullptr;
}

} // namespace

class TestTextSet : public QObject {
    Q_OBJECT

private slots:
    void linesBecomeDocuments()
    {
        Folder folder;
        const auto texts = readTextSet(folder.write("a.jsonl",
            "{\"domain\": \"code\", \"doc\": \"c1\", \"text\": \"int x;\\n\"}\r\n"
            "\n"
            "{\"text\": \"Kein Name\", \"licence\": \"CC0\"}\n"
            "{\"domain\": null, \"text\": \"  \\n\"}\n"
            "{\"domain\": \"prose\", \"doc\": \"p\", \"text\": \"Grüße\"}"));
        QVERIFY2(texts, texts ? "" : texts.error().message.c_str());
        QCOMPARE(texts->documents.size(), 3U);
        QCOMPARE(texts->documents[0].domain, std::string("code"));
        QCOMPARE(texts->documents[0].name, std::string("c1"));
        QCOMPARE(texts->documents[0].text, std::string("int x;\n"));
        QCOMPARE(texts->documents[1].domain, std::string());
        QCOMPARE(texts->documents[1].name, std::string("document 2"));
        QCOMPARE(texts->documents[2].text, std::string("Grüße"));
    }

    void aPlainTextIsOneDocument()
    {
        Folder folder;
        const auto texts = readTextSet(folder.write("a.txt", "\xEF\xBB\xBF\nOne.\n\nTwo.\r\n\n"));
        QVERIFY(texts.has_value());
        QCOMPARE(texts->documents.size(), 1U);
        QCOMPARE(texts->documents[0].name, std::string("a.txt"));
        QCOMPARE(texts->documents[0].text, std::string("\nOne.\n\nTwo."));
    }

    void brokenFilesAreNamed_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("words");
        QTest::newRow("no text") << "a.jsonl" << QByteArray("{\"doc\": \"x\"}\n")
                                 << "a.jsonl, line 1 has no \"text\"";
        QTest::newRow("wrong type") << "a.jsonl" << QByteArray("{\"text\": 3}\n") << "line 1";
        QTest::newRow("no object")
            << "a.jsonl" << QByteArray("{\"text\": \"a\"}\n[1]\n") << "line 2 is not a JSON object";
        QTest::newRow("no JSON") << "a.jsonl" << QByteArray("{\"text\": \n") << "line 1";
        QTest::newRow("bad UTF-8") << "a.jsonl" << QByteArray("{\"text\": \"\xFF\"}\n") << "line 1";
        QTest::newRow("deep") << "a.jsonl" << QByteArray(100'000, '[') << "line 1";
        QTest::newRow("blank lines")
            << "a.jsonl" << QByteArray("{\"text\": \" \"}\n\n") << "a.jsonl holds no text";
        QTest::newRow("empty") << "a.txt" << QByteArray() << "a.txt holds no text";
        QTest::newRow("Latin-1") << "a.txt" << QByteArray("Gr\xFC\xDF") << "is not UTF-8 text";
    }
    void brokenFilesAreNamed()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, bytes);
        QFETCH(QString, words);
        Folder folder;
        const auto texts = readTextSet(folder.write(
            name.toUtf8().constData(), std::string_view(bytes.constData(), bytes.size())));
        QVERIFY(!texts);
        const QString message = QString::fromStdString(texts.error().message);
        QVERIFY2(message.contains(words), qPrintable(message));
        QVERIFY(texts.error().code == ErrorCode::BadFormat);
    }

    void whatIsNoFileIsRefused()
    {
        Folder folder;
        const fs::path path = folder.folder.path().toStdString();
        QVERIFY(readTextSet(path / "none.txt").error().code == ErrorCode::NotFound);
        QVERIFY(readTextSet(path).error().code == ErrorCode::Io);
        const fs::path large = folder.write("large.txt", "x");
        fs::resize_file(large, kMostTextBytes + 1);
        QVERIFY(readTextSet(large).error().code == ErrorCode::Unsupported);
    }

    void theBundledTextsAreCounted()
    {
        const auto texts = readTextSet(resources() / "samples" / "texts.jsonl");
        QVERIFY(texts.has_value());
        const auto shared = std::make_shared<const TextSet>(*texts);
        const auto tokenizer = nativeTokenizer();
        QVERIFY(tokenizer);
        WorkerPool pool(2);
        TaskContext context(pool);
        double last = 0;
        context.setProgressSink([&last](double fraction, std::string_view) { last = fraction; });
        const auto summary = summariseTexts(shared, tokenizer.get(), context);
        QVERIFY(summary.has_value());
        QCOMPARE(last, 1.0);
        QCOMPARE(summary->all.documents, texts->documents.size());
        QCOMPARE(summary->domains.size(), 16U);
        // EXPERIMENTS: about 277,000 tokens.
        QVERIFY2(summary->all.tokens > 270'000 && summary->all.tokens < 284'000,
            std::to_string(summary->all.tokens).c_str());
        std::size_t documents = 0;
        std::size_t tokens = 0;
        for (const auto& domain : summary->domains) {
            documents += domain.documents;
            tokens += domain.tokens;
        }
        QCOMPARE(documents, summary->all.documents);
        QCOMPARE(tokens, summary->all.tokens);
        for (const std::size_t i : {std::size_t{0}, std::size_t{77}, texts->documents.size() - 1})
            QCOMPARE(
                (*summary->tokens)[i], tokenizer->encode(texts->documents[i].text)->ids.size());

        TaskContext alone;
        const auto serial = summariseTexts(shared, tokenizer.get(), alone);
        QVERIFY(*serial->tokens == *summary->tokens);
        const auto table = std::get<TableFigure>(textDomainsFigure(*summary).data);
        QCOMPARE(table.rows.size(), 16U);
        QCOMPARE(table.columns.size(), table.rows[0].size());
        QVERIFY(std::get<double>(table.rows[0][2]) >= std::get<double>(table.rows[15][2]));
        QCOMPARE(std::get<TableFigure>(textDocumentsFigure(*summary).data).rows.size(),
            texts->documents.size());
    }

    void withoutATokenizerThereAreNoTokens()
    {
        Folder folder;
        const auto texts = std::make_shared<const TextSet>(
            *readTextSet(folder.write("a.jsonl", "{\"text\": \"a\\nb\"}\n{\"text\": \"c\"}\n")));
        TaskContext context;
        const auto summary = summariseTexts(texts, nullptr, context);
        QVERIFY(!summary->tokenCount());
        QCOMPARE(summary->all.bytes, 4U);
        const auto table = std::get<TableFigure>(textDomainsFigure(*summary).data);
        QCOMPARE(table.columns.size(), 3U);
        QCOMPARE(std::get<std::string>(table.rows[0][0]), std::string("(none)"));
        const auto documents = std::get<TableFigure>(textDocumentsFigure(*summary).data);
        QCOMPARE(std::get<std::string>(documents.rows[0][2]), std::string("a b"));
    }

    void countingCanBeCancelled()
    {
        Folder folder;
        const auto texts = readTextSet(folder.write("a.txt", "some text"));
        WorkerPool pool(1);
        std::stop_source stop;
        stop.request_stop();
        TaskContext context(pool, stop.get_token());
        const auto tokens = countTokens(*texts, *nativeTokenizer(), context);
        QVERIFY(!tokens);
        QVERIFY(tokens.error().code == ErrorCode::Cancelled);
    }

    void aPrefixHasThatManyTokens()
    {
        const auto tokenizer = nativeTokenizer();
        std::string text;
        for (int i = 0; i < 4000; ++i)
            text += i % 7 == 0 ? "Grüße 你好, " : "the cat sat on the mat. ";
        for (const std::size_t tokens : {0U, 1U, 2U, 3U, 5U, 17U, 100U, 512U}) {
            const auto head = textPrefix(text, *tokenizer, tokens);
            QVERIFY(head.has_value());
            QVERIFY(text.starts_with(*head));
            const auto encoded = tokenizer->encode(*head);
            QVERIFY2(encoded.has_value(), "the cut left a broken character");
            // A character of several tokens is left out as a whole.
            QVERIFY(encoded->ids.size() <= tokens);
            QVERIFY(encoded->ids.size() + 4 >= tokens);
        }
        QCOMPARE(*textPrefix("short", *tokenizer, 512), std::string("short"));
    }
};

QTEST_APPLESS_MAIN(TestTextSet)
#include "tst_text_set.moc"
