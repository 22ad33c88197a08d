// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QBuffer>
#include <QLabel>
#include <QPainter>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSvgGenerator>
#include <QTableView>
#include <QToolButton>
#include <QXmlStreamReader>

#include "core/experiments/moe_type.h"
#include "tests/ui/figure_bench.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_view.h"
#include "ui/figures/heat_map_view.h"
#include "ui/figures/line_chart_view.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/figures/token_strip_view.h"
#include "ui/figures/verdict_card_view.h"
#include "ui/pages/weights/pill_strip.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

/// Every text that a view paints, one a line.
QStringList paintedWords(FigureView& view)
{
    QBuffer buffer;
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setSize(view.viewport()->size());
    QPainter painter(&generator);
    view.viewport()->render(&painter, {}, {}, QWidget::DrawChildren);
    painter.end();
    QStringList words;
    QXmlStreamReader reader(buffer.data());
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement
            && reader.name() == QLatin1String("text"))
            words += reader.readElementText();
    return words;
}

FigurePointer figureOf(std::string title, std::string subtitle, std::string caption, auto data)
{
    return std::make_shared<const Figure>(
        Figure{"f", std::move(title), std::move(subtitle), std::move(caption), std::move(data)});
}

FigurePointer originCard()
{
    VerdictFigure verdict{"Shared origin", "evidence", "8 of 8 layers", {}, {}};
    for (const char* projection : {"gate", "up", "down"})
        verdict.rows.push_back(
            {std::string("pairwise cosine, ") + projection, "0.831 (0.785 to 0.905)",
                "independent experts 0 ± 0.001", "shared in 3 of 8 layers", 1, ""});
    return figureOf("Shared origin", "", "", std::move(verdict));
}

LineFigure::Series series(const char* name, bool isNull, bool emphasised, bool muted)
{
    return {name, {0, 1}, {1, 0}, {}, {}, isNull, emphasised, muted, false};
}

LayerWeights layerWithCosine(double cosine)
{
    LayerWeights layer;
    layer.layer = LayerId(3);
    ProjectionAnalysis analysis;
    analysis.norms = {1, 1};
    analysis.m = 4;
    analysis.n = 4;
    analysis.cosine = {1, cosine, cosine, 1};
    layer.projections = {Projection::Gate};
    layer.analyses.push_back(std::move(analysis));
    return layer;
}

} // namespace

class TestLegibility : public QObject {
    Q_OBJECT

private slots:
    void verdictsAreNeverCut_data()
    {
        QTest::addColumn<int>("width");
        for (const int width : {900, 700, 560, 420})
            QTest::newRow(qPrintable(QString::number(width))) << width;
    }

    void verdictsAreNeverCut()
    {
        QFETCH(int, width);
        Bench bench;
        VerdictCardView card(bench.style);
        present(card, originCard(), {width, 400});
        const QStringList words = paintedWords(card);
        for (const char* whole : {"pairwise cosine, gate", "0.831 (0.785 to 0.905)",
                 "independent experts 0 ± 0.001", "shared in 3 of 8 layers"})
            QCOMPARE(words.count(QString::fromUtf8(whole)),
                QString::fromUtf8(whole).contains(QStringLiteral("gate")) ? 1 : 3);
        QVERIFY(card.heightForWidth(420) > card.heightForWidth(900));
    }

    void theEvenShareIsNamedInFull()
    {
        Bench bench;
        RoutingGridFigure figure;
        figure.rowLabels = {"a", "b"};
        figure.colLabels = {"0", "1", "2"};
        figure.colTitle = "expert";
        figure.colLoad = {0.1, 0.05, 0.0};
        figure.evenLoad = 0.062;
        figure.cells.resize(6);
        RoutingGridView grid(bench.style);
        present(grid, figureOf("Layer 4", "", "", figure), {400, 300});
        QVERIFY(paintedWords(grid).contains(QStringLiteral("even share 0.062")));
    }

