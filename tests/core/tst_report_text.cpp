// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/io/json.h"
#include "core/report/display_width.h"
#include "core/report/figure_html.h"
#include "core/report/report.h"
#include "core/report/text_table.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <typename Data>
std::string body(Data data, std::size_t width = 80, bool colour = false)
{
    return figureToText({"id", "T", "", "", std::move(data)}, width, colour).substr(2);
}

std::size_t widest(const std::string& text)
{
    std::istringstream stream(text);
    std::size_t width = 0;
    for (std::string line; std::getline(stream, line);)
        width = std::max(width, displayWidth(line));
    return width;
}

RoutingGridFigure grid(std::size_t experts)
{
    RoutingGridFigure figure;
    figure.rowTitle = "token";
    figure.colTitle = "expert";
    figure.shadeTitle = "weight";
    figure.rowLabels = {"King", "·is"};
    for (std::size_t e = 0; e < experts; ++e)
        figure.colLabels.push_back(std::to_string(e));
    figure.cells.resize(2 * experts);
    return figure;
}

} // namespace

class TestReportText : public QObject {
    Q_OBJECT

private slots:
    void widthsFollowUnicode()
    {
        QCOMPARE(displayWidth("abc"), std::size_t{3});
        QCOMPARE(displayWidth("漢字"), std::size_t{4});
        QCOMPARE(displayWidth("e\xCC\x81"), std::size_t{1}); // e and a combining accent
        QCOMPARE(displayWidth("🙂"), std::size_t{2});
        QCOMPARE(fitText("漢字漢字", 5), std::string("漢字…"));
        QCOMPARE(fitText("漢字漢字", 4), std::string("漢…"));
        QCOMPARE(padLeft("漢", 4), std::string("  漢"));
        QCOMPARE(wrapText("one two three", 12, 2), std::string("  one two\n  three\n"));
    }

    void terminalsCannotBeSteered()
    {
        QCOMPARE(terminalText("a\x1b[2Jb\n\xC2\x9B"
                              "c\xE2\x80\xAE"
                              "d\xFF"),
            std::string("a‹1b›[2Jb‹0a›‹9b›c‹202e›d\xEF\xBF\xBD"));
        TableFigure table;
        table.columns = {{"token", "", false, -1, ""}};
        table.rows = {{std::string("\x1b]0;owned\a")}};
        QCOMPARE(body(table).find('\x1b'), std::string::npos);
    }

    void tablesAlignWideCharacters()
    {
        TableFigure table;
        table.columns = {{"token", "", false, -1, ""}, {"margin", "logit", true, 3, ""}};
        table.rows = {
            {std::string("漢字"), 1.5}, {std::string("é"), kNaN}, {std::string("plain"), -0.0001}};
        QCOMPARE(body(table),
            std::string("token  margin (logit)\n"
                        "─────  ──────────────\n"
                        "漢字            1.500\n"
                        "é                   –\n"
                        "plain           0.000\n"));
    }

    void wideTablesAreSplitAndStayInside()
    {
        TableFigure table;
        table.columns = {{"name", "", false, -1, ""}};
        std::vector<TableFigure::Cell> row{std::string(70, 'x')};
        for (int c = 0; c < 20; ++c) {
            table.columns.push_back({"column " + std::to_string(c), "", true, 2, ""});
            row.emplace_back(c * 1.0);
        }
        table.rows.push_back(row);
        const std::string text = body(table, 60);
        QVERIFY(widest(text) <= 60);
        QVERIFY(text.find("19.00") != std::string::npos);
        QVERIFY(text.find("xxx…") != std::string::npos); // where the name is repeated
        QCOMPARE(std::ranges::count(text.substr(0, text.find("\n\n")), 'x'), 70);
    }

    /// A sentence or a path in a cell takes as many lines as it needs.
    void longTextsAreWrappedNotCut()
    {
        TableFigure table;
        table.columns
            = {{"fact", "", false, -1, ""}, {"value", "", false, -1, ""}, {"n", "", true, 0, ""}};
        table.rows = {{std::string("why"), std::string("one two three four"), 7.0},
            {std::string("path"), std::string("/a/very/long/漢字/name"), 8.0}};
        QCOMPARE(textTable(table, 22),
            std::string("fact  value          n\n"
                        "────  ─────────────  ─\n"
                        "why   one two three  7\n"
                        "      four\n"
                        "path  /a/very/long/  8\n"
                        "      漢字/name\n"));
        const std::string wide = textTable(table, 100);
        QVERIFY(wide.find("one two three four") != std::string::npos);
        table.rows = {{std::string("a"), std::string(80, 'y'), 1.0}};
        QVERIFY(textTable(table, 100).find(std::string(80, 'y')) != std::string::npos);
        QCOMPARE(breakText("", 5), std::vector<std::string>{""});
        QCOMPARE(breakText("漢", 1), std::vector<std::string>{"漢"});
        QCOMPARE(breakText("ab  c", 3), (std::vector<std::string>{"ab ", "c"}));
    }

