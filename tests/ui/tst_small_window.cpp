// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>

#include "core/experiments/explore_grids.h"
#include "tests/ui/window_desk.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/line_chart_view.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/figures/token_strip_view.h"
#include "ui/shell/standard_pages.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

const QString kPrompt = QStringLiteral("King is to queen as man is to woman");

/// The real window at a size.
struct Window : Desk {
    explicit Window(const QSize& size, const QString& compare = {})
    {
        addStandardPages(program);
        StartOptions options;
        options.size = size;
        options.page = QStringLiteral("explore");
        options.prompt = kPrompt;
        if (!compare.isEmpty())
            options.compare = compare;
        opened = start(options)
            && QTest::qWaitFor([this] { return !window().currentPage()->isBusy(); }, kPatience);
        QTest::qWait(0);
    }
    bool opened = false;
    QScrollBar* scroll() { return find<QScrollArea>("exploreScroll")->verticalScrollBar(); }
    RoutingGridView* grid(const char* panel)
    {
        return find<QWidget>(panel)->findChild<RoutingGridView*>();
    }
};

/// Rows of the grid that stand whole in sight; -1 when one is cut.
int wholeRows(const RoutingGridView& grid)
{
    int whole = 0;
    const QRect first = grid.cellRect(0, 0);
    const int pitch = grid.source()->rows() > 1 ? grid.cellRect(1, 0).top() - first.top() : 0;
    for (int row = 0; row < grid.source()->rows(); ++row) {
        const QRect cell = grid.cellRect(row, 0);
        const bool top = grid.cellAt({cell.center().x(), cell.top() + 2}).y() == row;
        const bool bottom = grid.cellAt({cell.center().x(), cell.bottom() - 2}).y() == row;
        if (top != bottom || pitch <= 0)
            return -1;
        whole += top ? 1 : 0;
    }
    return whole;
}

bool showsAllColumns(const RoutingGridView& grid)
{
    return grid.horizontalScrollBar()->maximum() == 0;
}

bool isWhole(const QWidget& widget)
{
    return widget.height() >= widget.heightForWidth(widget.width());
}

} // namespace

/// Explore where there is little room: nothing is squeezed below what can be read, the page
/// scrolls.
class TestSmallWindow : public QObject {
    Q_OBJECT

private slots:
    void twoPromptsAreReadable_data()
    {
        QTest::addColumn<QString>("compare");
        QTest::newRow("nothing in common") << QStringLiteral("2 + 3 = 5");
        QTest::newRow("much in common") << QStringLiteral("Queen is to king as woman is to man");
    }
    void twoPromptsAreReadable()
    {
        QFETCH(QString, compare);
        Window desk({1024, 700}, compare);
        QVERIFY(desk.opened);
        QTRY_COMPARE(desk.find<QSplitter>("promptsSplit")->orientation(), Qt::Vertical);
        const auto* strip = desk.find<TokenStripView>("tokensA");
        QTRY_VERIFY(isWhole(*strip));
        QVERIFY(isWhole(*desk.find<QWidget>("tokensB")));
        const RoutingGridView* grid = desk.grid("comparisonPanel");
        QTRY_VERIFY(wholeRows(*grid) >= 10);
        QVERIFY(showsAllColumns(*grid));
        const auto* chart = desk.find<LineChartView>("overlapChart");
        QTRY_VERIFY(chart->height() >= chart->leastHeight(chart->width()));
        QVERIFY(chart->height() > 150);
        QVERIFY(isWhole(*desk.find<QWidget>("comparisonFindings")));
        QVERIFY(desk.scroll()->maximum() > 0);
        // The controls stay in reach.
        const auto* controls = desk.find<QWidget>("exploreControls");
        QVERIFY(controls->visibleRegion().boundingRect() == controls->rect());
    }

    void onePromptIsReadable()
    {
        Window desk({1024, 700});
        QVERIFY(desk.opened);
        QTRY_COMPARE(desk.find<QSplitter>("singleSplit")->orientation(), Qt::Vertical);
        for (const char* panel : {"allLayers", "layerPanel"}) {
            QTRY_COMPARE(wholeRows(*desk.grid(panel)), 10);
            QVERIFY2(showsAllColumns(*desk.grid(panel)), panel);
        }
        QVERIFY(desk.scroll()->maximum() > 0);
        const auto* controls = desk.find<QWidget>("exploreControls");
        QVERIFY(controls->visibleRegion().boundingRect() == controls->rect());
    }

