// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>
#include <sstream>

#include "core/io/file_write.h"
#include "tests/cli/cli_runner.h"
#include "tests/support/files.h"
#include "tests/support/tokenizer_files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using namespace moescope::test;

namespace {

std::vector<Json> jsonLines(const std::string& text)
{
    std::vector<Json> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(parseJson(line, "line").value_or(Json()));
    return lines;
}

QString path(const std::filesystem::path& p)
{
    return QString::fromStdString(p.string());
}

} // namespace

class TestCliTokenize : public QObject {
    Q_OBJECT

private slots:
    void equalsTheReference_data()
    {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("lines");
        QTest::addColumn<bool>("hasSpecial");
        const auto row = [](const char* name, const QString& model, bool hasSpecial) {
            QTest::newRow(name) << model
                                << fixture("tokenizers/") + QLatin1String(name)
                    + QStringLiteral(".jsonl")
                                << hasSpecial;
        };
        for (const char* name : {"gptoss", "deepseek_v3", "qwen3", "mixtral", "mixtral_metaspace"})
            row(name, path(m_files.pathOf(name)), true);
        row("mixtral_sentencepiece", path(m_files.pathOf("mixtral_sentencepiece")), false);
        row("sample_native", QStringLiteral("native"), true);
        row("sample_upcycled_sentencepiece", QStringLiteral("upcycled"), false);
    }
    void equalsTheReference()
    {
        QFETCH(QString, model);
        QFETCH(QString, lines);
        QFETCH(bool, hasSpecial);
        const auto text = readTextFile(lines.toStdString());
        VERIFY_OK(text);
        const auto expected = jsonLines(*text);
        QVERIFY(expected.size() > 20);
        const CliRun run
            = runCli({QStringLiteral("tokenize"), model, QStringLiteral("--file"), lines});
        VERIFY_EXIT(run, 0);
        const auto actual = jsonLines(run.out);
        QCOMPARE(actual.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::string where
                = "line " + std::to_string(i + 1) + ": " + expected[i]["text"].dump();
            QVERIFY2(actual[i]["ids"] == expected[i]["ids"], where.c_str());
            QVERIFY2(actual[i]["decoded"] == expected[i]["decoded"], where.c_str());
            QVERIFY2(actual[i]["offsets"].size() == expected[i]["offsets"].size(), where.c_str());
            // Where several characters were composed into one, the reference covers only the first
            // of them.
            for (std::size_t t = 0; t < expected[i]["offsets"].size(); ++t)
                QVERIFY2(actual[i]["offsets"][t][0] == expected[i]["offsets"][t][0], where.c_str());
            if (hasSpecial)
                QVERIFY2(actual[i]["ids_with_special"] == expected[i]["ids_with_special"],
                    where.c_str());
        }
    }

    void oneTextOneLine()
    {
        const CliRun run = runCli({QStringLiteral("tokenize"), QStringLiteral("native"),
            QStringLiteral("--text"), QString()});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.json()["ids"].dump(), std::string("[]"));
        const QTemporaryDir work;
        const QString out = work.filePath(QStringLiteral("lines.jsonl"));
        const CliRun toFile
            = runCli({QStringLiteral("tokenize"), QStringLiteral("-m"), QStringLiteral("native"),
                QStringLiteral("--text"), QStringLiteral("models"), QStringLiteral("--json"), out});
        VERIFY_EXIT(toFile, 0);
        QCOMPARE(toFile.out, std::string());
        const auto text = readTextFile(out.toStdString());
        VERIFY_OK(text);
        QCOMPARE(jsonLines(*text).at(0)["decoded"].get<std::string>(), std::string("models"));
    }

    void standardInputAndWeightFilesWork()
    {
        const CliRun run = runCli(
            {QStringLiteral("tokenize"), path(resources() / "samples/native/model.safetensors"),
                QStringLiteral("--file"), QStringLiteral("-")},
            {}, "{\"text\": \"a\"}\n\n{\"text\": \"King is\"}\n");
        VERIFY_EXIT(run, 0);
        QCOMPARE(jsonLines(run.out).size(), std::size_t{2});
    }

    void wrongUseIsNamed()
    {
        const auto tokenize = [](const QStringList& more) {
            return runCli(QStringList{QStringLiteral("tokenize")} + more);
        };
        VERIFY_FAILS(tokenize({QStringLiteral("native")}), 2, "--text");
        VERIFY_FAILS(tokenize({QStringLiteral("native"), QStringLiteral("--text"),
                         QStringLiteral("a"), QStringLiteral("--file"), QStringLiteral("b")}),
            2, "--file");
        VERIFY_FAILS(
            tokenize({fixture("families/olmoe"), QStringLiteral("--text"), QStringLiteral("a")}), 3,
            "tokenizer");
        VERIFY_FAILS(
            tokenize({QStringLiteral("nowhere"), QStringLiteral("--text"), QStringLiteral("a")}), 3,
            "nowhere");
        const QTemporaryDir work;
        const QString broken = work.filePath(QStringLiteral("tokenizer.json"));
        VERIFY_OK(writeFileAtomically(broken.toStdString(), "{\"model\": "));
        VERIFY_FAILS(
            tokenize({broken, QStringLiteral("--text"), QStringLiteral("a")}), 3, "tokenizer.json");
        const QString lines = work.filePath(QStringLiteral("lines.jsonl"));
        VERIFY_OK(writeFileAtomically(lines.toStdString(), "{\"text\": 7}\n"));
        VERIFY_FAILS(
            tokenize({QStringLiteral("native"), QStringLiteral("--file"), lines}), 3, "line 1");
    }

private:
    TokenizerFiles m_files;
};

QTEST_GUILESS_MAIN(TestCliTokenize)
#include "tst_cli_tokenize.moc"
