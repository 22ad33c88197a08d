// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstring>
#include <filesystem>

#include "core/checkpoint/checkpoint.h"
#include "core/io/file_write.h"
#include "tests/cli/cli_runner.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using namespace moescope::test;

namespace {

template <typename T>
std::vector<T> valuesOf(const TensorInfo& tensor)
{
    std::vector<T> values(tensor.elements());
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
}

double toleranceFor(const std::string& name, const Json& tolerance)
{
    if (name.find("router_logits.") != std::string::npos)
        return tolerance["router_logits_abs"].get<double>();
    if (name.find("topk_weights.") != std::string::npos)
        return tolerance["weights_abs"].get<double>();
    if (name.find(".hidden.") != std::string::npos)
        return tolerance["hidden_abs"].get<double>();
    return tolerance["logits_abs"].get<double>();
}

QString idList(const Json& ids)
{
    QStringList list;
    for (const Json& id : ids)
        list.append(QString::number(id.get<int>()));
    return list.join(QLatin1Char(','));
}

/// "" when both files hold the same tensors, equal within the tolerances.
std::string difference(const Checkpoint& actual, const Checkpoint& expected, const Json& tolerance)
{
    if (actual.tensors().size() != expected.tensors().size())
        return std::to_string(actual.tensors().size()) + " tensors instead of "
            + std::to_string(expected.tensors().size());
    for (const TensorInfo& want : expected.tensors()) {
        const TensorInfo* have = actual.find(want.name);
        if (!have)
            return want.name + " is missing";
        if (have->dtype != want.dtype || have->shape != want.shape)
            return want.name + " is " + std::string(dtypeName(have->dtype)) + " "
                + formatShape(have->shape);
        if (want.dtype == DType::I32) {
            if (valuesOf<std::int32_t>(*have) != valuesOf<std::int32_t>(want))
                return want.name + " differs";
            continue;
        }
        const auto comparison = compareFloats(
            valuesOf<float>(*have), valuesOf<float>(want), toleranceFor(want.name, tolerance));
        if (!comparison.ok)
            return want.name + ": " + comparison.message;
    }
    return {};
}

void eachFamily()
{
    QTest::addColumn<QString>("folder");
    for (const auto& entry : std::filesystem::directory_iterator(fixtures() / "families"))
        QTest::newRow(entry.path().filename().c_str())
            << QString::fromStdString(entry.path().string());
}

} // namespace