    void subtitlesMoveBelowTheTitleInsteadOfBeingCut()
    {
        Style style;
        Panel panel(style);
        panel.setTitle(QStringLiteral("Rank by layer"));
        panel.setSubtitle(QStringLiteral("95 % of energy, share of the ceiling"));
        panel.setBody(new QWidget);
        panel.resize(700, 300);
        panel.show();
        auto* beside = panel.findChild<QLabel*>(QStringLiteral("panelSubtitle"));
        auto* below = panel.findChild<QLabel*>(QStringLiteral("panelSubtitleBelow"));
        QVERIFY(below->isHidden());
        QCOMPARE(beside->text(), panel.subtitle());
        panel.resize(260, 300);
        QVERIFY(below->isVisible());
        QCOMPARE(below->text(), panel.subtitle());
        QVERIFY(beside->text().isEmpty());
        panel.setHeaderVisible(false);
        QVERIFY(below->isHidden());
    }

    void captionsGiveWayToTheFigure()
    {
        Bench bench;
        FigurePanel panel(bench.style,
            figureOf("Loads", "", "Mean of the experts: 0 ± 0.013 (95 %).", LineFigure{}));
        panel.resize(500, 800);
        panel.show();
        auto* caption = panel.findChild<QLabel*>(QStringLiteral("figureCaption"));
        auto* help = panel.findChild<QToolButton*>(QStringLiteral("figureHelp"));
        QVERIFY(caption->isVisible());
        QVERIFY(help->isHidden());
        panel.resize(500, 320);
        QVERIFY(caption->isHidden());
        QVERIFY(help->isVisible());
        QVERIFY(help->toolTip().contains(QStringLiteral("Mean of the experts")));
        QVERIFY(!help->accessibleName().isEmpty());
        panel.setCaptionVisible(false);
        QVERIFY(help->isHidden());
    }

    void nullsKeepTheirOwnLegendEntry()
    {
        Bench bench;
        LineFigure line;
        line.series = {series("E0", false, true, false), series("E1", false, false, true),
            series("E2", false, false, true), series("random matrix", true, false, false),
            series("row noise", true, false, true)};
        LineChartView chart(bench.style);
        present(chart, figureOf("Decay", "", "", line), {700, 400});
        const QStringList words = paintedWords(chart);
        for (const char* entry : {"E0", "E1 to E2", "random matrix", "row noise"})
            QVERIFY2(words.contains(QString::fromUtf8(entry)), entry);
        // A chosen expert in the middle is not counted among the others.
        line.series[0] = series("E0", false, false, true);
        line.series[1] = series("E1", false, true, false);
        chart.setFigure(figureOf("Decay", "", "", line));
        QVERIFY(paintedWords(chart).contains(QStringLiteral("2 others, E0 to E2")));
    }

    void levelsAreNamedBesideTheLines()
    {
        Bench bench;
        LineFigure line;
        line.yAxis.title = "rank / ceiling";
        line.yAxis.lo = 0;
        line.levels = {{"ceiling", 1, true}};
        LineFigure::Series flat{"gate", {}, {}, {}, {}, false, false, false, false};
        for (int x = 0; x < 8; ++x) {
            flat.x.push_back(x);
            flat.y.push_back(0.97);
        }
        line.series = {flat};
        LineChartView chart(bench.style);
        present(chart, figureOf("Rank", "", "", line), {420, 220});
        QImage with = picture(chart);
        line.levels.clear();
        chart.setFigure(figureOf("Rank", "", "", line));
        // Where the line passes nothing of the label may lie: the same colours with and without it.
        const QColor colour = bench.style.theme().category(0);
        const QImage without = picture(chart);
        for (int x = 80; x < 400; ++x)
            for (int y = 0; y < with.height(); ++y)
                if (similar(without.pixelColor(x, y), colour))
                    VERIFY_COLOUR(with.pixelColor(x, y), colour);
    }

