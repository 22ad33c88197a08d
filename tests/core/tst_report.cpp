// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <fstream>
#include <limits>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/io/file_write.h"
#include "core/io/json.h"
#include "core/report/model_identity.h"
#include "core/report/number_text.h"
#include "core/report/pretty_json.h"
#include "core/report/report.h"
#include "core/report/sidecar.h"
#include "tests/support/files.h"

#include <QtCore/QTemporaryDir>

using namespace moescope;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const std::string kHostile = "</script><img src=x onerror=alert(1)>\"'&";

Figure tableFigure()
{
    TableFigure table;
    table.columns
        = {{"token", "", false, -1, ""}, {"margin", "logit", true, 3, "k-th minus (k+1)-th"}};
    table.rows
        = {{std::string("a,b"), 1.5}, {std::string("say \"hi\"\n"), kNaN}, {kHostile, -0.25}};
    return {"tokens", "Tokens", "sub", "How to read it", std::move(table)};
}

Report sampleReport()
{
    Report report;
    report.experiment = "explore";
    report.title = "Where " + kHostile + " goes";
    report.model = {"na\xFFtive", {"model.safetensors"}, "0123456789abcdef", "headers", "bf16"};
    (*report.spec)["prompt"] = kHostile;
    (*report.fields)["w"] = {0.5, kNaN, std::numeric_limits<double>::infinity()};
    (*report.fields)["broken"] = "x\xE3\x81";
    Finding finding;
    finding.claim = "The prompts share experts";
    finding.test = "set overlap";
    finding.effect = 0.4375;
    finding.unit = "share";
    finding.tokens = 23;
    finding.prompts = 2;
    finding.interval = Interval{0.33, 0.64};
    finding.null = NullModel{"random sets", 0.2, Interval{0.1, 0.3}};
    finding.p = 0.034;
    finding.verdict = Verdict::InsufficientData;
    finding.conclusion = "7 of 16 experts are shared";
    report.findings.push_back(finding);
    report.figures.push_back(tableFigure());
    return report;
}

std::size_t count(const std::string& text, const std::string& part)
{
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

constexpr const char* kVerdictHeader
    = "test,value,low,high,unit,null,null_low,null_high,null_model,other_null,other_null_model,z,n,"
      "n_unit,points to,vote,standing,note\r\n";

} // namespace

class TestReport : public QObject {
    Q_OBJECT

private slots:
    void numbersKeepTheirValue()
    {
        QCOMPARE(exactNumber(0.1), std::string("0.1"));
        QCOMPARE(exactNumber(kNaN), std::string());
        QCOMPARE(exactNumber(1.0 / 3), std::string("0.3333333333333333"));
        QCOMPARE(plainDouble(0.3F), 0.3);
        QVERIFY(std::isnan(plainDouble(std::numeric_limits<float>::quiet_NaN())));
        QCOMPARE(displayNumber(0.123456), std::string("0.1235"));
        QCOMPARE(displayNumber(1234567), std::string("1234567"));
        QCOMPARE(displayNumber(-0.0004, 2), std::string("0.00"));
        QCOMPARE(displayNumber(-1.5, 2), std::string("−1.50"));
        QCOMPARE(displayNumber(-5.6e-05), std::string("−5.6e−05"));
        QCOMPARE(exactNumber(-1.5), std::string("-1.5"));
        QCOMPARE(displayNumber(kNaN, 3), std::string("–"));
    }

    void csvQuotesAndGuards()
    {
        QCOMPARE(figureToCsv(tableFigure()),
            std::string("token,margin (logit)\r\n\"a,b\",1.5\r\n\"say \"\"hi\"\"\n\",\r\n\""
                        "</script><img src=x "
                        "onerror=alert(1)>\"\"'&\",-0.25\r\n"));
        TableFigure table;
        table.columns = {{"token", "", false, -1, ""}};
        table.rows = {{std::string("=HYPERLINK(\"x\")")}, {std::string("=")}, {std::string("-1.5")},
            {std::string("->")}, {std::string("\xFF")}, {std::string(" is")}};
        QCOMPARE(figureToCsv({"t", "", "", "", table}, '\t'),
            std::string(
                "token\n\"'=HYPERLINK(\"\"x\"\")\"\n=\n-1.5\n'->\n\xEF\xBF\xBD\n\" is\"\n"));
    }

