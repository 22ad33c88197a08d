// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <filesystem>
#include <set>

#include "core/base/text.h"
#include "core/io/file_write.h"
#include "tests/cli/cli_runner.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;
using namespace moescope::test;

namespace {

const QString kPrompt = QStringLiteral("King is to queen as man is to woman");

QStringList words(const char* text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '));
}

CliRun explore(const QStringList& more)
{
    return runCli(words("explore native --prompt") + QStringList{kPrompt} + more);
}

/// "" when the top level is as every report's.
std::string topLevelProblem(const Json& json, const std::string& experiment)
{
    if (!json.is_object())
        return "no JSON object";
    for (const char* key :
        {"schema", "program", "model", "spec", "seed", "fields", "findings", "figures"})
        if (!json.contains(key))
            return std::string(key) + " is missing";
    if (json["schema"] != "moescope/" + experiment + "/1")
        return "schema is " + json["schema"].dump();
    for (const char* key : {"id", "files", "hash", "dtype"})
        if (!json["model"].contains(key))
            return std::string("model.") + key + " is missing";
    for (const Json& finding : json["findings"])
        for (const char* key : {"claim", "test", "effect", "unit", "T", "P", "interval", "null",
                 "p", "q", "family", "verdict", "conclusion", "tokens_needed"})
            if (!finding.contains(key))
                return std::string("a finding lacks ") + key;
    std::set<std::string> ids;
    for (const Json& figure : json["figures"])
        if (!ids.insert(figure["id"].get<std::string>()).second)
            return "two figures are called " + figure["id"].dump();
    return {};
}

#define VERIFY_REPORT(json, experiment)                                                            \
    do {                                                                                           \
        const std::string problem_ = topLevelProblem(json, experiment);                            \
        QVERIFY2(problem_.empty(), problem_.c_str());                                              \
    } while (false)

} // namespace

class TestCliReports : public QObject {
    Q_OBJECT

private slots:
    void exploreFieldsAgreeWithOneAnother()
    {
        const CliRun run = explore(words("--json -"));
        VERIFY_EXIT(run, 0);
        QCOMPARE(run.err, std::string());
        const Json json = run.json();
        VERIFY_REPORT(json, "explore");
        const Json& fields = json["fields"];
        const std::size_t tokens = fields["tokens"].size();
        QCOMPARE(tokens, std::size_t{10});
        QCOMPARE(fields["tokens"][0]["type"].get<std::string>(), std::string("NOUN"));
        QCOMPARE(fields["ids"].size(), tokens);
        QCOMPARE(fields["w"].size(), tokens);
        QCOMPARE(fields["margin"].size(), tokens);
        std::string text;
        for (std::size_t t = 0; t < tokens; ++t) {
            text += fields["tokens"][t]["text"].get<std::string>();
            QCOMPARE(fields["ids"][t].size(), std::size_t{8});
            for (std::size_t l = 0; l < 8; ++l) {
                const Json& ids = fields["ids"][t][l];
                const Json& weights = fields["w"][t][l];
                QCOMPARE(ids.size(), std::size_t{4});
                std::set<int> distinct;
                double sum = 0;
                for (std::size_t i = 0; i < 4; ++i) {
                    distinct.insert(ids[i].get<int>());
                    QVERIFY(ids[i].get<int>() >= 0 && ids[i].get<int>() < 16);
                    const double weight = weights[i].get<double>();
                    QVERIFY(weight > 0 && (i == 0 || weight <= weights[i - 1].get<double>()));
                    sum += weight;
                }
                QCOMPARE(distinct.size(), std::size_t{4});
                QVERIFY(sum > 0.25 && sum < 1); // top 4 of a softmax over 16, not renormalised
                const double entropy = fields["entropy"][t][l].get<double>();
                QVERIFY(entropy > 0 && entropy <= std::log(16.0) + 1e-9);
            }
        }
        QCOMPARE(QString::fromStdString(text), kPrompt);
        QVERIFY(!json["findings"].empty());
        for (const Json& finding : json["findings"]) {
            QVERIFY(finding["null"].contains("mean"));
            QVERIFY(finding["T"].get<int>() > 0);
        }
    }

