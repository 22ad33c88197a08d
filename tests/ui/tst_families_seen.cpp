// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/explore_desk.h"
#include "ui/figures/figure_panel.h"
#include "ui/pages/weights/weights_page.h"
#include "ui/shell/model_facts.h"
#include "ui/style/segmented_control.h"

using namespace moescope;
using namespace moescope::ui;
using test::ExploreDesk;

namespace {

QString family(const char* name)
{
    return QString::fromStdString((test::fixtures() / "families" / name).string());
}

bool analyseIds(ExploreDesk& desk)
{
    TraceRequest ids;
    ids.ids = {5, 9, 17, 3, 22, 8};
    desk.explore.submit(ids, std::nullopt);
    return desk.settled() && desk.session.explore();
}

} // namespace

/// What families have besides plain experts must be seen.
class TestFamiliesSeen : public QObject {
    Q_OBJECT

private slots:
    void denseLayersSharedExpertsAndGroups()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(family("deepseek_v3")));
        QVERIFY(analyseIds(desk));
        QCOMPARE(desk.middle(), int(test::kSingle));
        const auto shown = desk.grid("allLayersGrid")->source();
        QVERIFY(shown);
        const GridSource& all = *shown;
        QCOMPARE(all.cols(), 3);
        QVERIFY(!all.gapLabel(0).isEmpty());
        QVERIFY(all.gapLabel(1).isEmpty());

        desk.session.selectLayer(LayerId(2));
        RoutingGridView* grid = desk.gridOf("layerPanel");
        const auto source = grid->source();
        QVERIFY(source);
        const GridSource& experts = *source;
        QCOMPARE(experts.cols(), 17); // 16 and the shared one
        QCOMPARE(experts.columnGroup(3), 0);
        QCOMPARE(experts.columnGroup(4), 1);
        QCOMPARE(experts.columnGroup(15), 3);
        QVERIFY(experts.gapLabel(16).contains(QStringLiteral("shared")));
        QVERIFY(experts.gapLabel(15).isEmpty());

        // A shared expert is no expert that one could mask.
        QTest::mouseClick(grid->viewport(), Qt::LeftButton, {}, grid->cellRect(2, 16).center());
        QVERIFY(!desk.session.selection().expert());
        QTest::mouseClick(grid->viewport(), Qt::LeftButton, {}, grid->cellRect(2, 7).center());
        QCOMPARE(desk.session.selection().expert(), std::optional(ExpertId(7)));
        // Sorted columns keep it, last.
        desk.find<QWidget>("layerPanel")
            ->findChild<SegmentedControl*>(QStringLiteral("layerOrder"))
            ->setCurrent(2);
        QVERIFY(grid->cellRect(0, 16).left() > grid->cellRect(0, 7).left());
        grid->grab();
    }

    void packedWeightsAreNamedByTheirFormat()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(family("gpt_oss_mxfp4")));
        QVERIFY(factsLine(*desk.session.model()).endsWith(QStringLiteral("mxfp4")));
        QVERIFY(desk.open(family("deepseek_v3_fp8")));
        QVERIFY(factsLine(*desk.session.model()).contains(QStringLiteral("128x128 scales")));
    }

    void attentionHeadsHaveAGridOfTheirOwn()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(family("jetmoe")));
        QVERIFY(analyseIds(desk));
        auto* router = desk.find<QWidget>("layerPanel")
                           ->findChild<SegmentedControl*>(QStringLiteral("layerRouter"));
        QVERIFY(router->isVisible());
        RoutingGridView* grid = desk.gridOf("layerPanel");
        const auto chosen = [grid] {
            QStringList cells;
            for (int row = 0; row < grid->source()->rows(); ++row)
                for (int col = 0; col < grid->source()->cols(); ++col)
                    cells += grid->source()->cell(row, col).label;
            return cells;
        };
        const QStringList experts = chosen();
        router->setCurrent(1);
        QVERIFY(chosen() != experts);
        QTest::mouseClick(grid->viewport(), Qt::LeftButton, {}, grid->cellRect(1, 1).center());
        QVERIFY(!desk.session.selection().expert()); // heads are no experts of the MLP
        QCOMPARE(desk.session.selection().token(), std::optional<std::size_t>(1));
        router->setCurrent(0);
        QCOMPARE(chosen(), experts);
    }

    void tokensWithoutTextHaveNoType()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(family("deepseek_v3")));
        QVERIFY(analyseIds(desk));
        const auto& strip = std::get<TokenStripFigure>(desk.strip()->figure()->data);
        QCOMPARE(strip.chips.size(), std::size_t{6});
        for (const TokenStripFigure::Chip& chip : strip.chips) {
            QVERIFY(chip.letter.empty());
            QVERIFY(chip.trigram.empty());
            QVERIFY(!chip.badge.empty());
        }
        desk.session.selectToken(1, PromptSide::A);
        QVERIFY(desk.label("tokenType").contains(QStringLiteral("no tokenizer")));
        // What is left of the legend says what the numbers are.
        const auto legend = desk.strip()->legend();
        QCOMPARE(legend.size(), std::size_t{1});
        QVERIFY(legend.front().words.contains(QStringLiteral("first expert")));
    }

    void oneRouterNeedsNoSwitch()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(!desk.find<QWidget>("layerPanel")
                     ->findChild<SegmentedControl*>(QStringLiteral("layerRouter"))
                     ->isVisible());
    }

    void biasesThatWouldFakeAnOriginAreShown()
    {
        ExploreDesk desk;
        WeightsPage page(desk.context);
        page.resize(1300, 900);
        page.show();
        QVERIFY(desk.open(family("gpt_oss_bf16")));
        page.activate();
        QTRY_VERIFY_WITH_TIMEOUT(!page.isBusy() && !desk.runner.isBusy(), test::kPatience);
        auto* panel = page.findChild<FigurePanel*>(QStringLiteral("biasPanel"));
        QVERIFY(panel && panel->isVisible());
        QVERIFY(panel->subtitle().contains(QStringLiteral("wrong on purpose")));
        QVERIFY(desk.open(QStringLiteral("upcycled")));
        page.activate();
        QTRY_VERIFY_WITH_TIMEOUT(!page.isBusy() && !desk.runner.isBusy(), test::kPatience);
        QVERIFY(!panel->isVisible());
    }

    void theFactsTellTheRule()
    {
        const auto value = [](const char* name, const QString& row) {
            const auto open = openModel(test::fixtures() / "families" / name);
            if (!open)
                return QString();
            for (const auto& [title, text] : factsTable(**open))
                if (title == row)
                    return text;
            return QString();
        };
        const QString router = QStringLiteral("Router");
        QVERIFY(value("deepseek_v3", router).contains(QStringLiteral("sigmoid")));
        QVERIFY(value("deepseek_v3", router).contains(QStringLiteral("2 of 4 groups")));
        QVERIFY(value("olmoe", router).contains(QStringLiteral("softmax")));
        QVERIFY(value("deepseek_v3", QStringLiteral("Shared experts"))
                    .contains(QStringLiteral("every token")));
        QVERIFY(value("olmoe", QStringLiteral("Shared experts")).isEmpty());
        QVERIFY(value("deepseek_v3", QStringLiteral("Attention")).contains(QStringLiteral("MLA")));
        QVERIFY(value("jetmoe", QStringLiteral("Attention"))
                    .contains(QStringLiteral("router of their own")));
    }
};

QTEST_MAIN(TestFamiliesSeen)
#include "tst_families_seen.moc"
