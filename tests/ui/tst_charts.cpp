// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "tests/ui/figure_bench.h"
#include "ui/figures/bar_chart_view.h"
#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_words.h"
#include "ui/figures/heat_map_view.h"
#include "ui/figures/line_chart_view.h"
#include "ui/style/colour_map.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

ChartAxis axisOf(const Axis& spec, double lo, double hi, AxisFit fit, int maxTicks, bool integers)
{
    RangeFinder range(spec.logarithmic);
    range.add(lo);
    range.add(hi);
    return makeAxis(spec, range, fit, maxTicks, integers);
}

QStringList labels(const ChartAxis& axis)
{
    QStringList words;
    for (const ChartAxis::Tick& tick : axis.ticks)
        words += tick.label;
    return words;
}

/// A place in a map's cell that its number does not reach.
QPoint corner(const HeatMapView& view, int row, int col)
{
    return view.cellRect(row, col).topLeft() + QPoint(4, 4);
}

} // namespace

class TestCharts : public QObject {
    Q_OBJECT

private slots:
    void axesEndWhereAPersonWouldEndThem()
    {
        QCOMPARE(
            labels(axisOf({}, 0.77, 0.98, AxisFit::Nice, 5, false)).back(), QStringLiteral("1.00"));
        const ChartAxis share = axisOf({"", "%", 0, 100, false}, 12, 96, AxisFit::Nice, 5, false);
        QCOMPARE(labels(share), (QStringList{"0 %", "20 %", "40 %", "60 %", "80 %", "100 %"}));
        QCOMPARE(share.place(50), 0.5);
        QCOMPARE(labels(axisOf({}, 0, 7, AxisFit::Tight, 12, true)),
            (QStringList{"0", "1", "2", "3", "4", "5", "6", "7"}));
        QCOMPARE(labels(axisOf({}, 0, 128, AxisFit::Tight, 8, true)),
            (QStringList{"0", "32", "64", "96", "128"}));
        // Never ticks between layers.
        QCOMPARE(labels(axisOf({}, 0, 2, AxisFit::Tight, 12, true)), (QStringList{"0", "1", "2"}));
        const ChartAxis log
            = axisOf({"", "", std::nullopt, std::nullopt, true}, 1e-6, 1, AxisFit::Nice, 10, false);
        QCOMPARE(labels(log).front(), QStringLiteral("10⁻⁶"));
        QCOMPARE(log.place(1e-3), 0.5);
        QVERIFY(std::isnan(log.place(0)));
        QCOMPARE(labels(axisOf(
                     {"", "", std::nullopt, std::nullopt, true}, 2, 50, AxisFit::Nice, 6, false)),
            (QStringList{"2", "5", "10", "20", "50"}));
        QCOMPARE(
            labels(axisOf({}, 0, 2.4e6, AxisFit::Nice, 4, false)).at(1), QStringLiteral("1 M"));
        // One value, no values and nonsense still give an axis.
        for (const ChartAxis& axis : {axisOf({}, 3, 3, AxisFit::Nice, 5, false),
                 makeAxis({}, RangeFinder(false), AxisFit::Nice, 5, false),
                 makeAxis({"", "", -1, 0, true}, RangeFinder(true), AxisFit::Nice, 5, false),
                 axisOf({"", "", 5, 1, false}, 0, 9, AxisFit::Tight, 5, true)}) {
            QVERIFY(axis.hi > axis.lo);
            QVERIFY(axis.ticks.size() < 200);
        }
    }

    void labelsDoNotCollide()
    {
        LabelPlacer placer({0, 0, 100, 100});
        const QRectF first = placer.place({{10, 10, 40, 10}});
        const QRectF second = placer.place({{20, 12, 40, 10}, {20, 24, 40, 10}});
        QCOMPARE(second, QRectF(20, 24, 40, 10));
        QVERIFY(!first.intersects(second));
        placer.avoid(QPointF(75, 75));
        QCOMPARE(placer.place({{70, 70, 20, 10}, {40, 85, 20, 10}}), QRectF(40, 85, 20, 10));
        QVERIFY(!placer.isFree({90, 0, 20, 10}));
        // Words stay off the points by more than a hair.
        LabelPlacer careful({0, 0, 100, 100}, 3);
        careful.avoid(QPointF(50, 22));
        QVERIFY(!careful.isFree({40, 10, 20, 10}));
        QVERIFY(careful.isFree({40, 8, 20, 10}));
    }