    void smallHeatMapsShowNumbers()
    {
        HeatMapFigure map;
        map.valueTitle = "cosine";
        map.rows = 2;
        map.cols = 3;
        map.values = {1, 0.5, 0, 0.25, kNaN, 1};
        map.rowAxis.title = "expert";
        map.null = NullModel{"independent experts", 0, {}};
        QCOMPARE(body(map),
            std::string("expert    0    1    2\n"
                        "0      1.00 0.50 0.00\n"
                        "1      0.25    – 1.00\n"
                        "null: independent experts, mean 0\n"));
        const std::string coloured = body(map, 80, true);
        QCOMPARE(coloured.find("\x1b[48;5;18;38;5;255m1.00\x1b[0m") != std::string::npos, true);
    }

    void bigHeatMapsAreShaded()
    {
        HeatMapFigure map;
        map.valueTitle = "cosine";
        map.rows = 2;
        map.cols = 60;
        for (int i = 0; i < 120; ++i)
            map.values.push_back(i % 60);
        map.values[61] = kNaN;
        const std::string text = body(map, 80);
        QVERIFY(widest(text) <= 80);
        QVERIFY(text.find("0    ░") != std::string::npos); // the lowest shares are blank
        QVERIFY(text.find("1  ? ░") != std::string::npos);
        QVERIFY(text.find("█\n") != std::string::npos);
        QVERIFY(text.find("cosine: blank 0 to █ 59\n") != std::string::npos);

        HeatMapFigure huge;
        huge.rows = 256;
        huge.cols = 256;
        huge.values.assign(65536, 1.0);
        const std::string small = body(huge, 80);
        QVERIFY(widest(small) <= 80);
        QVERIFY(small.find("Every sign is the mean of 4 x 4 cells.") != std::string::npos);

        HeatMapFigure diverging = map;
        diverging.scale = ColourScale::Diverging;
        diverging.centre = 30;
        QVERIFY(body(diverging, 80).find("≡") != std::string::npos);
    }

    void shortLinesAreTablesAndLongOnesSparklines()
    {
        LineFigure line;
        line.xAxis.title = "layer";
        line.yAxis.title = "overlap";
        line.series = {{"measured", {0, 1, 2}, {0.1, kNaN, 0.2}, {}, {}, false, true, false, true}};
        line.bands = {{"random", {0, 1, 2}, {0, 0, 0}, {0.3, 0.3, 0.3}}};
        line.levels = {{"k/E", 0.25, true}};
        QCOMPARE(body(line),
            std::string("layer  measured    random\n"
                        "─────  ────────  ────────\n"
                        "    0       0.1  [0, 0.3]\n"
                        "    1         –  [0, 0.3]\n"
                        "    2       0.2  [0, 0.3]\n"
                        "k/E: 0.25\n"));
        LineFigure decay;
        decay.xAxis.title = "rank";
        decay.yAxis.title = "energy";
        decay.series.push_back({"gate", {}, {}, {}, {}, false, false, false, false});
        for (int i = 0; i < 36; ++i) {
            decay.series[0].x.push_back(i);
            decay.series[0].y.push_back(i);
        }
        const std::string text = body(decay, 88);
        QVERIFY(text.find("▁") != std::string::npos && text.find("█") != std::string::npos);
        QVERIFY(text.find("energy against rank\n") != std::string::npos);
        QVERIFY(widest(text) <= 88);
        QCOMPARE(body(LineFigure()), std::string("(no data)\n"));
    }

    void barsShowTheNull()
    {
        BarFigure bars;
        bars.bars = {{"E0", 0.5, Interval{0.4, 0.6}}, {"E1", 0, {}}, {"E2", kNaN, {}}};
        bars.nullLevel = 0.25;
        bars.nullName = "even";
        QCOMPARE(body(bars, 43),
            std::string("E0  0.5 [0.4, 0.6]  ████████████│██████████\n"
                        "E1               0              │\n"
                        "E2               –              │\n"
                        "│ even: 0.25\n"));
    }

