// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <numeric>

#include <QAccessible>
#include <QContextMenuEvent>
#include <QElapsedTimer>
#include <QScrollBar>
#include <QWheelEvent>

#include "tests/ui/figure_bench.h"
#include "ui/figures/routing_grid_view.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

/// A long trace seen through the interface; counts what is asked of it.
class CountingSource : public GridSource {
public:
    CountingSource(int rows, int cols)
        : m_rows(rows)
        , m_cols(cols)
    {
    }
    int rows() const override { return m_rows; }
    int cols() const override { return m_cols; }
    GridCell cell(int row, int col) const override
    {
        ++asked;
        if ((row + col) % 8)
            return {};
        return {static_cast<float>(row % 11) / 10.0F, 0, 0, QString::number(row % 8), 0.5F};
    }
    QString rowLabel(int row) const override { return QStringLiteral("t%1").arg(row); }
    QString colLabel(int col) const override { return QString::number(col); }
    QString rowTitle() const override { return QStringLiteral("token"); }
    QString colTitle() const override { return QStringLiteral("expert"); }
    QString shadeTitle() const override { return QStringLiteral("weight"); }
    QString gapLabel(int col) const override
    {
        return col == gap ? QStringLiteral("dense") : QString();
    }

    mutable long asked = 0;
    int gap = -1;

private:
    int m_rows;
    int m_cols;
};

QPoint centre(const RoutingGridView& view, int row, int col)
{
    return view.cellRect(row, col).center();
}

/// A place in the cell that no label reaches.
QPoint corner(const RoutingGridView& view, int row, int col)
{
    const QRect rect = view.cellRect(row, col);
    return rect.topLeft() + QPoint(rect.width() / 2, 4);
}

const RoutingGridFigure& gridOf(const FigurePointer& figure)
{
    return std::get<RoutingGridFigure>(figure->data);
}

} // namespace