    void linesStopAtGaps()
    {
        Bench bench;
        LineFigure chart;
        chart.xAxis = {"layer", "", 0, 4, false};
        chart.yAxis = {"rank", "", 0, 1, false};
        chart.series.push_back(
            {"gate", {0, 1, 3, 4}, {0.5, 0.5, 0.5, 0.5}, {}, {}, false, false, false, true});
        chart.gaps.push_back({"dense", 2});
        LineChartView view(bench.style);
        present(view, std::make_shared<const Figure>(Figure{"g", "", "", "", chart}), {500, 300});
        const QImage image = picture(view);
        const auto between = [&](int a, int b) {
            return ((view.pointPosition(0, a) + view.pointPosition(0, b)) / 2).toPoint();
        };
        const auto line = [&](const QPoint& at) {
            int darkest = 255;
            for (int y = at.y() - 2; y <= at.y() + 2; ++y)
                darkest = std::min(darkest, image.pixelColor(at.x(), y).red());
            return darkest < 170;
        };
        QVERIFY(line(between(0, 1)));
        QVERIFY(!line(between(1, 2)));
        QVERIFY(line(between(2, 3)));
        QVERIFY(view.hoverText(between(1, 2)).contains(QStringLiteral("dense")));
        VERIFY_COLOUR(image.pixelColor(between(1, 2)), bench.style.theme().pending);
    }

    void plotsNameTheHeightTheyNeed()
    {
        Bench bench;
        LineChartView view(bench.style);
        present(view, exampleRanks(), {400, 300});
        view.resize(400, view.leastHeight(400));
        QVERIFY(view.plotRect().height() >= bench.style.px(219));
        HeatMapView map(bench.style);
        present(map, exampleSimilarity(), {400, 300});
        map.resize(400, map.leastHeight(400));
        QVERIFY(map.cellRect(7, 0).bottom() - map.cellRect(0, 0).top() >= bench.style.px(215));
    }

    void numbersAndNullsAreWorded()
    {
        QCOMPARE(numberText(-0.25), QStringLiteral("−0.25"));
        QCOMPARE(
            nullText({"", 0.0, Interval{-0.006, 0.006}}), QStringLiteral("null 0.0000 ± 0.0060"));
        QCOMPARE(
            nullText({"", 0.74, Interval{0.63, 0.87}}), QStringLiteral("null 0.74 (0.63–0.87)"));
        QCOMPARE(nullText({"", 0.25, std::nullopt}), QStringLiteral("null 0.25"));
        QVERIFY(isAtNull(0.7, {"", 0.74, Interval{0.63, 0.87}}));
        QVERIFY(!isAtNull(0.9, {"", 0.74, Interval{0.63, 0.87}}));
    }

    void mapsColourTheirCells()
    {
        Bench bench;
        HeatMapView view(bench.style);
        present(view, exampleSimilarity(), {520, 520});
        const QImage image = picture(view);
        VERIFY_COLOUR(image.pixelColor(corner(view, 2, 2)), colourAt(cividis(), 1));
        VERIFY_COLOUR(image.pixelColor(corner(view, 2, 5)), view.cellColour(2, 5));
        VERIFY_COLOUR(image.pixelColor(corner(view, 7, 6)), colourAt(cividis(), 0.004));
        // A missing value is hatched: panel and lines, no colour of the map.
        QVERIFY(!view.cellColour(0, 3).isValid());
        QVERIFY(contains(image, view.cellRect(0, 3), bench.style.theme().panel));
        QCOMPARE(view.colourRange().hi, 1.0);
        view.setRange(HeatMapView::Range::Automatic);
        QCOMPARE(view.colourRange().lo, 0.004);
        // The diagonal, 1 throughout, is left out: it would hide how the others differ.
        QVERIFY(view.colourRange().hi < 0.94);
        VERIFY_COLOUR(view.cellColour(2, 2), bench.style.theme().track);
        view.setSharedRange(Interval{-1, 1});
        QCOMPARE(view.colourRange().lo, -1.0);
        VERIFY_COLOUR(view.cellColour(2, 2), colourAt(cividis(), 1));
    }

    void readoutsAreNeverCut()
    {
        Bench bench;
        HeatMapView view(bench.style);
        present(view, exampleSimilarity(), {520, 520});
        view.setCurrentCell(6, 7); // at its null
        QCOMPARE(view.readoutLines(2000), QStringList{view.readout()});
        const double narrow = textWidth(bench.style.mono(-1), view.readout()) - 1;
        const QStringList lines = view.readoutLines(narrow);
        QCOMPARE(lines.size(), 2);
        for (const QString& line : lines)
            QVERIFY(textWidth(bench.style.mono(-1), line) <= narrow);
        QVERIFY(lines[1].contains(QStringLiteral("as random")));
    }