    void exploreListsEveryUnitAndItsCategories()
    {
        const CliRun run = runCli(words("explore native --json - --prompt")
            + QStringList{QStringLiteral("def area(width): return 2 + 3")});
        VERIFY_EXIT(run, 0);
        const Json json = run.json();
        const Json& fields = json["fields"];
        std::set<int> units;
        for (std::size_t t = 0; t < fields["tokens"].size(); ++t) {
            const Json& token = fields["tokens"][t];
            QVERIFY(token["multi"].is_boolean());
            const auto piece = token["piece"].get<std::string>();
            if (token["type"] != "WS" && (piece == "whole" || piece == "first"))
                units.insert(static_cast<int>(t));
        }
        std::set<std::string> categories;
        for (const Json& hit : fields["categories"]) {
            QVERIFY(hit["tokens"].get<int>() > 0);
            categories.insert(hit["category"].get<std::string>());
        }
        QVERIFY(categories.contains("arithmetic") && categories.contains("code"));
        std::set<int> listed;
        std::size_t named = 0;
        for (const Json& figure : json["figures"]) {
            if (figure["id"] != "patterns")
                continue;
            for (const Json& row : figure["rows"]) {
                listed.insert(row[0].get<int>());
                named += row[2].is_string();
            }
        }
        QCOMPARE(listed, units);
        QVERIFY(named > 0 && named < listed.size()); // units without a name stand there too
    }

    void upcycledWeightsSumToOne()
    {
        const CliRun run
            = runCli(words("explore upcycled --layer 3 --json - --prompt") + QStringList{kPrompt});
        VERIFY_EXIT(run, 0);
        const Json json = run.json();
        QCOMPARE(json["spec"]["layer"].get<int>(), 3);
        for (const Json& token : json["fields"]["w"])
            for (const Json& weights : token)
                QVERIFY(std::abs(weights[0].get<double>() + weights[1].get<double>() - 1) < 1e-5);
    }

    void aPromptIsLikeItself()
    {
        const CliRun run = explore(QStringList{QStringLiteral("-c"), kPrompt} + words("--json -"));
        VERIFY_EXIT(run, 0);
        const Json fields = run.json()["fields"];
        for (const Json& overlap : fields["set_overlap"])
            QCOMPARE(overlap.get<double>(), 1.0);
        for (const Json& overlap : fields["usage_overlap"])
            QVERIFY(std::abs(overlap.get<double>() - 1) < 1e-12);
        QVERIFY(fields["first_divergence"].is_null());
        QVERIFY(fields["earliest_divergence"].is_null());
    }

    void theFirstLayerOfDivergenceIsNamed()
    {
        const CliRun run = runCli({QStringLiteral("explore"), QStringLiteral("native"),
            QStringLiteral("--prompt"), QStringLiteral("the dog runs in the park and sleeps"),
            QStringLiteral("-c"), QStringLiteral("the cat runs in the park and sleeps"),
            QStringLiteral("--json"), QStringLiteral("-")});
        VERIFY_EXIT(run, 0);
        const Json json = run.json();
        const Json& fields = json["fields"];
        const Json& b = fields["b"];
        QCOMPARE(fields["tokens"].size(), b["tokens"].size());
        std::set<std::pair<int, int>> byLayer;
        std::set<std::pair<int, int>> byPosition;
        for (std::size_t t = 0; t < b["tokens"].size(); ++t) {
            if (fields["tokens"][t]["id"] != b["tokens"][t]["id"])
                continue;
            for (std::size_t l = 0; l < fields["layers"].size(); ++l) {
                const auto mine = fields["ids"][t][l].get<std::set<int>>();
                if (mine == b["ids"][t][l].get<std::set<int>>())
                    continue;
                byLayer.emplace(fields["layers"][l].get<int>(), static_cast<int>(t));
                byPosition.emplace(static_cast<int>(t), fields["layers"][l].get<int>());
            }
        }
        QVERIFY(!byLayer.empty());
        QCOMPARE(fields["first_divergence"]["layer"].get<int>(), byLayer.begin()->first);
        QCOMPARE(fields["first_divergence"]["position"].get<int>(), byLayer.begin()->second);
        QCOMPARE(fields["earliest_divergence"]["position"].get<int>(), byPosition.begin()->first);
        QCOMPARE(fields["earliest_divergence"]["layer"].get<int>(), byPosition.begin()->second);
        bool said = false;
        for (const Json& figure : json["figures"])
            said = said
                || figure["caption"].get<std::string>().find("First layer where a shared token")
                    != std::string::npos;
        QVERIFY(said);
        for (const Json& finding : json["findings"])
            QVERIFY(finding["interval"].is_array() || finding["interval_note"].is_string());
    }