class TestRoutingGrid : public QObject {
    Q_OBJECT

private slots:
    void cellsHaveTheShadeOfTheirWeight()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        const FigurePointer figure = exampleGrid();
        present(view, figure, {800, 520});
        const QImage image = picture(view);
        const Theme& theme = bench.style.theme();
        int chosen = 0;
        for (int row = 0; row < 11; ++row) {
            for (int col = 0; col < 16; ++col) {
                const auto& cell = gridOf(figure).cells[static_cast<std::size_t>(row * 16 + col)];
                const QColor expected
                    = std::isnan(cell.shade) ? theme.faint(cell.faint) : theme.weight(cell.shade);
                VERIFY_COLOUR(image.pixelColor(corner(view, row, col)), expected);
                chosen += !std::isnan(cell.shade);
            }
        }
        QCOMPARE(chosen, 44);
        // The even share stands out in amber above the columns.
        QVERIFY(contains(image,
            QRect(view.cellRect(0, 0).left(), 0, 300, view.cellRect(0, 0).top()), theme.nullAmber));
    }

    void comparisonsShowWhichPromptChose()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        const FigurePointer figure = exampleComparison();
        present(view, figure, {800, 640});
        QCOMPARE(view.shading(), RoutingGridView::Shading::Comparison);
        const QImage image = picture(view);
        const Theme& theme = bench.style.theme();
        std::array<int, 4> seen{};
        for (int i = 0; i < 15 * 16; ++i) {
            const std::uint8_t mark = gridOf(figure).cells[static_cast<std::size_t>(i)].mark;
            const QColor colours[] = {theme.gridEmpty, theme.onlyA, theme.onlyB, theme.both};
            VERIFY_COLOUR(image.pixelColor(corner(view, i / 16, i % 16)), colours[mark & 3U]);
            ++seen[mark & 3U];
            if (mark & 4U)
                QVERIFY(contains(image, view.cellRect(i / 16, i % 16), theme.changed));
        }
        QVERIFY(seen[1] > 0 && seen[2] > 0 && seen[3] > 0);
    }

    void mouseSelectsCellsRowsAndColumns()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        present(view, exampleGrid(), {800, 520});
        QSignalSpy cells(&view, &RoutingGridView::cellClicked);
        QSignalSpy rows(&view, &RoutingGridView::rowClicked);
        QSignalSpy columns(&view, &RoutingGridView::columnClicked);
        QSignalSpy menus(&view, &RoutingGridView::columnContextMenuRequested);
        QSignalSpy hovers(&view, &RoutingGridView::cellHovered);
        QTest::mouseMove(view.viewport(), centre(view, 3, 7));
        QCOMPARE(hovers.last(), (QVariantList{3, 7}));
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, centre(view, 4, 11));
        QCOMPARE(cells.last(), (QVariantList{4, 11}));
        QCOMPARE(view.currentRow(), 4);
        QCOMPARE(view.currentColumn(), 11);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, {10, centre(view, 2, 0).y()});
        QCOMPARE(rows.last(), (QVariantList{2}));
        const QPoint header(centre(view, 0, 5).x(), view.cellRect(0, 0).top() - 8);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::ControlModifier, header);
        QCOMPARE(columns.last().first().toInt(), 5);
        QCOMPARE(view.currentColumn(), 11);
        QContextMenuEvent right(
            QContextMenuEvent::Mouse, header, view.viewport()->mapToGlobal(header));
        QApplication::sendEvent(view.viewport(), &right);
        QCOMPARE(menus.count(), 1);
        QCOMPARE(menus.last().first().toInt(), 5);
        QCOMPARE(view.cellAt(header), QPoint(-1, -1));
    }

    void arrowKeysWalkAndSpeak()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        present(view, exampleGrid(), {800, 520});
        view.setCurrentCell(0, 0);
        QSignalSpy cells(&view, &RoutingGridView::cellClicked);
        QSignalSpy spoken(&view, &FigureView::currentTextChanged);
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(cells.last(), (QVariantList{1, 1}));
        QCOMPARE(spoken.count(), 2);
        QVERIFY2(view.currentText().contains(QStringLiteral("expert 1")),
            qPrintable(view.currentText()));
        QVERIFY(view.currentText().contains(QStringLiteral("ing")));
        const QAccessibleInterface* accessible = QAccessible::queryAccessibleInterface(&view);
        QVERIFY(accessible);
        QCOMPARE(accessible->text(QAccessible::Value), view.currentText());
        QCOMPARE(accessible->text(QAccessible::Name), QStringLiteral("Layer 5"));
        QTest::keyClick(&view, Qt::Key_End, Qt::ControlModifier);
        QCOMPARE(cells.last(), (QVariantList{10, 15}));
        QTest::keyClick(&view, Qt::Key_Left);
        QTest::keyClick(&view, Qt::Key_PageUp);
        QCOMPARE(view.currentColumn(), 14);
    }

    void columnsCanBeReordered()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        const FigurePointer figure = exampleGrid();
        present(view, figure, {800, 520});
        const int firstPlace = view.cellRect(0, 0).left();
        const std::vector<int> order = RoutingGridView::orderByLoad(*view.source());
        for (std::size_t i = 1; i < order.size(); ++i)
            QVERIFY(view.source()->load(order[i - 1]) >= view.source()->load(order[i]));
        view.setColumnOrder(order);
        QCOMPARE(view.cellRect(0, order[0]).left(), firstPlace);
        QCOMPARE(view.cellAt(centre(view, 3, order[2])), QPoint(order[2], 3));
        view.setCurrentCell(0, order[0]);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(view.currentColumn(), order[1]);
        // What is no permutation is not taken.
        view.setColumnOrder({0, 0, 1});
        view.setColumnOrder(std::vector<int>(16, 3));
        QCOMPARE(view.columnOrder(), order);
        view.setColumnOrder({});
        QCOMPARE(view.cellRect(0, 0).left(), firstPlace);
    }

    void zoomKeepsThePlaceUnderTheCursor()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        view.setGrid(std::make_shared<CountingSource>(100'000, 256), *exampleGrid());
        view.resize(900, 600);
        view.show();
        view.scrollToRow(50'000);
        view.scrollToColumn(128);
        const QPoint cursor(500, 300);
        for (const int notch : {120, 120, 120, -120, -120, -120, -120, -120}) {
            const QPoint before = view.cellAt(cursor);
            QVERIFY(before.x() >= 0);
            const double zoom = view.zoom();
            QWheelEvent wheel(cursor, view.viewport()->mapToGlobal(cursor), {}, {0, notch},
                Qt::NoButton, Qt::ControlModifier, Qt::NoScrollPhase, false);
            QApplication::sendEvent(view.viewport(), &wheel);
            QVERIFY(notch > 0 ? view.zoom() > zoom : view.zoom() < zoom);
            QCOMPARE(view.cellAt(cursor), before);
        }
        view.setZoom(1e9);
        QVERIFY(view.zoom() <= 4);
        view.setZoom(std::nan(""));
        QVERIFY(view.zoom() <= 4);
    }

    void onlyVisibleCellsAreAskedFor()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        auto source = std::make_shared<CountingSource>(100'000, 256);
        view.setGrid(source, *exampleGrid());
        view.resize(900, 600);
        view.show();
        picture(view);
        source->asked = 0;
        for (const int row : {0, 99'999, 40'000}) {
            view.scrollToRow(row);
            picture(view);
            QVERIFY(view.cellRect(row, 0).intersects(view.viewport()->rect()));
        }
        // 900 by 600 pixels hold at most 50 columns of 18 and 28 rows of 22 pixels.
        QVERIFY2(source->asked <= 4 * 51 * 29, qPrintable(QString::number(source->asked)));
        QVERIFY(view.cellsPainted() > 100);

        QElapsedTimer clock;
        clock.start();
        constexpr int kFrames = 40;
        for (int frame = 0; frame < kFrames; ++frame) {
            view.verticalScrollBar()->setValue(frame * 50'000);
            picture(view);
        }
        qInfo("%lld ms for a frame of %d cells", clock.elapsed() / kFrames, view.cellsPainted());
    }

    void cellsGrowWithTheRoom()
    {
        Bench bench;
        const Style& style = bench.style;
        GridContent content;
        content.rows = 10;
        content.cols = 16;
        content.labelWidth = style.px(100);
        content.rowBars = 2;
        const auto in = [&](double width, double height) {
            return GridGeometry(style, content, {style.px(width), style.px(height)}, 1, true);
        };
        const GridGeometry large = in(1800, 1100);
        QVERIFY(large.cellWidth > style.px(70) && large.cellWidth <= style.px(48 * 1.6));
        QVERIFY(large.cellHeight > style.px(60) && large.cellHeight <= style.px(42 * 1.6));
        QVERIFY(in(1800, 360).cellWidth <= style.px(48)); // not wide and flat
        QVERIFY(in(460, 1100).cellHeight <= style.px(42)); // nor narrow and high
        // Where cells have no room the bars give way.
        QCOMPARE(large.rowBars, 2);
        const GridGeometry narrow = in(400, 400);
        QCOMPARE(narrow.rowBars, 0);
        QVERIFY(narrow.scrollRange().width() <= 0);
    }

    void denseLayersAreGaps()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        auto source = std::make_shared<CountingSource>(6, 8);
        source->gap = 3;
        view.setGrid(source, *exampleGrid());
        view.resize(600, 400);
        view.show();
        picture(view);
        QCOMPARE(view.cellsPainted(), 6 * 7);
    }

    void sourcesGiveTheSameCsvShapeAsFigures()
    {
        Bench bench;
        RoutingGridView view(bench.style);
        view.setGrid(std::make_shared<CountingSource>(3000, 4), *exampleGrid());
        const QStringList lines = view.dataText().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        QCOMPARE(lines.front().trimmed(),
            QStringLiteral("row,token,expert,label,weight,probability,mark"));
        QCOMPARE(lines.size(), 1 + 3000 * 4 / 8);
        QCOMPARE(lines[1].trimmed(), QStringLiteral("0,t0,0,0,0.5,,"));
        QVERIFY(lines.back().startsWith(QStringLiteral("2999,t2999,1,")));
        view.setFigure(exampleGrid());
        QVERIFY(view.dataText().startsWith(QStringLiteral("row,token,expert,label,")));
    }

    void brokenFiguresAreShownAsFarAsTheyGo()
    {
        Bench bench;
        RoutingGridFigure grid = gridOf(exampleGrid());
        grid.cells.resize(20);
        RoutingGridView view(bench.style);
        present(view, std::make_shared<const Figure>(Figure{"x", "x", "", "", grid}), {400, 300});
        QCOMPARE(view.source()->rows(), 1);
        picture(view);
        view.setFigure(exampleSimilarity());
        QVERIFY(!view.figure());
        picture(view);
        QTest::keyClick(&view, Qt::Key_Down);
    }
};

QTEST_MAIN(TestRoutingGrid)
#include "tst_routing_grid.moc"