    void mapsAreReadOutAndReordered()
    {
        Bench bench;
        HeatMapView view(bench.style);
        present(view, exampleSimilarity(), {520, 520});
        QSignalSpy clicked(&view, &HeatMapView::cellClicked);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.cellRect(2, 5).center());
        QCOMPARE(clicked.last(), (QVariantList{2, 5}));
        QVERIFY2(view.readout().contains(QStringLiteral("expert 2 – expert 5")),
            qPrintable(view.readout()));
        QVERIFY(view.readout().contains(QStringLiteral("null")));
        QVERIFY(!view.readout().contains(QStringLiteral("as random")));
        view.setCurrentCell(7, 6);
        QVERIFY(view.readout().contains(QStringLiteral("as random")));
        QVERIFY(view.hoverText(view.cellRect(7, 6).center())
                    .contains(QStringLiteral("random directions")));
        QTest::keyClick(&view, Qt::Key_Up);
        QCOMPARE(clicked.last(), (QVariantList{6, 6}));
        const QRect first = view.cellRect(0, 0);
        view.setOrder(HeatMapView::Order::Clustered);
        QCOMPARE(view.cellRect(7, 7), first);
        QCOMPARE(view.cellAt(first.center()), QPoint(7, 7));
        view.setCurrentCell(99, 0);
        QCOMPARE(view.currentRow(), -1);
    }

    void theDiagonalHasNoNull()
    {
        Figure figure = *exampleSimilarity();
        std::get<HeatMapFigure>(figure.data).diagonal = "the same expert";
        Bench bench;
        HeatMapView view(bench.style);
        present(view, std::make_shared<const Figure>(std::move(figure)), {520, 520});
        const QString hover = view.hoverText(view.cellRect(5, 5).center());
        view.setCurrentCell(5, 5);
        for (const QString& words : {hover, view.readout()}) {
            QVERIFY2(words.contains(QStringLiteral("the same expert")), qPrintable(words));
            QVERIFY(!words.contains(QStringLiteral("null")));
        }
        QVERIFY(view.hoverText(view.cellRect(5, 6).center()).contains(QStringLiteral("null")));
    }

    void hugeMapsAreDrawnAsOneImage()
    {
        HeatMapFigure map;
        map.rows = 700;
        map.cols = 900;
        map.values.resize(map.rows * map.cols);
        for (std::size_t i = 0; i < map.values.size(); ++i)
            map.values[i] = static_cast<double>(i % 900);
        Bench bench;
        HeatMapView view(bench.style);
        present(view, std::make_shared<const Figure>(Figure{"m", "m", "", "", std::move(map)}),
            {600, 500});
        const QImage image = picture(view);
        VERIFY_COLOUR(
            image.pixelColor(view.cellRect(300, 450).center()), view.cellColour(300, 450));
    }

    void linesPassThroughTheirPoints()
    {
        Bench bench;
        LineChartView view(bench.style);
        present(view, exampleRanks(), {520, 420});
        const QImage image = picture(view);
        const Theme& theme = bench.style.theme();
        for (const int series : {1, 2})
            VERIFY_COLOUR(image.pixelColor(view.pointPosition(series, 3).toPoint()),
                theme.category(static_cast<std::size_t>(series)));
        // Layers 0 to 7 on the axis though only six are done; the rest is marked as running.
        QCOMPARE(view.xRange().hi, 7.0);
        const QRectF plot = view.plotRect();
        VERIFY_COLOUR(
            image.pixelColor((plot.bottomRight() - QPointF(20, 20)).toPoint()), theme.pending);
        QVERIFY(contains(
            image, QRectF(plot.left(), plot.top() - 2, plot.width(), 4).toRect(), theme.nullAmber));
    }

    void theLegendSwitchesSeries()
    {
        Bench bench;
        LineChartView view(bench.style);
        present(view, exampleRanks(), {520, 420});
        QSignalSpy toggled(&view, &LineChartView::seriesToggled);
        const QPoint at = view.pointPosition(2, 3).toPoint();
        QTest::mouseClick(
            view.viewport(), Qt::LeftButton, {}, view.legendRect(2).center().toPoint());
        QCOMPARE(toggled.last(), (QVariantList{2, false}));
        QVERIFY(!contains(picture(view), {at - QPoint(3, 3), at + QPoint(3, 3)},
            bench.style.theme().category(2)));
        QCOMPARE(view.pointPosition(2, 3).toPoint(), at);
        QTest::mouseClick(
            view.viewport(), Qt::LeftButton, {}, view.legendRect(2).center().toPoint());
        QVERIFY(view.isSeriesVisible(2));
        // New results of the same chart keep what a person hid.
        view.setSeriesVisible(1, false);
        view.setFigure(exampleRanks());
        QVERIFY(!view.isSeriesVisible(1));
        QTest::keyClick(&view, Qt::Key_Right);
        QTest::keyClick(&view, Qt::Key_Right);
        QVERIFY2(view.currentText().startsWith(QStringLiteral("gate, layer 1")),
            qPrintable(view.currentText()));
        QTest::keyClick(&view, Qt::Key_Down);
        QVERIFY(view.currentText().startsWith(QStringLiteral("down")));
        QTest::keyClick(&view, Qt::Key_Space);
        QVERIFY(!view.isSeriesVisible(2));
    }

    void hoveringReadsTheNearestPoint()
    {
        Bench bench;
        LineChartView view(bench.style);
        present(view, exampleOverlap(), {520, 420});
        QSignalSpy hovered(&view, &LineChartView::pointHovered);
        const QPoint at = view.pointPosition(0, 3).toPoint() + QPoint(4, 4);
        QTest::mouseMove(view.viewport(), at);
        QCOMPARE(hovered.last(), (QVariantList{0, 3}));
        const QString card = view.hoverText(at);
        for (const char* part : {"layer 3", "71", "interval 65–76", "95 % band: 12–40", "k/E: 25"})
            QVERIFY2(card.contains(QString::fromUtf8(part)), qPrintable(card));
        QVERIFY(view.hoverText(view.plotRect().bottomLeft().toPoint() + QPoint(2, -30)).isEmpty());
        QVERIFY(contains(picture(view), view.plotRect().toRect(), bench.style.theme().nullBand));
    }

    void logarithmicAxesLeaveOutWhatTheyCannotShow()
    {
        Bench bench;
        LineChartView view(bench.style);
        present(view, exampleLogarithmic(), {520, 420});
        const auto& series = std::get<LineFigure>(exampleLogarithmic()->data).series[0];
        QVERIFY(std::isnan(view.pointPosition(0, static_cast<int>(series.x.size()) - 1).y()));
        QVERIFY(view.yRange().lo > 0);
        const double x0 = view.pointPosition(0, 0).x();
        const double x1 = view.pointPosition(0, 1).x();
        const double x2 = view.pointPosition(0, 2).x();
        QVERIFY(std::abs((x2 - x1) - (x1 - x0)) < 0.01);
        picture(view);
    }

    void brokenSeriesAreHarmless()
    {
        LineFigure chart;
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const double inf = std::numeric_limits<double>::infinity();
        chart.series = {{"", {}, {}, {}, {}}, {"short", {1, 2, 3}, {1}, {0}, {2, 3}},
            {"nan", {nan, 1, inf}, {nan, nan, inf}, {}, {}}};
        chart.bands = {{"band", {1, 2}, {nan}, {inf, 2}}};
        chart.levels = {{"level", nan, true}};
        chart.verticals = {{"marker", inf, false}};
        chart.pendingFrom = nan;
        Bench bench;
        LineChartView view(bench.style);
        present(view, std::make_shared<const Figure>(Figure{"b", "b", "", "", std::move(chart)}),
            {300, 200});
        picture(view);
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Right);
    }

    void barsStandOnZeroAndFadeAtTheNull()
    {
        Bench bench;
        BarChartView view(bench.style);
        present(view, exampleLoads(), {620, 360});
        const QImage image = picture(view);
        const Theme& theme = bench.style.theme();
        const auto inside
            = [&](int bar) { return (view.barRect(bar).bottomLeft() + QPointF(4, -3)).toPoint(); };
        VERIFY_COLOUR(image.pixelColor(inside(1)), theme.accentMuted);
        VERIFY_COLOUR(image.pixelColor(inside(0)), theme.quietBar); // its interval holds the null
        QVERIFY(contains(image, image.rect(), theme.nullAmber));
        QSignalSpy clicked(&view, &BarChartView::barClicked);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.barRect(5).center().toPoint());
        QCOMPARE(clicked.last().first().toInt(), 5);
        QVERIFY(view.currentText().startsWith(QStringLiteral("5: ")));
        QVERIFY(view.hoverText(view.barRect(0).center().toPoint())
                    .contains(QStringLiteral("as random")));
        view.setOrder(BarChartView::Order::Value);
        view.setCurrent(-1);
        QTest::keyClick(&view, Qt::Key_Right);
        const int largest = view.current();
        for (int bar = 0; bar < 16; ++bar)
            QVERIFY(view.barRect(bar).height() <= view.barRect(largest).height() + 1e-6);
    }

    void longNamesLayTheBarsDown()
    {
        Bench bench;
        BarChartView view(bench.style);
        present(view, exampleBudgets(), {520, 300});
        QVERIFY(view.barRect(0).width() > view.barRect(1).width());
        QVERIFY(view.barRect(0).top() < view.barRect(1).top());
        QVERIFY(view.barRect(4).isEmpty());
        view.setOrder(BarChartView::Order::Value);
        QVERIFY(view.barRect(2).top() < view.barRect(1).top());
        picture(view);
    }
};

QTEST_MAIN(TestCharts)
#include "tst_charts.moc"