    void csvOfEveryKind()
    {
        HeatMapFigure map;
        map.rows = 2;
        map.cols = 2;
        map.values = {1, 0.5, kNaN, 1};
        map.rowAxis.title = "expert";
        map.colAxis.title = "expert";
        map.clusteredOrder = {1, 0};
        QCOMPARE(figureToCsv({"h", "", "", "", map}),
            std::string("expert \\ expert,0,1\r\n0,1,0.5\r\n1,,1\r\n"));

        LineFigure line;
        line.xAxis = {"layer", "", {}, {}, false};
        line.yAxis = {"rank", "count", {}, {}, false};
        line.series = {{"gate", {0, 1}, {3, 4}, {2, 3}, {4, 5}, false, false, false, false}};
        line.bands = {{"random", {0}, {1}, {2}}};
        line.levels = {{"ceiling", 5, true}};
        QCOMPARE(figureToCsv({"l", "", "", "", line}),
            std::string("kind,name,layer,rank "
                        "(count),low,high\r\nseries,gate,0,3,2,4\r\nseries,gate,1,4,3,5\r\n"
                        "null band,random,0,,1,2\r\nnull level,ceiling,,5,,\r\n"));

        BarFigure bars;
        bars.categoryAxis.title = "expert";
        bars.valueAxis.title = "load";
        bars.bars = {{"E0", 0.5, Interval{0.4, 0.6}}, {"E1", kNaN, {}}};
        bars.nullLevel = 0.25;
        bars.nullName = "even";
        QCOMPARE(figureToCsv({"b", "", "", "", bars}),
            std::string("expert,load,low,high,even\r\nE0,0.5,0.4,0.6,0.25\r\nE1,,,,0.25\r\n"));

        TokenStripFigure strip;
        strip.chips = {{" is\xE3", "F", "function word", "^→FUNC→$", 3, "E7", "note", true, false}};
        QCOMPARE(figureToCsv({"s", "", "", "", strip}),
            std::string("position,token,type,trigram,badge,origin,note\r\n"
                        "0,·is‹e3›,function word,^→FUNC→$,E7,generated,note\r\n"));

        RoutingGridFigure grid;
        grid.rowLabels = {"a", "b"};
        grid.colLabels = {"0", "1"};
        grid.rowTitle = "token";
        grid.colTitle = "expert";
        grid.shadeTitle = "weight";
        grid.cells.resize(4);
        grid.cells[1].shade = 0.3F;
        grid.cells[1].label = "1";
        grid.cells[2].mark = 3;
        grid.cells[3].faint = 0.1F;
        QCOMPARE(figureToCsv({"g", "", "", "", grid}),
            std::string("row,token,expert,label,weight,probability,mark\r\n0,a,1,1,0.3,,\r\n1,b,0,,"
                        ",,both\r\n"
                        "1,b,1,,,0.1,\r\n"));

        VerdictFigure verdict;
        verdict.question = "Shared origin";
        verdict.answer = "evidence";
        verdict.basis = "8 of 8 layers";
        verdict.rows = {{"cosine", "0.9", "0", "shared", 1, ""}};
        QCOMPARE(figureToCsv({"v", "", "", "", verdict}),
            std::string(kVerdictHeader)
                + "Shared origin,,,,,,,,,,,,,,evidence,,,8 of 8 layers\r\n"
                  "cosine,0.9,,,,0,,,,,,,,,shared,1,points to it,\r\n");
        // Numbers have columns of their own.
        auto& row = verdict.rows[0];
        row.value = "−0.9 [−1.0, −0.8]";
        row.numbers = {-0.9, Interval{-1, -0.8}, "of 2",
            NullModel{"independent experts", 0, Interval{-0.001, 0.001}},
            NullModel{"noise", 0.5, {}}, -12.5, 4096, "weights"};
        QVERIFY(figureToCsv({"v", "", "", "", verdict})
                    .ends_with("cosine,-0.9,-1,-0.8,of 2,0,-0.001,0.001,independent experts,0.5,"
                               "noise,-12.5,4096,weights,shared,1,points to it,\r\n"));
        const Json json = figureToJson({"v", "", "", "", verdict})["rows"][0];
        QCOMPARE(json["effect"].get<double>(), -0.9);
        QCOMPARE(json["interval"].dump(), std::string("[-1.0,-0.8]"));
        QCOMPARE(json["null_model"]["mean"].get<double>(), 0.0);
    }