    void stripsWrapInColumns()
    {
        TokenStripFigure strip;
        strip.chips = {{"King", "N", "noun", "", 0, "3", "", false, false},
            {" is", "F", "", "", 0, "12", "", false, false},
            {" 漢", "N", "", "", 0, "1", "", false, false}};
        QCOMPARE(body(strip, 80), std::string("King ·is ·漢\nN    F   N\n3    12  1\n"));
    }

    void gridsShowRanksMarksAndLoads()
    {
        RoutingGridFigure figure = grid(4);
        figure.cells[1].shade = 0.7F;
        figure.cells[1].label = "1";
        figure.cells[3].shade = 0.3F;
        figure.cells[3].label = "2";
        figure.cells[4].shade = 0.9F;
        figure.cells[4].mark = 3;
        figure.cells[5].mark = 2;
        figure.colLoad = {0.5, 0.5, 0, 0.5};
        figure.evenLoad = 0.5;
        figure.rowBars = {{"margin", "logit", {0.5, 0.25}, 1, 0}};
        QCOMPARE(body(figure),
            std::string("token   0  1  2  3  margin (logit)\n"
                        "King    ·  1  ·  2             0.5\n"
                        "·is    AB  B  ·  ·            0.25\n"
                        "load % 50 50  0 50\n"
                        "token down, expert across; an even load is 50 % of tokens\n"));
    }

    void gridsThatDoNotFitBecomeLists()
    {
        RoutingGridFigure figure = grid(128);
        figure.cells[3].shade = 0.4F;
        figure.cells[100].shade = 0.6F;
        figure.cells[128 + 7].shade = 1.0F;
        QCOMPARE(body(figure),
            std::string("Each token with its experts and their weight, the largest first.\n"
                        "King   100 0.60  3 0.40\n"
                        "·is    7 1.00\n"));
    }

    void verdictsNameTheirTests()
    {
        VerdictFigure verdict;
        verdict.question = "Shared origin";
        verdict.answer = "evidence";
        verdict.basis = "8 of 8 layers";
        verdict.rows = {{"cosine", "0.9", "0", "shared", 1, ""}};
        QCOMPARE(body(verdict),
            std::string("Shared origin: evidence\n"
                        "8 of 8 layers\n"
                        "test    value  null  points to\n"
                        "──────  ─────  ────  ─────────\n"
                        "cosine  0.9    0     shared\n"));

        // Only what lies at its null is called random.
        using Standing = VerdictFigure::Standing;
        verdict.rows = {{"gate", "0.016", "0 ± 0.001", "differs by less than 0.05", 0, "",
                            Standing::Slight, "differs by less than 0.05"},
            {"norms", "0.2", "0 ± 0.1", "above 0.1", 0, "", Standing::Differs},
            {"ranks", "36", "noise 39", "above 32", 0, "", Standing::Slight,
                "differs by less than 5 %"},
            {"up", "0.000", "0 ± 0.001", "as random", 0, "", Standing::AtNull},
            {"rank", "66", "noise 66", "above 55", 0, "", Standing::AtNull},
            {"down", "", "", "not enough data", 0, "", Standing::Unknown}};
        verdict.note = "Mean of the layers.";
        const auto text = QString::fromStdString(body(verdict));
        for (const char* words : {"  differs by less than 0.05\n", "above 0.1, unlike random\n",
                 "above 32, differs by less than 5 %\n", "as random\n", "above 55, as random\n",
                 "not enough data\n", "Mean of the layers.\n"})
            QVERIFY2(text.contains(QString::fromUtf8(words)), qPrintable(text));
        const Figure figure{"v", "", "", "", verdict};
        const auto rows = figureToJson(figure)["rows"];
        QCOMPARE(rows[0]["standing"].get<std::string>(), std::string("too small to count"));
        QCOMPARE(rows[1]["standing"].get<std::string>(),
            std::string("unlike random, but does not decide"));
        QCOMPARE(rows[3]["standing"].get<std::string>(), std::string("as random"));
        QCOMPARE(rows[5]["standing"].get<std::string>(), std::string("does not decide"));
        const std::string html = figureToHtml(figure);
        QVERIFY(html.find("above 0.1, unlike random") != std::string::npos);
        // Every form has the words of the others.
        Report report;
        report.figures = {figure};
        const std::string markdown = reportToMarkdown(report);
        QVERIFY(markdown.find("| test | value | null | points to |") != std::string::npos);
        QVERIFY(markdown.find("**evidence** 8 of 8 layers") != std::string::npos);
        QVERIFY(markdown.find("Mean of the layers.") != std::string::npos);
        QVERIFY(html.find("Mean of the layers.") != std::string::npos);
    }
};

QTEST_APPLESS_MAIN(TestReportText)
#include "tst_report_text.moc"