    void moeTypeTellsTheSamplesApart()
    {
        const CliRun native = runCli(words("moe-type-analyze native --json -"));
        VERIFY_EXIT(native, 0);
        const Json nativeJson = native.json();
        VERIFY_REPORT(nativeJson, "moe-type-analyze");
        QCOMPARE(nativeJson["fields"]["verdict"]["origin"].get<std::string>(),
            std::string("no evidence found"));
        const CliRun upcycled = runCli(words("moe-type-analyze upcycled --layer 3 --json -"));
        VERIFY_EXIT(upcycled, 0);
        const Json json = upcycled.json();
        QCOMPARE(json["fields"]["verdict"]["origin"].get<std::string>(), std::string("evidence"));
        bool interval = false;
        for (const Json& finding : json["findings"])
            interval = interval
                || (finding["interval"].is_array() && finding["null"].is_object()
                    && finding["T"].get<double>() > 0);
        QVERIFY(interval);
        VERIFY_FAILS(runCli(words("moe-type-analyze dense_parent")), 4, "dense");
        VERIFY_FAILS(runCli(words("moe-type-analyze native --layer 8")), 2, "8");
        VERIFY_FAILS(runCli(words("moe-type-analyze native --layer two")), 2, "two");
        VERIFY_FAILS(runCli(words("moe-type-analyze native --shares 1.5")), 2, "1.5");
        VERIFY_FAILS(runCli(words("moe-type-analyze native --shares 0.9,0.9999999999999999")), 2,
            "0.9999999999999999");
        const CliRun text = runCli(words("moe-type-analyze native"));
        QVERIFY(text.out.find("one of 8 with experts. --layers all") < text.out.find("cosine"));
        VERIFY_FAILS(runCli(words("moe-type-analyze native --projections gate,side")), 2, "side");
        VERIFY_FAILS(
            runCli(words("moe-type-analyze native --layer 1 --layers all")), 2, "--layers");
        VERIFY_FAILS(runCli(words("moe-type-analyze native --experts 0")), 2, "--experts");
    }

    void inspectListsWhatIsThere()
    {
        const CliRun run = runCli(words("inspect native --json -"));
        VERIFY_EXIT(run, 0);
        const Json json = run.json();
        VERIFY_REPORT(json, "inspect");
        const Json& fields = json["fields"];
        QCOMPARE(fields["config"]["router"]["experts"].get<int>(), 16);
        QCOMPARE(fields["config"]["router"]["top_k"].get<int>(), 4);
        QCOMPARE(fields["config"]["mixture_layers"].size(), std::size_t{8});
        std::uint64_t bytes = 0;
        for (const Json& tensor : fields["tensors"])
            bytes += tensor["bytes"].get<std::uint64_t>();
        QCOMPARE(bytes, fields["bytes"].get<std::uint64_t>());
        const CliRun some = runCli(words("inspect native --tensors *.mlp.gate.weight --json -"));
        QCOMPARE(some.json()["fields"]["tensors"].size(), std::size_t{8});
        QCOMPARE(some.json()["fields"]["tensors"][0]["shape"].dump(), std::string("[16,128]"));

        const CliRun dense = runCli(words("inspect dense_parent --json -"));
        VERIFY_EXIT(dense, 0);
        QVERIFY(dense.json()["fields"]["config"]["router"].is_null());
        const CliRun text = runCli(words("inspect native"));
        QVERIFY(
            text.out.find("model.layers.*.mlp.experts.*.gate_proj.weight") != std::string::npos);
    }