    /// What the numbers belong to and what was found stand above the figures.
    void reportsAreTables()
    {
        Report report = sampleReport();
        report.findings[0].pSide = "one-sided, more";
        report.scope = "Looked at layer 0.";
        const std::string csv = reportToCsv(report);
        QVERIFY(csv.starts_with("report\r\nkey,value\r\n"));
        for (const char* line :
            {"\r\nhash,0123456789abcdef\r\n", "\r\nseed,1\r\n", "\r\nscope,Looked at layer 0.\r\n",
                "\r\n\r\nfindings\r\nclaim,conclusion,verdict,test,value,low,high,unit,null,null_"
                "low,"
                "null_high,null_model,z,p,p_side,q,n,n_unit,",
                "\r\nThe prompts share experts,7 of 16 experts are shared,insufficient data,set "
                "overlap,0.4375,0.33,0.64,share,0.2,0.1,0.3,random sets,,0.034,\"one-sided, "
                "more\",,23,tokens,2,1,,,\r\n"})
            QVERIFY2(csv.find(line) != std::string::npos, csv.c_str());
        QVERIFY(csv.ends_with(figureToCsv(report.figures[0])));
        QVERIFY(reportToCsv(report, '\t').starts_with("report\nkey\tvalue\n"));
        QVERIFY(
            reportToText(report, 100, false).find("\nLooked at layer 0.\n") != std::string::npos);
        QVERIFY(reportToText(report, 1000, false).find("p 0.034 (one-sided, more)")
            != std::string::npos);
        QCOMPARE(reportToJson(report)["findings"][0]["p_side"].get<std::string>(),
            std::string("one-sided, more"));
    }

    void jsonIsValidWhateverItHolds()
    {
        const std::string text = prettyJson(reportToJson(sampleReport()));
        QVERIFY(isValidUtf8(text));
        const auto parsed = parseJson(text, "report");
        VERIFY_OK(parsed);
        const Json& json = *parsed;
        QCOMPARE(json["schema"].get<std::string>(), std::string("moescope/explore/1"));
        QVERIFY(!json["program"]["version"].get<std::string>().empty());
        QVERIFY(json["program"].contains("commit"));
        QCOMPARE(json["model"]["id"].get<std::string>(), std::string("na\xEF\xBF\xBDtive"));
        QCOMPARE(json["spec"]["prompt"].get<std::string>(), kHostile);
        QCOMPARE(json["fields"]["w"].dump(), std::string("[0.5,null,null]"));
        const Json& finding = json["findings"][0];
        QCOMPARE(finding["verdict"].get<std::string>(), std::string("insufficient data"));
        QCOMPARE(finding["interval"].dump(), std::string("[0.33,0.64]"));
        QCOMPARE(finding["null"]["band"].dump(), std::string("[0.1,0.3]"));
        QCOMPARE(finding["T"].get<int>(), 23);
        QVERIFY(finding["q"].is_null());
        const Json& figure = json["figures"][0];
        QCOMPARE(figure["kind"].get<std::string>(), std::string("table"));
        QVERIFY(figure["rows"][1][1].is_null());
        QCOMPARE(figure["rows"][2][0].get<std::string>(), kHostile);
    }

    void matricesReadAsRows()
    {
        QCOMPARE(prettyJson(Json::parse(
                     R"({"a": [[1, 2], [3, 4]], "b": {}, "c": [{"d": null}], "e": []})")),
            std::string("{\n \"a\": [\n  [1,2],\n  [3,4]\n ],\n \"b\": {},\n \"c\": [\n  {\n   "
                        "\"d\": null\n  }\n ],\n"
                        " \"e\": []\n}\n"));
    }