    void colourBarsSayWhatTheyShow()
    {
        Bench bench;
        HeatMapView map(bench.style);
        present(map,
            std::make_shared<const Figure>(
                similarityFigure(layerWithCosine(0.8), Projection::Gate)),
            {400, 400});
        QVERIFY(paintedWords(map).contains(QStringLiteral("cosine")));
        QCOMPARE(map.colourRange().lo, 0.0);
        QCOMPARE(map.colourRange().hi, 1.0);
        // Opposite experts need a scale that tells the sign.
        map.setFigure(std::make_shared<const Figure>(
            similarityFigure(layerWithCosine(-0.5), Projection::Gate)));
        QCOMPARE(map.colourRange().lo, -1.0);
        QVERIFY(map.cellColour(0, 1).blue() > map.cellColour(0, 1).red());
    }

    void levelsAreNamedWhereNoLineIs()
    {
        Bench bench;
        LineFigure figure;
        figure.yAxis = {"mean cosine", "", 0, 1, false};
        figure.series.push_back(
            {"gate", {0, 1, 2, 3}, {0.02, 0.02, 0.02, 0.02}, {}, {}, false, false, false, true});
        figure.levels = {{"independent experts", 0, true}, {"smallest that counts", 0.05, false}};
        figure.bands.push_back({"independent experts: 0, 95 % band", {0, 3}, {0, 0}, {0, 0}});
        LineChartView chart(bench.style);
        present(chart, figureOf("Similarity by layer", "", "", figure), {400, 300});
        QVERIFY(paintedWords(chart).contains(QStringLiteral("smallest that counts")));
        // No room between the lines, and the legend names it.
        QVERIFY(!paintedWords(chart).contains(QStringLiteral("independent experts")));
        QVERIFY(paintedWords(chart).contains(QStringLiteral("independent experts: 0, 95 % band")));
        figure.series[0].y.assign(4, 0.8);
        figure.levels[1].y = 0.6;
        chart.setFigure(figureOf("Similarity by layer", "", "", figure));
        QVERIFY(paintedWords(chart).contains(QStringLiteral("independent experts")));
    }

    void cellsShowTheirNumbersAllOrNone()
    {
        Bench bench;
        HeatMapFigure figure;
        figure.rows = figure.cols = 4;
        figure.values
            = {1, 0.5, -0.25, 0.1, 0.5, 1, 0.2, -0.3, -0.25, 0.2, 1, 0.4, 0.1, -0.3, 0.4, 1};
        figure.range = Interval{-0.3, 1};
        bool some = false;
        for (int width = 120; width <= 420; width += 20) {
            HeatMapView map(bench.style);
            present(map, figureOf("Similarity", "", "", figure), {width, width});
            const QStringList words = paintedWords(map);
            const bool shorter = words.contains(QStringLiteral("0.20"));
            QCOMPARE(words.contains(QStringLiteral("−0.25")), shorter);
            some = some || shorter;
        }
        QVERIFY(some);
    }

    void theStripExplainsItsColoursAndNumbers()
    {
        Bench bench;
        TokenStripFigure strip;
        strip.badgeTitle = "first expert in layer 4";
        strip.chips = {{"King", "N", "noun", "^→NOUN→FUNC", 0, "4", "", false, false},
            {" to", "O", "relation word: to", "NOUN→TO→NOUN", 4, "2", "", false, false},
            {" as", "S", "relation word: as", "NOUN→AS→NOUN", 4, "2", "", false, false},
            {".", "P", "punctuation", "NOUN→PN→$", 7, "1", "", false, false}};
        TokenStripView view(bench.style);
        const FigurePointer figure = figureOf("Tokens", "", "", strip);
        for (const int width : {1100, 560}) {
            present(view, figure, {width, 300});
            view.resize(width, view.heightForWidth(width));
            view.setPatterns({QStringLiteral("analogy  A is to B as C is to D")});
            const QStringList words = paintedWords(view);
            for (const char* entry : {"noun", "O S", "relation word", "punctuation",
                     "number: first expert in layer 4", "· = space"})
                QVERIFY2(words.contains(QString::fromUtf8(entry)), entry);
        }
        QVERIFY(view.heightForWidth(560) > view.heightForWidth(1100));

        // One legend for two strips names what stands in either.
        TokenStripFigure second;
        second.badgeTitle = strip.badgeTitle;
        second.chips = {{"ran", "V", "verb", "^→VERB→$", 1, "3", "", false, false}};
        view.setFigure(figureOf("Tokens", "", "", second));
        view.setLegendPartner(figure);
        QStringList names;
        for (const TokenStripView::LegendEntry& entry : view.legend())
            names += entry.words;
        QVERIFY(names.contains(QStringLiteral("verb")));
        QVERIFY(names.contains(QStringLiteral("relation word")));
        QCOMPARE(names.count(QStringLiteral("number: first expert in layer 4")), 1);
    }

