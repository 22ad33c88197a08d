// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QMenu>
#include <QSpinBox>

#include "core/base/text.h"
#include "core/experiments/intervention_effect.h"
#include "core/io/json.h"
#include "tests/ui/explore_desk.h"
#include "ui/pages/explore/next_changes_view.h"
#include "ui/style/inline_message.h"
#include "ui/style/segmented_control.h"

using namespace moescope;
using namespace moescope::ui;
using test::ExploreDesk;

namespace {

const char* const kA = "King is to queen as man is to woman.";
const char* const kB = "King is near the queen and the man.";

std::size_t generatedTokens(const RoutingTrace& trace)
{
    return static_cast<std::size_t>(std::ranges::count(trace.tokens, true, &TraceToken::generated));
}

QStringList labelsBelow(const QWidget* widget)
{
    QStringList texts;
    for (const QLabel* label : widget->findChildren<QLabel*>())
        texts += label->text();
    return texts;
}

} // namespace

/// Comparing prompts, changing the model and continuing the prompt.
class TestExploreRuns : public QObject {
    Q_OBJECT

private slots:
    void comparesTwoPrompts()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse(kA, kB));
        const ExploreResult& result = *desk.session.explore();
        QVERIFY(result.comparison);
        QCOMPARE(desk.middle(), int(test::kPrompts));
        QVERIFY(desk.strip("tokensB")->isVisible());
        QCOMPARE(desk.strip("tokensB")->count(), int(result.b->trace.tokenCount()));

        RoutingGridView* grid = desk.grid("comparisonGrid");
        const std::size_t rows = result.a.trace.tokenCount() + result.b->trace.tokenCount()
            - result.comparison->aligned.size();
        QCOMPARE(grid->source()->rows(), int(rows));
        for (int row = 0; row < int(result.comparison->commonPrefix); ++row) {
            QCOMPARE(int(grid->source()->rowSides(row)), 3);
            for (int e = 0; e < 16; ++e) { // a common start is routed alike
                const auto mark = grid->source()->cell(row, e).mark;
                QVERIFY(mark == 0 || mark == 3);
            }
        }
        const auto ordinal = *result.a.trace.ordinalOf(*desk.session.selection().layer);
        const LayerOverlap& overlap = result.comparison->layers[ordinal];
        const QStringList facts = labelsBelow(desk.find<QWidget>("comparisonFacts"));
        QVERIFY(facts.contains(QString::number(overlap.setOverlap, 'f', 2)));
        QVERIFY(facts.contains(QStringLiteral("%1 (%2–%3)")
                                   .arg(overlap.setOverlapNull, 0, 'f', 2)
                                   .arg(overlap.setOverlapBand.lo, 0, 'f', 2)
                                   .arg(overlap.setOverlapBand.hi, 0, 'f', 2)));
        const QStringList words = labelsBelow(desk.find<QWidget>("comparisonFindings"));
        QVERIFY(words.front().startsWith(QStringLiteral("Identical up to “·is”")));

        // A row of prompt B selects in prompt B; the aligned token is marked on both strips.
        const int row = grid->source()->rows() - 1;
        QTest::mouseClick(grid->viewport(), Qt::LeftButton, {}, grid->cellRect(row, 2).center());
        QCOMPARE(desk.strip("tokensA")->current(), int(result.a.trace.tokenCount()) - 1);
        QCOMPARE(desk.strip("tokensB")->current(), int(result.b->trace.tokenCount()) - 1);

        desk.find<SegmentedControl>("shownSides")->setCurrent(2);
        QCOMPARE(desk.middle(), int(test::kSingle));
        QCOMPARE(desk.gridOf("layerPanel")->source()->rows(), int(result.b->trace.tokenCount()));
        auto* shade = desk.find<SegmentedControl>("allLayersView");
        shade->setCurrent(2);
        QVERIFY(
            desk.grid("allLayersGrid")->source()->shadeTitle().contains(QStringLiteral("shared")));
        QCOMPARE(desk.grid("allLayersGrid")->source()->cell(0, 0).shade, 1.0F);

        QVERIFY(desk.analyse(kA));
        QCOMPARE(desk.middle(), int(test::kSingle));
        QVERIFY(!desk.strip("tokensB")->isVisible());
        QCOMPARE(shade->current(), 0);
    }

    void masksAnExpertBesideTheUntouchedRun()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        const auto busiest = static_cast<std::uint32_t>(desk.trace().top1At(0, 5));
        desk.session.selectLayer(LayerId(5));
        RoutingGridView* grid = desk.gridOf("layerPanel");
        emit grid->columnContextMenuRequested(int(busiest), QPoint(10, 10));
        auto* menu = desk.find<QMenu>("expertMenu");
        menu->findChild<QAction*>(QStringLiteral("maskExpert"))->trigger();
        menu->close();
        QVERIFY(desk.rerun());

        const ExploreResult& result = *desk.session.explore();
        QVERIFY(comparesInterventions(result));
        QCOMPARE(desk.middle(), int(test::kChanges));
        QVERIFY(desk.find<QWidget>("interventionBar")->isVisible());
        const GridSource& after = *desk.gridOf("changedPanel")->source();
        const GridSource& before = *desk.gridOf("untouchedPanel")->source();
        int changed = 0;
        for (int t = 0; t < after.rows(); ++t) {
            QVERIFY(after.cell(t, int(busiest)).label.isEmpty());
            for (int e = 0; e < 16; ++e) {
                QCOMPARE(after.cell(t, e).mark, before.cell(t, e).mark);
                QCOMPARE(after.cell(t, e).mark == 4,
                    after.cell(t, e).label.isEmpty() != before.cell(t, e).label.isEmpty());
                changed += after.cell(t, e).mark == 4;
            }
        }
        QVERIFY(changed > 0);
        const InterventionEffect effect = interventionEffect(result.a.trace, result.b->trace);
        QVERIFY(
            labelsBelow(desk.find<QWidget>("changesFacts"))
                .contains(QStringLiteral("%1 of %2").arg(effect.changedCells).arg(effect.cells)));
        QCOMPARE(desk.find<NextChangesView>("nextChanges")->rowCount(), int(effect.changes.size()));

        desk.find<SegmentedControl>("shownSides")->setCurrent(2);
        const GridSource& layers = *desk.grid("allLayersGrid")->source();
        int marked = 0;
        for (int t = 0; t < layers.rows(); ++t)
            for (int l = 0; l < layers.cols(); ++l)
                marked += layers.cell(t, l).mark == 4;
        QCOMPARE(marked, int(effect.changedCells));

        desk.click("undoIntervention");
        QVERIFY(desk.rerun());
        QVERIFY(!desk.session.explore()->b);
        QCOMPARE(desk.middle(), int(test::kSingle));
        desk.click("redoIntervention");
        QVERIFY(desk.rerun());
        QVERIFY(desk.session.explore()->b);
        desk.click("clearInterventions");
        QVERIFY(desk.rerun());
        QVERIFY(!desk.session.explore()->b);
    }

    void exportsTheChangeBesideTheUntouchedRun()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.selectLayer(LayerId(6));
        desk.session.interventions().setMasked(LayerId(6), ExpertId(9), true);
        desk.session.interventions().setTopK(1);
        QVERIFY(desk.rerun());
        const auto report = desk.page->report();
        QVERIFY(report);
        QCOMPARE((*report->spec)["changes"].get<std::string>(),
            std::string("layer 6: expert 9 masked; 1 expert per token"));
        const ExploreResult& result = *desk.session.explore();
        const InterventionEffect effect = interventionEffect(result.a.trace, result.b->trace);
        QVERIFY(report->findings.front().conclusion.find(QStringLiteral("%1 of %2 choices")
                                                             .arg(effect.changedCells)
                                                             .arg(effect.cells)
                                                             .toStdString())
            != std::string::npos);
        const auto sameAs = [&](const char* id, const char* panel) {
            const auto at = std::ranges::find(report->figures, id, &Figure::id);
            const GridSource& shown = *desk.gridOf(panel)->source();
            const auto& cells = std::get<RoutingGridFigure>(at->data).cells;
            for (std::size_t i = 0; i < cells.size(); ++i) {
                const auto cell = shown.cell(int(i / 16), int(i % 16));
                if (cell.label != QString::fromStdString(cells[i].label)
                    || cell.mark != cells[i].mark)
                    return false;
            }
            return cells.size() == result.a.trace.tokenCount() * 16;
        };
        QVERIFY(sameAs("layer", "untouchedPanel"));
        QVERIFY(sameAs("layer-changed", "changedPanel"));

        auto* view = desk.find<QWidget>("untouchedPanel")
                         ->findChild<SegmentedControl*>(QStringLiteral("layerView"));
        view->setCurrent(1);
        const Report probabilities = *desk.page->report();
        const auto grid = std::ranges::find(probabilities.figures, "layer", &Figure::id);
        QVERIFY(std::get<RoutingGridFigure>(grid->data).valueTitle.find("probability")
            != std::string::npos);
    }

    void exportsTheIdsThatWereGiven()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        TraceRequest prompt;
        prompt.ids = {5, 9, 17, 300};
        desk.explore.submit(prompt, std::nullopt);
        QVERIFY(desk.settled());
        const auto report = desk.page->report();
        QVERIFY(report);
        QCOMPARE((*report->spec)["ids"].dump(), std::string("[5,9,17,300]"));
        QVERIFY(!report->spec->contains("prompt"));
    }

    void anotherComparisonBeginsWithBothSides()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.interventions().setTopK(1);
        QVERIFY(desk.rerun());
        // The text shows what changed.
        const ExploreResult& result = *desk.session.explore();
        const InterventionEffect effect = interventionEffect(result.a.trace, result.b->trace);
        QList<int> tokens;
        for (const auto& change : effect.changes)
            tokens += int(change.token);
        QVERIFY(!tokens.isEmpty());
        QCOMPARE(desk.strip()->changed(), tokens);
        QVERIFY(desk.strip()
                    ->hoverText(desk.strip()->tokenRect(tokens.front()).center())
                    .contains(QStringLiteral("next token after it changed")));
        desk.find<SegmentedControl>("shownSides")->setCurrent(2);
        QCOMPARE(desk.middle(), int(test::kSingle));
        desk.session.interventions().undoStack().undo();
        QVERIFY(desk.rerun());
        QVERIFY(desk.strip()->changed().isEmpty());
        QVERIFY(desk.analyse(kA, kB));
        QCOMPARE(desk.middle(), int(test::kPrompts));
        QCOMPARE(desk.find<SegmentedControl>("shownSides")->current(), 0);
    }

    void spaceAfterTheLastTokenDiscardsNothing()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.analyse(kA));
        desk.click("openGenerate");
        auto* step = desk.find<QPushButton>("generateStep");
        auto* temperature = desk.find<QWidget>("generateTemperature");
        QVERIFY(!temperature->toolTip().contains(QStringLiteral("Locked")));
        step->setFocus();
        for (int i = 0; i < 64 && step->isEnabled(); ++i) {
            QTest::keyClick(step, Qt::Key_Space);
            QVERIFY(desk.settled());
        }
        QVERIFY(!step->isEnabled()); // the model came to its end
        const std::size_t grown = generatedTokens(desk.trace());
        QVERIFY(grown > 0);
        QWidget* focus = desk.window.focusWidget();
        QVERIFY(focus);
        QVERIFY(!qobject_cast<QPushButton*>(focus));
        QTest::keyClick(focus, Qt::Key_Space);
        QVERIFY(desk.settled());
        QCOMPARE(generatedTokens(desk.trace()), grown);
        QVERIFY(!temperature->isEnabled());
        QVERIFY(temperature->toolTip().contains(QStringLiteral("Locked")));
    }

    void changesTheNumberOfExperts()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.click("openInterventions");
        auto* spin = desk.find<QSpinBox>("topKSpin");
        QCOMPARE(spin->value(), 4);
        QCOMPARE(spin->maximum(), 16);
        spin->setValue(1);
        QVERIFY(desk.rerun());
        QCOMPARE(desk.session.explore()->b->trace.k, 1U);
        spin->setValue(4); // the model's own number is no change
        QVERIFY(desk.rerun());
        QVERIFY(desk.session.interventions().isEmpty());
        QVERIFY(!desk.session.explore()->b);
    }

    void saysWhyAChangeCannotBeRun()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.interventions().setTopK(16);
        QVERIFY(desk.rerun());
        desk.session.interventions().setMasked(LayerId(2), ExpertId(3), true);
        QVERIFY(desk.rerun());
        auto* message = desk.find<QWidget>("interventionBar")->findChild<InlineMessage*>();
        QTRY_VERIFY(message->isVisible());
        QVERIFY(message->text().contains(QStringLiteral("layer 2 cannot choose 16")));
        QVERIFY(desk.session.explore()); // what was there stays
        emit message->actionTriggered(); // Undo
        QVERIFY(desk.rerun());
        QVERIFY(!message->isVisible());
        QVERIFY(desk.session.explore()->b);
    }

    void generationGrowsTheGrids()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        const std::size_t prompt = desk.trace().tokenCount();
        desk.click("openGenerate");
        desk.click("generateStep");
        QVERIFY(desk.settled());
        QCOMPARE(desk.trace().tokenCount(), prompt + 1);
        QCOMPARE(desk.strip()->count(), int(prompt) + 1);
        QCOMPARE(desk.gridOf("layerPanel")->source()->rows(), int(prompt) + 1);
        QVERIFY(desk.trace().tokens.back().generated);
        QCOMPARE(desk.session.selection().token(), std::optional(prompt));
        // Greedy: the first token is what the prompt's last token predicts.
        QCOMPARE(desk.trace().tokens[prompt].id, desk.trace().next[prompt - 1].front().id);

        desk.find<QSpinBox>("generateMost")->setValue(4);
        desk.click("generatePlay");
        QVERIFY(desk.settled());
        const std::size_t grown = generatedTokens(desk.trace());
        QVERIFY(grown > 1 && grown <= 5); // fewer when the model ends the text
        const auto report = desk.page->report();
        QVERIFY(report && report->complete);

        const std::string text = desk.trace().prompt;
        const auto& ends = desk.session.model()->model->config().endTokens;
        const bool ended = std::ranges::find(ends, desk.trace().tokens.back().id) != ends.end();
        desk.click("generateKeep");
        QVERIFY(desk.settled());
        QCOMPARE(generatedTokens(desk.trace()), std::size_t{0});
        QCOMPARE(desk.trace().tokenCount(), prompt + grown - (ended ? 1 : 0));
        if (desk.session.prompt().ids.empty())
            QCOMPARE(desk.session.prompt().text, text);
    }

    void aStoppedGenerationGoesOnOrIsDiscarded()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        const auto bare = desk.session.explore();
        desk.click("openGenerate");
        desk.find<QSpinBox>("generateMost")->setValue(200);
        desk.click("generatePlay");
        QVERIFY(
            QTest::qWaitFor([&] { return generatedTokens(desk.trace()) >= 2; }, test::kPatience));
        desk.click("generatePlay"); // stop
        QVERIFY(desk.settled());
        const std::size_t stopped = generatedTokens(desk.trace());
        if (stopped < 200 && desk.find<QPushButton>("generateStep")->isEnabled()) {
            desk.click("generateStep");
            QVERIFY(desk.settled());
            QVERIFY(generatedTokens(desk.trace()) > stopped);
        }
        desk.click("generateDiscard");
        QCOMPARE(desk.session.explore(), bare);
        QCOMPARE(desk.strip()->count(), int(bare->a.trace.tokenCount()));
        QVERIFY(desk.settled());
        QCOMPARE(desk.session.explore(), bare); // nothing comes late
    }

    void aNewPromptDropsARunningGeneration()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.click("openGenerate");
        desk.find<QSpinBox>("generateMost")->setValue(500);
        desk.click("generatePlay");
        QVERIFY(
            QTest::qWaitFor([&] { return generatedTokens(desk.trace()) >= 1; }, test::kPatience));
        QVERIFY(desk.analyse("Cats sleep."));
        QCOMPARE(generatedTokens(desk.trace()), std::size_t{0});
        QCOMPARE(desk.trace().prompt, std::string("Cats sleep."));
        QVERIFY(desk.find<QPushButton>("generatePlay")->isEnabled());
        QVERIFY(!desk.find<QPushButton>("generateDiscard")->isEnabled());
    }

    void changesAreContinuedBesideTheUntouchedRun()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        desk.session.interventions().setTopK(1);
        QVERIFY(desk.rerun());
        desk.click("openGenerate");
        desk.click("generateStep");
        QVERIFY(desk.settled());
        const ExploreResult& result = *desk.session.explore();
        QVERIFY(result.b && result.comparison);
        QCOMPARE(generatedTokens(result.a.trace), std::size_t{1});
        QCOMPARE(generatedTokens(result.b->trace), std::size_t{1});
        QCOMPARE(desk.middle(), int(test::kChanges));
    }
};

QTEST_MAIN(TestExploreRuns)
#include "tst_explore_runs.moc"
