// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>

#include <QAbstractSlider>
#include <QAccessible>
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QTableView>
#include <QTemporaryDir>

#include "core/base/text.h"
#include "core/experiments/expert_loads.h"
#include "tests/support/checkpoint_builder.h"
#include "tests/ui/explore_desk.h"
#include "ui/figures/figure_table_view.h"
#include "ui/pages/explore/bar_rows.h"
#include "ui/pages/explore/layer_bar.h"
#include "ui/pages/explore/layer_weights_view.h"
#include "ui/pages/explore/lens_table.h"
#include "ui/pages/explore/similarity_strip.h"
#include "ui/pages/explore/token_panel.h"
#include "ui/style/segmented_control.h"

using namespace moescope;
using namespace moescope::ui;
using test::ExploreDesk;

namespace {

void clickCell(RoutingGridView* grid, int row, int col, Qt::KeyboardModifiers modifiers = {})
{
    QTest::mouseClick(
        grid->viewport(), Qt::LeftButton, modifiers, grid->cellRect(row, col).center());
}

QPoint headerOf(RoutingGridView* grid, int col)
{
    const QRect cell = grid->cellRect(0, col);
    return {cell.center().x(), cell.top() - 10};
}

} // namespace

class TestExplorePage : public QObject {
    Q_OBJECT

private slots:
    void saysWhatToDoWithoutAModel()
    {
        ExploreDesk desk;
        QVERIFY(desk.find<QLabel>("exploreEmpty")->isVisible());
        QVERIFY(desk.label("exploreEmpty").contains(QStringLiteral("No model is open")));
        QVERIFY(!desk.page->report());
        QVERIFY(!desk.page->isBusy());
    }