    void modelsNamesEveryPlace()
    {
        const QTemporaryDir cache;
        const auto snapshot
            = std::filesystem::path(cache.path().toStdString()) / "models--org--tiny/snapshots/abc";
        std::filesystem::create_directories(snapshot);
        for (const char* file : {"config.json", "model.safetensors"})
            std::filesystem::copy_file(fixtures() / "families/olmoe" / file, snapshot / file);
        const QStringList environment = {QStringLiteral("HF_HUB_CACHE=") + cache.path()};
        const CliRun run = runCli(words("models --json -"), environment);
        VERIFY_EXIT(run, 0);
        const Json json = run.json();
        QCOMPARE(json["samples"].size(), std::size_t{3});
        QCOMPARE(json["samples"][0]["id"].get<std::string>(), std::string("native"));
        QVERIFY(json["recent"].is_array() && json["recent"].empty());
        QCOMPARE(json["hub"][0]["name"].get<std::string>(), std::string("org/tiny"));
        for (const char* name : {"org/tiny", "tiny"}) {
            const CliRun open = runCli({QStringLiteral("inspect"), QString::fromLatin1(name),
                                           QStringLiteral("--json"), QStringLiteral("-")},
                environment);
            VERIFY_EXIT(open, 0);
            QCOMPARE(open.json()["fields"]["model_type"].get<std::string>(), std::string("olmoe"));
        }
        QVERIFY(runCli(words("models"), environment).out.find("org/tiny") != std::string::npos);
    }

    void everyFormIsWritten()
    {
        const QTemporaryDir work;
        const auto write = [&](const char* name, const QStringList& more = {}) {
            const QString path = work.filePath(QString::fromLatin1(name));
            const CliRun run = explore(QStringList{QStringLiteral("-o"), path} + more);
            const auto text = readTextFile(path.toStdString());
            return run.code == 0 && run.out.empty() && run.err.empty() && text ? *text
                                                                               : std::string();
        };
        QVERIFY(parseJson(write("r.json"), "r.json").has_value());
        QVERIFY(write("r.html").starts_with("<!DOCTYPE html>"));
        QVERIFY(write("r.md").starts_with("# "));
        QVERIFY(write("r.txt").find("·queen") != std::string::npos);
        QVERIFY(write("r.csv").starts_with("report\r\nkey,value\r\n"));
        QVERIFY(write("one.csv", words("--figure token-table")).starts_with("position,token,id"));
        QVERIFY(write("one.tsv", words("--figure token-table")).starts_with("position\ttoken\tid"));
        VERIFY_FAILS(explore(words("--figure nothing")), 2, "nothing");
        VERIFY_FAILS(
            explore({QStringLiteral("-o"), work.filePath(QStringLiteral("r.pdf"))}), 2, "r.pdf");
    }

    void jsonFileAndStandardOutputAreTheSame()
    {
        const QTemporaryDir work;
        const QString path = work.filePath(QStringLiteral("r.json"));
        VERIFY_EXIT(explore({QStringLiteral("--json"), path}), 0);
        const auto text = readTextFile(path.toStdString());
        VERIFY_OK(text);
        QCOMPARE(*text, explore(words("--json -")).out);
    }

    void textFitsTheWidth()
    {
        const CliRun run = runCli(words("explore native --prompt") + QStringList{kPrompt},
            {QStringLiteral("COLUMNS=80")});
        VERIFY_EXIT(run, 0);
        QVERIFY(isValidUtf8(run.out));
        QVERIFY(run.out.find("·queen") != std::string::npos);
        QCOMPARE(run.out.find('\x1b'), std::string::npos);
    }

    void denseModelsSayWhatTheyLack()
    {
        const CliRun run
            = runCli(words("explore dense_parent --json - --prompt") + QStringList{kPrompt});
        VERIFY_EXIT(run, 0);
        QCOMPARE(
            run.json()["findings"][0]["verdict"].get<std::string>(), std::string("not applicable"));
        QVERIFY(run.json()["findings"][0]["conclusion"].get<std::string>().find("dense")
            != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestCliReports)
#include "tst_cli_reports.moc"