    void bigArraysGoToASidecar()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath("report.json").toStdString();
        Report report = sampleReport();
        Json weights = Json::array();
        Json ids = Json::array();
        for (int row = 0; row < 1001; ++row) {
            Json values = Json::array();
            Json numbers = Json::array();
            for (int i = 0; i < 100; ++i) {
                values.push_back(
                    row == 3 && i == 5 ? Json() : Json(static_cast<double>(0.1F) * row));
                numbers.push_back(row - i);
            }
            weights.push_back(std::move(values));
            ids.push_back(std::move(numbers));
        }
        (*report.fields)["deep"]["w"] = weights;
        (*report.fields)["ids"] = ids;
        VERIFY_OK(writeReportJson(report, path));
        const auto json = readJsonFile(path);
        VERIFY_OK(json);
        const Json& reference = (*json)["fields"]["deep"]["w"];
        QCOMPARE(reference["file"].get<std::string>(), std::string("report.json.safetensors"));
        QCOMPARE(reference["shape"].dump(), std::string("[1001,100]"));
        QCOMPARE((*json)["fields"]["ids"]["dtype"].get<std::string>(), std::string("I32"));
        QCOMPARE((*json)["fields"]["w"].size(), std::size_t{3}); // small ones stay

        const auto sidecar = Checkpoint::open(path.string() + ".safetensors");
        VERIFY_OK(sidecar);
        const TensorInfo* tensor = (*sidecar)->find("fields.deep.w");
        QVERIFY(tensor);
        QCOMPARE(tensor->dtype, DType::F64); // 0.1F times a row is no float any more
        std::vector<double> values(tensor->elements());
        std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
        QVERIFY(std::isnan(values[305]));
        QCOMPARE(values[100007], static_cast<double>(0.1F) * 1000);
        QVERIFY((*sidecar)->find("fields.ids"));
    }

    void floatsStayFloatsInTheSidecar()
    {
        Json json = {{"w", Json::array()}};
        for (std::uint64_t i = 0; i <= kSidecarNumbers; ++i)
            json["w"].push_back(static_cast<double>(0.1F * static_cast<float>(i)));
        SafetensorsWriter writer;
        QCOMPARE(moveBigArrays(json, writer, "x"), std::size_t{1});
        QCOMPARE(json["w"]["dtype"].get<std::string>(), std::string("F32"));
        Json ragged = {{"w", Json::array({Json::array({1}), Json::array({1, 2})})}};
        QCOMPARE(moveBigArrays(ragged, writer, "x"), std::size_t{0});
    }

    void failedWriteLeavesNothing()
    {
        QTemporaryDir folder;
        const auto status
            = writeReportJson(sampleReport(), folder.filePath("no/such/report.json").toStdString());
        QVERIFY(!status);
        QCOMPARE(status.error().code, ErrorCode::CannotWrite);
        QVERIFY(std::filesystem::is_empty(folder.path().toStdString()));
    }

    void htmlEscapesEverythingAndLoadsNothing()
    {
        const std::string html
            = reportToHtml(sampleReport(), {{"tokens", std::string("\x89PNG\r\n\x1a\n", 8)}});
        QVERIFY(isValidUtf8(html));
        QCOMPARE(count(html, "<script"), std::size_t{0});
        QCOMPARE(count(html, "</script"), std::size_t{0});
        QCOMPARE(count(html, "onerror=alert(1)>"), std::size_t{0});
        QVERIFY(
            count(html, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;") >= 3);
        QCOMPARE(count(html, "data:image/png;base64,iVBORw0KGgo="), std::size_t{1});
        QCOMPARE(count(html, "http:"), std::size_t{0});
        QCOMPARE(count(html, "https:"), std::size_t{0});
        QCOMPARE(count(html, "<link"), std::size_t{0});
        QCOMPARE(count(html, "prefers-color-scheme: dark"), std::size_t{1});
        QCOMPARE(count(html, "<table>"), count(html, "</table>"));
        QCOMPARE(count(html, "<tr>"), count(html, "</tr>"));
    }

    void markdownKeepsItsTables()
    {
        Report report = sampleReport();
        std::get<TableFigure>(report.figures[0].data)
            .rows.push_back({std::string("a|b\n# c"), 2.0});
        const std::string text = reportToMarkdown(report);
        QCOMPARE(count(text, "| a\\|b‹0a›# c | 2.000 |\n"), std::size_t{1});
        QCOMPARE(count(text, "<"), std::size_t{0});
        QCOMPARE(count(text, "| token | margin (logit) |\n| --- | ---: |\n"), std::size_t{1});
        QVERIFY(text.find("insufficient data, measured 0.4375 share \\[0.33, 0.64\\], null 0.2 "
                          "\\[0.1, 0.3\\]")
            != std::string::npos);
    }

    void markdownKeepsTheShapeOfAGrid()
    {
        Report report = sampleReport();
        RoutingGridFigure grid;
        grid.rowTitle = "token";
        grid.colTitle = "expert";
        grid.rowLabels = {"King"};
        for (int e = 0; e < 4; ++e)
            grid.colLabels.push_back(std::to_string(e));
        grid.cells.resize(4);
        grid.cells[0].shade = 1;
        grid.cells[0].value = 0.25F;
        grid.cells[1].shade = 0.5F;
        grid.cells[1].label = "2";
        grid.cells[2].mark = 7;
        grid.cells[3].faint = 0.5F;
        grid.rowBars = {{"margin", "logit", {0.5}, 1, 0}};
        report.figures = {{"grid", "Grid", "", "", grid}};
        QCOMPARE(count(reportToMarkdown(report), "| King | 0.25 | 2 | both changed |  | 0.5 |\n"),
            std::size_t{1});
        for (int e = 4; e < 40; ++e)
            grid.colLabels.push_back(std::to_string(e));
        grid.cells.resize(40);
        grid.cells[39].shade = 0.9F;
        report.figures = {{"grid", "Grid", "", "", grid}};
        QCOMPARE(
            count(reportToMarkdown(report), "| King | 39 (0.9), 1 (0.5), 0 (0.25), 2 | 0.5 |\n"),
            std::size_t{1});
    }

    void incompleteReportsSaySo()
    {
        Report report = sampleReport();
        report.complete = false;
        QVERIFY(!reportToJson(report)["complete"].get<bool>());
        QVERIFY(reportToText(report, 80, false).find("Incomplete") != std::string::npos);
        QVERIFY(reportToHtml(report, {}).find("Incomplete") != std::string::npos);
        QVERIFY(reportToMarkdown(report).find("Incomplete") != std::string::npos);
    }

    void identityIsStableAndSeesTheWeights()
    {
        QTemporaryDir folder;
        const std::filesystem::path source = test::fixtures() / "families/olmoe/model.safetensors";
        const std::filesystem::path copy = folder.filePath("model.safetensors").toStdString();
        std::filesystem::copy_file(source, copy);
        const auto first = Checkpoint::open(source);
        VERIFY_OK(first);
        const std::string hash = checkpointHash(**first);
        QCOMPARE(hash.size(), std::size_t{16});
        {
            const auto same = Checkpoint::open(copy);
            VERIFY_OK(same);
            QCOMPARE(checkpointHash(**same), hash);
            QCOMPARE(dominantDType(**same), std::string("bf16"));
        }
        // Other weights of the same shapes: flip every byte behind the header.
        const auto size = std::filesystem::file_size(copy);
        std::fstream stream(copy, std::ios::in | std::ios::out | std::ios::binary);
        std::uint64_t header = 0;
        stream.read(reinterpret_cast<char*>(&header), sizeof header);
        std::string bytes(size - 8 - header, '\0');
        stream.seekg(static_cast<std::streamoff>(8 + header));
        stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        for (char& c : bytes)
            c = static_cast<char>(c ^ 0x11);
        stream.seekp(static_cast<std::streamoff>(8 + header));
        stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        stream.close();
        const auto other = Checkpoint::open(copy);
        VERIFY_OK(other);
        QVERIFY(checkpointHash(**other) != hash);
    }
};

QTEST_APPLESS_MAIN(TestReport)
#include "tst_report.moc"