    void gridsNameTheirColumns()
    {
        Bench bench;
        RoutingGridFigure grid;
        grid.rowLabels = {"a", "b"};
        grid.colLabels = {"0", "1"};
        grid.rowTitle = "token";
        grid.colTitle = "layer";
        grid.cells.resize(4);
        grid.rowBars = {{"margin", "logit", {0.5, 0.1}, 1, 0, "Lead of the last chosen."}};
        RoutingGridView view(bench.style);
        present(view, figureOf("All layers", "", "", grid), {500, 300});
        QVERIFY(paintedWords(view).contains(QStringLiteral("layer")));
        QString over;
        for (int x = 0; x < view.viewport()->width() && over.isEmpty(); ++x)
            if (const QString text = view.hoverText({x, 12});
                text.contains(QStringLiteral("Lead of the last chosen.")))
                over = text;
        QVERIFY(over.contains(QStringLiteral("margin")));
    }

    void tablesFollowAndTellTheChosenRow()
    {
        Bench bench;
        TableFigure data;
        data.columns = {{"token", "", false, -1, ""}, {"p", "", true, 3, ""}};
        for (int i = 0; i < 5; ++i)
            data.rows.push_back({std::string(1, static_cast<char>('a' + i)), 5.0 - i});
        FigureTableView view(bench.style);
        present(view, figureOf("Tokens", "", "", data), {400, 300});
        QSignalSpy told(&view, &FigureTableView::currentRowChanged);
        view.setCurrentRow(3);
        QCOMPARE(view.currentRow(), 3);
        QCOMPARE(told.count(), 0);
        view.table()->sortByColumn(1, Qt::AscendingOrder);
        QCOMPARE(view.currentRow(), 3);
        view.table()->setFocus();
        QTest::keyClick(view.table(), Qt::Key_Down);
        QCOMPARE(told.count(), 1);
        QCOMPARE(told.first().first().toInt(), 2); // ascending by p: e, d, c, ...
        view.setCurrentRow(-1);
        QCOMPARE(view.currentRow(), -1);
    }

    void pillsMoveTogetherBeforeTheyScroll()
    {
        Bench bench;
        PillStrip strip(bench.style, QStringLiteral("expert"));
        std::vector<PillStrip::Pill> pills;
        for (int i = 0; i < 16; ++i)
            pills.push_back({QStringLiteral("E%1").arg(i), {}, {}, true});
        strip.setPills(pills);
        static_cast<QWidget&>(strip).show();
        QTRY_COMPARE(strip.horizontalScrollBar()->maximum(), 0);
        strip.resize(strip.sizeHint().width() - 60, strip.height());
        QVERIFY(strip.width() < strip.sizeHint().width());
        QCoreApplication::processEvents();
        QTRY_COMPARE(strip.horizontalScrollBar()->maximum(), 0);
        strip.resize(300, strip.height());
        QTRY_VERIFY(strip.horizontalScrollBar()->maximum() > 0);
    }
};

QTEST_MAIN(TestLegibility)
#include "tst_legibility.moc"