class TestCliTrace : public QObject {
    Q_OBJECT

private slots:
    void traceEqualsTheReference_data() { eachFamily(); }
    void traceEqualsTheReference()
    {
        QFETCH(QString, folder);
        const QTemporaryDir work;
        const auto reference
            = readJsonFile((folder + QStringLiteral("/expected.json")).toStdString());
        VERIFY_OK(reference);
        std::string lines;
        for (const Json& prompt : (*reference)["prompts"])
            lines += Json{{"ids", prompt["ids"]}}.dump() + "\n\n";
        const QString prompts = work.filePath(QStringLiteral("prompts.jsonl"));
        const QString out = work.filePath(QStringLiteral("trace.safetensors"));
        VERIFY_OK(writeFileAtomically(prompts.toStdString(), lines));
        const CliRun run = runCli({QStringLiteral("trace"), folder, QStringLiteral("--prompts"),
            prompts, QStringLiteral("--out"), out, QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.json()["fields"]["prompts"].size(), (*reference)["prompts"].size());

        const auto actual = Checkpoint::open(out.toStdString());
        VERIFY_OK(actual);
        const auto expected
            = Checkpoint::open((folder + QStringLiteral("/expected.safetensors")).toStdString());
        VERIFY_OK(expected);
        const std::string problem = difference(**actual, **expected, (*reference)["tolerance"]);
        QVERIFY2(problem.empty(), problem.c_str());
    }

    void promptsLongerThanTheModelsPositionsAreNamed()
    {
        QTemporaryDir folder;
        const std::filesystem::path model = folder.filePath(QStringLiteral("short")).toStdString();
        std::filesystem::copy(fixture("families/mixtral").toStdString(), model);
        auto config = readJsonFile(model / "config.json");
        VERIFY_OK(config);
        (*config)["max_position_embeddings"] = 4;
        std::filesystem::remove(model / "config.json");
        VERIFY_OK(writeFileAtomically(model / "config.json", config->dump()));
        const QString path = QString::fromStdString(model.string());
        const std::string words = "6 tokens are more than the 4 positions";
        const auto said = [&](const QStringList& arguments) {
            const CliRun run
                = runCli(arguments + QStringList{QStringLiteral("--json"), QStringLiteral("-")});
            const Json json = run.json();
            const Json& holder = json.contains("fields") ? json["fields"] : json;
            return run.code == 0 && run.err.find(words) != std::string::npos
                && holder.value("warnings", Json::array()).dump().find(words) != std::string::npos;
        };
        const QString six = QStringLiteral("1,2,3,4,5,6");
        QVERIFY(said({QStringLiteral("explore"), path, QStringLiteral("--ids"), six}));
        QVERIFY(said({QStringLiteral("trace"), path, QStringLiteral("--ids"), six,
            QStringLiteral("--out"), folder.filePath(QStringLiteral("t.safetensors"))}));
        QVERIFY(said({QStringLiteral("generate"), path, QStringLiteral("--ids"),
            QStringLiteral("1,2,3"), QStringLiteral("--max-tokens"), QStringLiteral("3")}));
        const CliRun within = runCli(
            {QStringLiteral("explore"), path, QStringLiteral("--ids"), QStringLiteral("1,2,3,4")});
        VERIFY_EXIT(within, 0);
        QCOMPARE(within.err, std::string());
    }

    void generateEqualsTheReference_data() { eachFamily(); }
    void generateEqualsTheReference()
    {
        QFETCH(QString, folder);
        const auto reference
            = readJsonFile((folder + QStringLiteral("/expected.json")).toStdString());
        VERIFY_OK(reference);
        const Json& greedy = (*reference)["greedy"];
        QString ids;
        for (const Json& prompt : (*reference)["prompts"])
            if (prompt["name"] == greedy["prompt"])
                ids = idList(prompt["ids"]);
        const QStringList arguments = {QStringLiteral("generate"), folder, QStringLiteral("--ids"),
            ids, QStringLiteral("--max-tokens"), QString::number(greedy["ids"].size()),
            QStringLiteral("--ignore-eos")};
        const CliRun run
            = runCli(arguments + QStringList{QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.err, std::string());
        QCOMPARE(run.json()["ids"].dump(), greedy["ids"].dump());
        QCOMPARE(run.json()["prompt_ids"].size(),
            static_cast<std::size_t>(ids.count(QLatin1Char(',')) + 1));
        // Without a tokenizer the plain output is the ids.
        std::string plain;
        for (const Json& id : greedy["ids"])
            plain += (plain.empty() ? "" : " ") + id.dump();
        QCOMPARE(runCli(arguments).out, plain + "\n");
    }

    void seedsDecideTheDraws()
    {
        const auto draw = [](const char* seed) {
            const CliRun run = runCli({QStringLiteral("generate"), QStringLiteral("native"),
                QStringLiteral("-p"), QStringLiteral("King is"), QStringLiteral("--max-tokens"),
                QStringLiteral("12"), QStringLiteral("--temperature"), QStringLiteral("1.5"),
                QStringLiteral("--ignore-eos"), QStringLiteral("--seed"), QString::fromLatin1(seed),
                QStringLiteral("--json"), QStringLiteral("-")});
            return run.json()["ids"];
        };
        const Json first = draw("1");
        QCOMPARE(first.size(), std::size_t{12});
        QVERIFY(draw("1") == first);
        QVERIFY(draw("2") != first);
    }

    void threadsDoNotChangeATrace()
    {
        const QTemporaryDir work;
        std::string files[2];
        for (int i = 0; i < 2; ++i) {
            const QString out = work.filePath(QStringLiteral("t%1.safetensors").arg(i));
            const CliRun run = runCli({QStringLiteral("trace"), QStringLiteral("native"),
                QStringLiteral("--prompt"), QStringLiteral("King is to queen as man is to woman"),
                QStringLiteral("--out"), out, QStringLiteral("--threads"),
                i == 0 ? QStringLiteral("1") : QStringLiteral("4")});
            VERIFY_EXIT(run, 0);
            const auto bytes = readTextFile(out.toStdString());
            VERIFY_OK(bytes);
            files[i] = *bytes;
        }
        QVERIFY(files[0] == files[1]);
    }

    void theSpecIsRecorded()
    {
        const QTemporaryDir work;
        const CliRun run = runCli({QStringLiteral("trace"), QStringLiteral("native"),
            QStringLiteral("--prompt"), QStringLiteral("2 + 3"), QStringLiteral("--no-special"),
            QStringLiteral("-o"), work.filePath(QStringLiteral("t.safetensors")),
            QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.json()["spec"].dump(),
            std::string(R"({"prompt":"2 + 3","ids":null,"prompts":null,"no_special":true,)"
                        R"("precision":"float32"})"));
    }

    void generatedTextGoesWhereItIsSent()
    {
        const QTemporaryDir work;
        const auto generate = [&](const char* suffix) {
            const QString out = work.filePath(QStringLiteral("out") + QLatin1String(suffix));
            const CliRun run = runCli({QStringLiteral("generate"), QStringLiteral("native"),
                QStringLiteral("--prompt"), QStringLiteral("King is"), QStringLiteral("-n"),
                QStringLiteral("4"), QStringLiteral("--ignore-eos"), QStringLiteral("-o"), out});
            return run.code == 0 && run.out.empty()
                ? readTextFile(out.toStdString()).value_or(std::string())
                : std::string();
        };
        const CliRun plain = runCli({QStringLiteral("generate"), QStringLiteral("native"),
            QStringLiteral("--prompt"), QStringLiteral("King is"), QStringLiteral("-n"),
            QStringLiteral("4"), QStringLiteral("--ignore-eos")});
        VERIFY_EXIT(plain, 0);
        QVERIFY(plain.out.size() > 1);
        QCOMPARE(generate(".txt"), plain.out);
        QCOMPARE(generate(""), plain.out);
        const auto json = parseJson(generate(".json"), "out.json");
        VERIFY_OK(json);
        QCOMPARE((*json)["ids"].size(), std::size_t{4});
        QVERIFY(generate(".csv").starts_with("step,id,text"));
        QVERIFY(!generate(".html").empty());
    }

    void denseModelsHaveNoRouting()
    {
        const QTemporaryDir work;
        const QString out = work.filePath(QStringLiteral("trace.safetensors"));
        const CliRun run = runCli({QStringLiteral("trace"), QStringLiteral("dense_parent"),
            QStringLiteral("--ids"), QStringLiteral("1,2,3"), QStringLiteral("--out"), out});
        VERIFY_EXIT(run, 0);
        const auto trace = Checkpoint::open(out.toStdString());
        VERIFY_OK(trace);
        QVERIFY((*trace)->find("p0.logits"));
        QVERIFY((*trace)->find("p0.hidden.8"));
        QVERIFY(!(*trace)->find("p0.topk_ids.0"));
    }

    void wrongPromptsAreNamed()
    {
        const QTemporaryDir work;
        const QString out = work.filePath(QStringLiteral("trace.safetensors"));
        const QString lines = work.filePath(QStringLiteral("lines.jsonl"));
        const QString model = fixture("families/olmoe");
        const auto trace = [&](const QStringList& more) {
            return runCli(
                QStringList{QStringLiteral("trace"), model, QStringLiteral("--out"), out} + more);
        };
        const auto fromLines = [&](const char* text) {
            if (!writeFileAtomically(lines.toStdString(), text))
                return CliRun();
            return trace({QStringLiteral("--prompts"), lines});
        };
        VERIFY_FAILS(trace({}), 2, "prompt");
        VERIFY_FAILS(trace({QStringLiteral("--ids"), QStringLiteral("1,x")}), 2, "\"x\"");
        VERIFY_FAILS(trace({QStringLiteral("--ids"), QStringLiteral("1,256")}), 2, "256");
        VERIFY_FAILS(trace({QStringLiteral("--ids"), QStringLiteral("1"),
                         QStringLiteral("--prompt"), QStringLiteral("a")}),
            2, "--ids");
        VERIFY_FAILS(trace({QStringLiteral("--prompt"), QStringLiteral("hello")}), 3, "tokenizer");
        VERIFY_FAILS(trace({QStringLiteral("--prompts"), QStringLiteral("/no/such/file")}), 3,
            "/no/such/file");
        VERIFY_FAILS(fromLines(""), 3, "lines.jsonl");
        VERIFY_FAILS(fromLines("{\"ids\": [1]}\n{\"ids\": [1.5]}\n"), 3, "line 2");
        VERIFY_FAILS(fromLines("{\"ids\": [1]}\n{\"ids\": \n"), 3, "line 2");
        VERIFY_FAILS(fromLines("[1, 2]\n"), 3, "line 1");
        VERIFY_FAILS(fromLines("{\"id\": [1]}\n"), 3, "neither");
        VERIFY_FAILS(fromLines("{\"ids\": [1]}\n{\"ids\": [1, 256]}\n"), 3, "line 2: The token id");
        VERIFY_FAILS(fromLines("{\"text\": \"a\"}\n"), 3, "line 1");
        VERIFY_FAILS(trace({QStringLiteral("--prompts"), QStringLiteral("-")}), 3,
            "standard input holds no prompt");
        VERIFY_FAILS(runCli({QStringLiteral("trace"), QStringLiteral("native"),
                                QStringLiteral("--no-special"), QStringLiteral("-o"), out,
                                QStringLiteral("--prompts"), QStringLiteral("-")},
                         {}, "{\"text\": \"\"}\n"),
            3, "standard input, line 1: The prompt is empty.");
        QVERIFY(!std::filesystem::exists(out.toStdString()));
    }
};

QTEST_GUILESS_MAIN(TestCliTrace)
#include "tst_cli_trace.moc"