    void aLargerWindowShowsAllAtOnce_data()
    {
        QTest::addColumn<QString>("compare");
        QTest::newRow("one") << QString();
        QTest::newRow("two") << QStringLiteral("2 + 3 = 5");
    }
    void aLargerWindowShowsAllAtOnce()
    {
        QFETCH(QString, compare);
        for (const QSize size : {QSize(1600, 1000), QSize(1280, 800)}) {
            Window desk(size, compare);
            QVERIFY(desk.opened);
            const bool two = !compare.isEmpty();
            QTRY_COMPARE(desk.find<QSplitter>(two ? "promptsSplit" : "singleSplit")->orientation(),
                Qt::Horizontal);
            QTRY_COMPARE(desk.scroll()->maximum(), 0);
            QTRY_VERIFY(wholeRows(*desk.grid(two ? "comparisonPanel" : "layerPanel")) >= 10);
        }
    }

    void theCaptionGoesBeforeThePageScrolls()
    {
        Window desk({1280, 800}, QStringLiteral("Queen is to king as woman is to man"));
        QVERIFY(desk.opened);
        auto* panel = desk.find<FigurePanel>("overlapPanel");
        const auto* caption = panel->findChild<QWidget*>(QStringLiteral("figureCaption"));
        QTRY_VERIFY(desk.scroll()->maximum() == 0 || caption->isHidden());
        desk.window().resize(1600, 1100);
        QTRY_VERIFY(desk.scroll()->maximum() == 0 && !caption->isHidden());
        desk.window().resize(1280, 800);
        QTRY_VERIFY(desk.scroll()->maximum() == 0 || caption->isHidden());
        QVERIFY(isWhole(*desk.find<QWidget>("comparisonFindings")));
    }

    void aStripThatHasRoomDoesNotScroll()
    {
        Style style;
        TokenStripView strip(style);
        TokenStripFigure tokens;
        for (int i = 0; i < 14; ++i) {
            tokens.chips.emplace_back();
            tokens.chips.back().text = std::string(static_cast<std::size_t>(2 + i % 5), 'w');
        }
        strip.setFigure(
            std::make_shared<const Figure>(Figure{"tokens", "Tokens", "", "", std::move(tokens)}));
        // A width at which the strip's own scroll bar would make one row more.
        const int bar = strip.verticalScrollBar()->sizeHint().width();
        int width = 300;
        while (width < 1200 && strip.heightForWidth(width) >= strip.heightForWidth(width - bar))
            ++width;
        QVERIFY(width < 1200);
        const int needed = strip.heightForWidth(width);
        strip.resize(width, needed / 2);
        strip.show();
        QTRY_VERIFY(strip.verticalScrollBar()->maximum() > 0);
        QTRY_VERIFY(strip.viewport()->width() < width);
        strip.resize(width, needed);
        QTRY_COMPARE(strip.verticalScrollBar()->maximum(), 0);
        QTRY_COMPARE(strip.viewport()->width(), width);
    }

    void nothingAlignedIsNothingToMeasure()
    {
        Window desk({1280, 800}, QStringLiteral("2 + 3 = 5"));
        QVERIFY(desk.opened);
        const Figure figure = overlapByLayerFigure(*desk.session().explore());
        const auto& chart = std::get<LineFigure>(figure.data);
        QVERIFY(chart.series.empty() && chart.bands.empty() && chart.levels.empty());
        QCOMPARE(figure.subtitle, std::string("no token stands in both prompts"));
        QVERIFY(figure.caption.find("no overlap to measure") != std::string::npos);
        QCOMPARE(desk.find<FigurePanel>("overlapPanel")->subtitle(),
            QString::fromStdString(figure.subtitle));
    }
};

QTEST_MAIN(TestSmallWindow)
#include "tst_small_window.moc"