    void showsWhereEveryTokenGoes()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        const RoutingTrace& trace = desk.trace();
        QCOMPARE(desk.middle(), int(test::kSingle));
        QCOMPARE(desk.strip()->count(), int(trace.tokenCount()));
        const GridSource& layers = *desk.grid("allLayersGrid")->source();
        QCOMPARE(layers.rows(), int(trace.tokenCount()));
        QCOMPARE(layers.cols(), int(trace.layerCount()));
        const GridSource& layer = *desk.gridOf("layerPanel")->source();
        QCOMPARE(layer.cols(), int(trace.experts));
        const auto ordinal = *trace.ordinalOf(*desk.session.selection().layer);
        for (std::size_t t = 0; t < trace.tokenCount(); ++t) {
            const auto ids = trace.idsAt(t, ordinal);
            for (std::size_t rank = 0; rank < ids.size(); ++rank)
                QCOMPARE(layer.cell(int(t), ids[rank]).label, QString::number(rank + 1));
            QCOMPARE(
                layers.cell(int(t), int(ordinal)).label, QString::number(trace.top1At(t, ordinal)));
            QCOMPARE(
                layer.rowLabel(int(t)), QString::fromStdString(visibleToken(trace.tokens[t].text)));
        }
        const auto shares = loadShares(trace, ordinal);
        for (std::size_t e = 0; e < shares.size(); ++e)
            QCOMPARE(layer.load(int(e)), shares[e]);
        const auto report = desk.page->report();
        QVERIFY(report && report->complete);
        QCOMPARE(report->experiment, std::string("explore"));
    }

    void selectionFlowsBothWays()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        Session& session = desk.session;
        TokenStripView* strip = desk.strip();
        RoutingGridView* layers = desk.grid("allLayersGrid");
        RoutingGridView* layer = desk.gridOf("layerPanel");
        auto* slider = desk.find<QAbstractSlider>("layerSlider");

        QTest::mouseClick(strip->viewport(), Qt::LeftButton, {}, strip->tokenRect(2).center());
        QCOMPARE(session.selection().token(), std::optional<std::size_t>(2));
        QCOMPARE(layers->currentRow(), 2);
        QCOMPARE(layer->currentRow(), 2);
        QCOMPARE(desk.label("tokenPosition"), QStringLiteral("position 2"));

        clickCell(layers, 4, 6);
        QCOMPARE(session.selection().token(), std::optional<std::size_t>(4));
        QCOMPARE(session.selection().layer, std::optional(LayerId(6)));
        QCOMPARE(slider->value(), 6);
        QCOMPARE(strip->current(), 4);
        QCOMPARE(desk.find<QWidget>("layerPanel")->findChild<QLabel*>("panelTitle")->text(),
            QStringLiteral("Layer 6"));

        clickCell(layer, 1, 11);
        QCOMPARE(session.selection().expert(), std::optional(ExpertId(11)));
        QCOMPARE(desk.label("expertTitle"), QStringLiteral("EXPERT 11 OF LAYER 6"));
        QTest::mouseClick(
            layer->viewport(), Qt::LeftButton, Qt::ControlModifier, headerOf(layer, 3));
        QCOMPARE(session.selection().experts.size(), std::size_t{2});
        QCOMPARE(int(desk.find<BarRows>("expertLoads")->bars().size()), 2);

        QTest::keyClick(slider, Qt::Key_Left);
        QCOMPARE(session.selection().layer, std::optional(LayerId(5)));
        QVERIFY(session.selection().experts.empty()); // expert 3 of another layer is another expert
        session.selectLayer(LayerId(1));
        QCOMPARE(slider->value(), 1);
        QCOMPARE(layers->currentColumn(), 1);
        session.selectToken(0);
        QCOMPARE(strip->current(), 0);
        session.goBack();
        QCOMPARE(strip->current(), 1);
        while (session.stepOut()) { }
        QCOMPARE(strip->current(), -1);
        QVERIFY(!desk.find<QWidget>("tokenSection")->isVisible());
    }

    void theInspectorTellsWhatTheRouterRead()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse("King is to queen"));
        desk.session.selectToken(2, PromptSide::A);
        desk.session.selectLayer(LayerId(0));
        QVERIFY(desk.settled());
        auto* reading = desk.find<BarRows>("routerReading");
        QVERIFY(reading->isVisible());
        const auto shares = [&] {
            QList<double> values;
            for (const BarRows::Bar& bar : reading->bars())
                values.append(bar.value);
            return values;
        };
        const QList<double> first = shares();
        QCOMPARE(first.size(), 4);
        QVERIFY(std::abs(first[0] + first[1] + first[2] + first[3] - 1) < 1e-6);
        QCOMPARE(first[3], 0.0); // no experts before the first layer
        desk.session.selectLayer(LayerId(5));
        QVERIFY(shares() != first);
        QVERIFY(shares()[3] != 0.0);
    }

    void anExpertsWeightsStandBesideTheOthers()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("upcycled")));
        QVERIFY(desk.analyse("King is to queen"));
        desk.session.selectLayer(LayerId(3));
        desk.session.selectExpert(ExpertId(2));
        QVERIFY(desk.settled());
        auto* strip = desk.find<SimilarityStrip>("similarityStrip");
        QVERIFY(strip->isHidden());
        desk.click("measureSimilarity");
        QVERIFY(desk.settled());
        QVERIFY(strip->isVisible());
        QVERIFY(desk.find<QPushButton>("measureSimilarity")->isHidden());
        QVERIFY(strip->cellText(5).contains(QStringLiteral("cosine 0.8")));
        QVERIFY(desk.label("similarityWords").contains(QStringLiteral("Closest: expert")));
        strip->grab();
        QTest::mouseClick(strip, Qt::LeftButton, {}, strip->cellRect(5).center().toPoint());
        QCOMPARE(desk.session.selection().expert(), std::optional(ExpertId(5)));
        QVERIFY(strip->cellText(5).contains(QStringLiteral("itself")));
    }

    void aChosenExpertIsBroughtIntoSight()
    {
        ExploreDesk desk;
        QScrollArea area(&desk.window);
        area.setGeometry(1200, 0, 300, 420);
        area.setWidgetResizable(true);
        QWidget* inspector = desk.page->inspector();
        area.setWidget(inspector);
        area.show();
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse("King is to queen"));
        QCOMPARE(area.verticalScrollBar()->value(), 0);
        desk.session.selectExpert(ExpertId(4));
        QTRY_VERIFY(area.verticalScrollBar()->value() > 0);
        QVERIFY(desk.settled());
        area.takeWidget();
        inspector->setParent(&desk.window);
    }

    void denseTokensFollowTheSelection()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("dense_parent")));
        QVERIFY(desk.analyse("King is to queen"));
        auto* table = desk.find<QWidget>("denseTokens")->findChild<FigureTableView*>();
        QVERIFY(table);
        desk.session.selectToken(3, PromptSide::A);
        QCOMPARE(table->currentRow(), 3);
        QTest::keyClick(table->table(), Qt::Key_Up);
        QCOMPARE(desk.strip()->current(), 2);
    }

    void aSampleIsOneClickAway()
    {
        ExploreDesk desk;
        auto* button = desk.find<QPushButton>("openSample");
        QVERIFY(button->isVisible());
        QSignalSpy opened(&desk.session, &Session::modelOpened);
        desk.click("openSample");
        QVERIFY(opened.count() > 0 || opened.wait(test::kPatience));
        QVERIFY(!button->isVisible());
    }

    void hoverPreviewsInTheStrip()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        RoutingGridView* layer = desk.gridOf("layerPanel");
        QTest::mouseMove(layer->viewport(), layer->cellRect(3, 2).center());
        emit layer->cellHovered(3, 2);
        QCOMPARE(desk.session.hover().token, std::optional<std::size_t>(3));
        QCOMPARE(desk.session.hover().expert, std::optional(ExpertId(2)));
        emit layer->cellHovered(-1, -1);
        QVERIFY(!desk.session.hover().token);
    }

    void marginsShowWhyOneOfThemIsMarked()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        const auto* rows = desk.find<LayerWeightsView>("expertsByLayer");
        int marked = 0;
        for (const char* prompt : {"King is to queen as man is to woman", "2 + 3 = 5",
                 "The cat sat on the mat and the dog lay by the door."}) {
            QVERIFY(desk.analyse(prompt));
            for (std::size_t t = 0; t < desk.trace().tokenCount(); ++t) {
                desk.session.selectToken(t, PromptSide::A);
                for (int a = 0; a < rows->rowCount(); ++a) {
                    marked += rows->isCloseCall(a);
                    if (rows->hasCloseCalls())
                        QCOMPARE(rows->marginText(a).section(QLatin1Char('.'), 1).size(), 3);
                    for (int b = 0; b < rows->rowCount(); ++b)
                        if (rows->isCloseCall(a) && !rows->isCloseCall(b))
                            QVERIFY(rows->marginText(a) != rows->marginText(b));
                }
            }
        }
        QVERIFY(marked > 0);
    }

    void inspectorShowsTheRunsNumbers()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.selectToken(3);
        QVERIFY(desk.settled());
        const RoutingTrace& trace = desk.trace();
        auto* rows = desk.find<LayerWeightsView>("expertsByLayer");
        QCOMPARE(rows->rowCount(), int(trace.layerCount()));
        QVERIFY(rows->rowText(2).contains(QStringLiteral("expert %1").arg(trace.top1At(3, 2))));
        const auto& bars = desk.find<BarRows>("nextTokens")->bars();
        QCOMPARE(bars.size(), trace.next[3].size());
        QCOMPARE(bars.front().value, double(trace.next[3].front().probability));
        auto* lens = desk.find<LensTable>("lensTable");
        QCOMPARE(lens->rowCount(), int(trace.layerCount()) + 1);
        // After the last layer it is the model's own answer.
        QVERIFY(lens->rowText(lens->rowCount() - 1).contains(bars.front().label));
        QTest::mouseClick(rows, Qt::LeftButton, {}, rows->rowRect(7).center());
        QCOMPARE(desk.session.selection().layer, std::optional(LayerId(7)));
    }

    void viewsAndOrders()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.selectLayer(LayerId(5));
        RoutingGridView* grid = desk.gridOf("layerPanel");
        auto* panel = desk.find<QWidget>("layerPanel");
        auto* view = panel->findChild<SegmentedControl*>(QStringLiteral("layerView"));
        auto* order = panel->findChild<SegmentedControl*>(QStringLiteral("layerOrder"));
        const RoutingTrace& trace = desk.trace();
        QVERIFY(grid->source()->shadeTitle().startsWith(QStringLiteral("weight")));
        view->setCurrent(1);
        QVERIFY(grid->source()->shadeTitle().contains(QStringLiteral("probability")));
        QCOMPARE(grid->source()->cell(2, 7).value, float(trace.probabilitiesAt(2, 5)[7]));
        view->setCurrent(2);
        QCOMPARE(grid->source()->cell(2, 7).value, trace.logitsAt(2, 5)[7]);

        order->setCurrent(1);
        const std::vector<int> byLoad = grid->columnOrder();
        QCOMPARE(byLoad.size(), std::size_t{16});
        for (std::size_t i = 1; i < byLoad.size(); ++i)
            QVERIFY(grid->source()->load(byLoad[i - 1]) >= grid->source()->load(byLoad[i]));
        order->setCurrent(2);
        const std::vector<int> clustered = grid->columnOrder();
        QCOMPARE(std::set<int>(clustered.begin(), clustered.end()).size(), std::size_t{16});
        desk.session.selectLayer(LayerId(6)); // the order follows the layer
        const auto expected = clusteredExperts(trace, 6);
        QVERIFY(std::equal(expected.begin(), expected.end(), grid->columnOrder().begin(),
            [](std::size_t a, int b) { return int(a) == b; }));
        order->setCurrent(0);
        QVERIFY(grid->columnOrder().empty());

        auto* shade = desk.find<SegmentedControl>("allLayersView");
        RoutingGridView* layers = desk.grid("allLayersGrid");
        shade->setCurrent(1);
        QVERIFY(layers->source()->shadeTitle().contains(QStringLiteral("entropy")));
        QVERIFY(!shade->findChild<QPushButton*>(QStringLiteral("segment2"))->isEnabled());
    }

    void aSpanIsTakenTogether()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        TokenStripView* strip = desk.strip();
        QWidget* port = strip->viewport();
        QTest::mousePress(port, Qt::LeftButton, {}, strip->tokenRect(1).center());
        QMouseEvent move(QEvent::MouseMove, strip->tokenRect(4).center(),
            port->mapToGlobal(strip->tokenRect(4).center()), Qt::NoButton, Qt::LeftButton, {});
        QApplication::sendEvent(port, &move);
        QTest::mouseRelease(port, Qt::LeftButton, {}, strip->tokenRect(4).center());
        QCOMPARE(desk.session.selection().tokens, std::optional(TokenRange{1, 4}));
        QVERIFY(desk.find<QWidget>("rangeSection")->isVisible());
        QCOMPARE(desk.label("rangeTitle"), QStringLiteral("TOKENS 1 TO 4"));
        const auto ordinal = *desk.trace().ordinalOf(*desk.session.selection().layer);
        const LoadTable table = expertLoads(desk.trace(), ordinal, 1, 4);
        const auto& bars = desk.find<BarRows>("rangeLoads")->bars();
        std::size_t most = 0;
        for (const auto& load : table.experts)
            most = std::max(most, load.tokens);
        QCOMPARE(bars.front().value, double(most) / 4);
        // Nothing in it asks for more width than the inspector has.
        QVERIFY(desk.page->inspector()->minimumSizeHint().width() <= desk.style.pxInt(260));
        QVERIFY(desk.session.stepOut());
        QVERIFY(!desk.find<QWidget>("rangeSection")->isVisible());
    }

    void aNarrowPageWraps()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY2(desk.page->minimumSizeHint().width() <= desk.style.pxInt(680),
            qPrintable(QString::number(desk.page->minimumSizeHint().width())));
    }

    void piecesOfACharacterNameIt()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse("a 漢 b"));
        std::size_t pieces = 0;
        for (std::size_t t = 0; t < desk.trace().tokenCount(); ++t) {
            if (isValidUtf8(desk.trace().tokens[t].text))
                continue;
            ++pieces;
            desk.session.selectToken(t);
            QVERIFY2(desk.label("tokenType").contains(QStringLiteral("bytes of “漢”")),
                qPrintable(desk.label("tokenType")));
        }
        QVERIFY(pieces > 0);
    }

    void pillsSayWhatTheyMean()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.selectToken(0);
        TokenStripView* strip = desk.strip();
        strip->grab();
        QStringList cards;
        for (int y = strip->viewport()->height() - 1; y > 0; y -= 4)
            for (int x = 0; x < strip->viewport()->width(); x += 8)
                if (strip->tokenAt({x, y}) < 0)
                    if (const QString card = strip->hoverText({x, y});
                        !card.isEmpty() && !cards.contains(card))
                        cards += card;
        QCOMPARE(cards.size(), patternPills(desk.session.explore()->a).size() + 1);
        QVERIFY(cards.join(QLatin1Char(' ')).contains(QStringLiteral("beginning of the text")));
        QVERIFY(cards.join(QLatin1Char(' ')).contains(QStringLiteral("FUNC→TO→NOUN")));
    }

    void findsATokenFromTheKeyboard()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse("the cat saw the dog and the bird"));
        desk.session.selectToken(0);
        desk.page->findChild<QAction*>(QStringLiteral("findToken"))->trigger();
        auto* line = desk.find<QLineEdit>("findText");
        QVERIFY(line->isVisible());
        QTest::keyClicks(line, QStringLiteral("the"));
        const auto contains = [&] {
            const auto token = desk.session.selection().token();
            return token && desk.trace().tokens[*token].text.find("the") != std::string::npos;
        };
        QVERIFY(contains());
        QVERIFY(desk.label("findCount")
                    .endsWith(QStringLiteral(" of %1").arg(
                        desk.strip()->tokensWith(QStringLiteral("the")).size())));
        QVERIFY(desk.label("findCount").startsWith(QStringLiteral("1 of")));
        const auto first = desk.session.selection().token();
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(contains());
        QVERIFY(desk.session.selection().token() != first);
        QVERIFY(desk.label("findCount").startsWith(QStringLiteral("2 of")));
        QTest::keyClick(line, Qt::Key_Escape);
        QVERIFY(!line->isVisible());
    }

    void playWalksToTheLastLayerAndStops()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.selectLayer(LayerId(6));
        auto* bar = desk.find<LayerBar>("layerBar");
        QTest::keyClick(desk.find<QWidget>("layerSlider"), Qt::Key_Space);
        QVERIFY(bar->isPlaying());
        QTRY_VERIFY_WITH_TIMEOUT(!bar->isPlaying(), test::kPatience);
        QCOMPARE(desk.session.selection().layer, std::optional(LayerId(7)));
        desk.click("playLayers"); // from the end it begins again
        QCOMPARE(desk.session.selection().layer, std::optional(LayerId(0)));
        desk.click("playLayers");
        QVERIFY(!bar->isPlaying());
    }

    void aDenseModelSaysSoInOneSentence()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("dense_parent")));
        QCOMPARE(desk.middle(), int(test::kDense));
        QVERIFY(desk.label("denseText").contains(QStringLiteral("no router")));
        QCOMPARE(desk.strip()->count(), int(desk.trace().tokenCount()));
        QVERIFY(!desk.find<QWidget>("layerBar")->isVisible());
        QVERIFY(!desk.find<QWidget>("openInterventions")->isVisible());
        desk.session.selectToken(1);
        QVERIFY(desk.settled());
        QVERIFY(desk.find<QWidget>("nextTokens")->isVisible());
        QVERIFY(!desk.find<QWidget>("expertsByLayer")->isVisible());
        QVERIFY(desk.open(QStringLiteral("native"))); // and back
        QCOMPARE(desk.middle(), int(test::kSingle));
        QVERIFY(desk.find<QWidget>("layerBar")->isVisible());
    }

    void saysWhyAPromptCannotBeRun()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath(QStringLiteral("tiny")).toStdString();
        VERIFY_OK(test::writeModel(path, test::tinyModel(test::ModelSpec::Family::Olmoe)));
        ExploreDesk desk;
        QVERIFY(desk.open(QString::fromStdString(path.string())));
        QVERIFY(!desk.session.explore()); // it has no tokenizer
        QTRY_VERIFY(desk.find<QLabel>("exploreEmpty")->isVisible());
        QVERIFY(desk.label("exploreEmpty").contains(QStringLiteral("tokenizer")));
        TraceRequest ids;
        ids.ids = {1, 2, 3};
        desk.explore.submit(ids, std::nullopt);
        QVERIFY(desk.settled());
        QVERIFY(desk.session.explore());
        QCOMPARE(desk.middle(), int(test::kSingle));
        QVERIFY(desk.find<QWidget>("tokensA")->isVisible());
    }

    void everythingCanBeReachedAndHasAName()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.click("openInterventions");
        desk.click("openGenerate");
        desk.page->findChild<QAction*>(QStringLiteral("findToken"))->trigger();
        desk.session.selectToken(2);
        desk.session.selectExpert(ExpertId(4));
        QVERIFY(desk.settled());
        int reachable = 0;
        for (QWidget* widget : desk.window.findChildren<QWidget*>()) {
            const bool isInner = widget->objectName().startsWith(QLatin1String("qt_"));
            if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus) || isInner)
                continue;
            ++reachable;
            QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(spoken && !spoken->text(QAccessible::Name).isEmpty(),
                qPrintable(QStringLiteral("%1 \"%2\" has no name")
                               .arg(QLatin1String(widget->metaObject()->className()),
                                   widget->objectName())));
            QVERIFY2(!widget->objectName().isEmpty(), qPrintable(spoken->text(QAccessible::Name)));
        }
        QVERIFY(reachable > 25);
    }

    void aSmallerWindowKeepsTheChosenTokenInSight()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse("the cat saw the dog and the bird and the cow and the hen and the pig "
                             "and the goat and the horse and the mouse and the end of it all"));
        RoutingGridView* grid = desk.gridOf("layerPanel");
        desk.session.selectToken(desk.trace().tokenCount() - 1);
        desk.page->grab();
        desk.page->resize(1000, 620);
        desk.page->grab();
        const int last = int(desk.trace().tokenCount()) - 1;
        QVERIFY(grid->viewport()->rect().contains(grid->cellRect(last, 0).center()));
    }

    void manyExpertsAndThousandsOfTokensScroll()
    {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.filePath(QStringLiteral("many")).toStdString();
        VERIFY_OK(test::writeModel(path, test::manyExpertsModel(test::ModelSpec::Family::Olmoe)));
        ExploreDesk desk;
        QVERIFY(desk.open(QString::fromStdString(path.string())));
        TraceRequest ids;
        for (std::int32_t t = 0; t < 2000; ++t)
            ids.ids.push_back(t * 7 % 32);
        desk.explore.submit(ids, std::nullopt);
        QVERIFY(desk.settled());
        RoutingGridView* grid = desk.gridOf("layerPanel");
        QCOMPARE(grid->source()->cols(), 96);
        QCOMPARE(grid->source()->rows(), 2000);
        desk.session.selectToken(1500);
        desk.page->grab();
        QVERIFY(grid->cellsPainted() > 0);
        QVERIFY(grid->cellsPainted() < 96 * 120);
        QVERIFY(grid->viewport()->rect().intersects(grid->cellRect(1500, 0)));
        desk.session.selectLayer(LayerId(0)); // another layer keeps the place
        QVERIFY(grid->viewport()->rect().intersects(grid->cellRect(1500, 0)));
    }
};

QTEST_MAIN(TestExplorePage)
#include "tst_explore_page.moc"
