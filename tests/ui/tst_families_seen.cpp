// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <fstream>

#include <QMenu>
#include <QTemporaryDir>

#include "core/base/random.h"
#include "core/io/json.h"
#include "tests/support/checkpoint_builder.h"
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
        // Groups do not stand together in that order, so the caption is silent about their bands.
        const auto caption = [grid] { return QString::fromStdString(grid->figure()->caption); };
        QVERIFY(!caption().contains(QStringLiteral("Bands")));
        desk.find<QWidget>("layerPanel")
            ->findChild<SegmentedControl*>(QStringLiteral("layerOrder"))
            ->setCurrent(0);
        QVERIFY(caption().contains(QStringLiteral("Bands are groups of 4 experts")));

        // It can still be saved and copied.
        emit grid->columnContextMenuRequested(16, QPoint(10, 10));
        const auto* menu = desk.find<QMenu>("gridMenu");
        QVERIFY(!menu->isEmpty());
        QVERIFY(!desk.window.findChild<QMenu*>(QStringLiteral("expertMenu")));
    }

    void theScoreThatDecidesIsSaid()
    {
        ExploreDesk desk;
        QVERIFY(desk.open(family("deepseek_v3")));
        QVERIFY(analyseIds(desk));
        desk.session.selectLayer(LayerId(2));
        const RoutingTrace& trace = desk.trace();
        const MoeModel& model = *desk.session.model()->model;
        const auto ordinal = *trace.ordinalOf(LayerId(2));
        const auto expert = trace.idsAt(1, ordinal).front();
        const auto at = static_cast<std::size_t>(expert);
        const double z = trace.logitsAt(1, ordinal)[at];
        const double score = 1 / (1 + std::exp(-z)) + model.layer(LayerId(2)).selectionBias[at];
        const GridSource& source = *desk.gridOf("layerPanel")->source();
        const QString note = source.cellNote(1, expert);
        QVERIFY2(note.contains(QStringLiteral("chosen by: score %1").arg(score, 0, 'f', 3)),
            qPrintable(note));
        QVERIFY(note.contains(QStringLiteral("sigmoid of the logit")));
        QVERIFY(note.contains(QStringLiteral("softmax of the logits")));
        QVERIFY(source.cellMeaning(expert).contains(QStringLiteral("4 of 16 tokens (0.250)")));
        QVERIFY(source.cellMeaning(16).isEmpty());
        // Where the logit decides, nothing is said twice.
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(!desk.gridOf("layerPanel")
                     ->source()
                     ->cellNote(1, 1)
                     .contains(QStringLiteral("chosen by")));
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
        const auto firstOfLayers = [&desk] {
            QStringList cells;
            const GridSource& all = *desk.grid("allLayersGrid")->source();
            for (int row = 0; row < all.rows(); ++row)
                for (int col = 0; col < all.cols(); ++col)
                    cells += all.cell(row, col).label;
            return cells;
        };
        desk.session.selectToken(1);
        const QStringList firstExperts = firstOfLayers();
        QCOMPARE(desk.label("expertsTitle"), QStringLiteral("EXPERTS BY LAYER"));
        router->setCurrent(1);
        QVERIFY(chosen() != experts);
        // All layers and the inspector follow.
        const auto heads = *attentionTrace(desk.trace());
        QStringList firstHeads;
        for (std::size_t t = 0; t < heads.tokenCount(); ++t)
            for (std::size_t l = 0; l < heads.layerCount(); ++l)
                firstHeads += QString::number(heads.top1At(t, l));
        QVERIFY(firstHeads != firstExperts);
        QCOMPARE(firstOfLayers(), firstHeads);
        QCOMPARE(desk.label("expertsTitle"), QStringLiteral("ATTENTION HEADS BY LAYER"));
        emit grid->columnContextMenuRequested(1, QPoint(10, 10));
        desk.find<QMenu>("gridMenu")->close();
        QTest::mouseClick(grid->viewport(), Qt::LeftButton, {}, grid->cellRect(1, 1).center());
        QVERIFY(!desk.session.selection().expert()); // heads are no experts of the MLP
        QCOMPARE(desk.session.selection().token(), std::optional<std::size_t>(1));
        router->setCurrent(0);
        QCOMPARE(chosen(), experts);
        QCOMPARE(firstOfLayers(), firstExperts);
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
        // A biased score chooses: the first choice need not have the largest weight.
        QVERIFY(legend.front().words.contains(QStringLiteral("largest weight")));
        const auto& layers = *desk.gridOf("allLayers")->figure();
        QVERIFY(layers.subtitle.starts_with("largest weight"));
        QVERIFY(desk.open(QStringLiteral("native")));
        QVERIFY(desk.gridOf("allLayers")->figure()->subtitle.starts_with("first expert"));
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
        const QString mixers = QStringLiteral("Tokens mixed by");
        QVERIFY(value("deepseek_v3", router).contains(QStringLiteral("sigmoid")));
        QVERIFY(value("deepseek_v3", router).contains(QStringLiteral("2 of 4 groups")));
        QVERIFY(value("olmoe", router).contains(QStringLiteral("softmax")));
        QVERIFY(value("deepseek_v3", QStringLiteral("Shared experts"))
                    .contains(QStringLiteral("every token")));
        QVERIFY(value("olmoe", QStringLiteral("Shared experts")).isEmpty());
        QVERIFY(value("deepseek_v3", mixers).contains(QStringLiteral("MLA")));
        QVERIFY(value("jetmoe", mixers).contains(QStringLiteral("router of their own")));
        QVERIFY(value("jetmoe", QStringLiteral("Second router"))
                    .contains(QStringLiteral("2 of 6 sets of 2 query heads")));
        QVERIFY(value("olmoe", QStringLiteral("Second router")).isEmpty());
        QVERIFY(value("llama4", mixers).contains(QStringLiteral("within chunks of")));
        QVERIFY(value("qwen3_next", mixers).contains(QStringLiteral("gated delta net")));
        QCOMPARE(value("olmoe", mixers), QStringLiteral("full attention"));
        QVERIFY(value("olmoe", QStringLiteral("Cannot be run")).isEmpty());
    }

    /// The first choice is not always the largest weight.
    void ranksSayWhatTheyFollow()
    {
        const auto caption = [](const char* name) {
            ExploreDesk desk;
            if (!desk.open(family(name)) || !analyseIds(desk))
                return QString();
            return desk.find<QWidget>("layerPanel")
                ->findChild<QLabel*>(QStringLiteral("figureCaption"))
                ->text();
        };
        QVERIFY(caption("ernie4_5_moe").contains(QStringLiteral("a bias that the weight")));
        const QString plain = caption("qwen2_moe");
        QVERIFY(plain.contains(QStringLiteral("rank")) && !plain.contains(QStringLiteral("bias")));
    }

    /// Nothing is run, nothing fails; the pages say what there is.
    void modelsForTheirWeightsAlone()
    {
        constexpr std::uint64_t kHidden = 16;
        constexpr std::uint64_t kInner = 8;
        test::CheckpointBuilder builder;
        Random random = Random::stream(3, 1);
        const auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
            std::vector<float> values(shape[0] * shape[1]);
            for (float& value : values)
                value = static_cast<float>(random.normal());
            builder.add(name, DType::F32, std::move(shape), values);
        };
        const std::string moe = "model.layers.0.mlp.";
        add(moe + "gate.weight", {4, kHidden});
        for (int e = 0; e < 4; ++e) {
            const std::string expert = moe + "experts." + std::to_string(e) + ".";
            add(expert + "gate_proj.weight", {kInner, kHidden});
            add(expert + "up_proj.weight", {kInner, kHidden});
            add(expert + "down_proj.weight", {kHidden, kInner});
        }
        const QTemporaryDir temporary;
        const std::filesystem::path folder = temporary.path().toStdString();
        VERIFY_OK(builder.writeFile(folder / "model.safetensors"));
        const Json config = {{"model_type", "laguna"}, {"hidden_size", kHidden}, {"vocab_size", 20},
            {"num_hidden_layers", 1}, {"num_experts", 4}, {"num_experts_per_tok", 2},
            {"moe_intermediate_size", kInner}};
        std::ofstream(folder / "config.json") << config.dump();

        ExploreDesk desk;
        QSignalSpy failed(&desk.session, &Session::exploreFailed);
        WeightsPage page(desk.context);
        page.resize(1300, 900);
        page.show();
        desk.models.open(temporary.path());
        QTRY_VERIFY_WITH_TIMEOUT(desk.session.model() && desk.isQuiet(), test::kPatience);
        page.activate();
        QTRY_VERIFY_WITH_TIMEOUT(!page.isBusy() && !desk.runner.isBusy(), test::kPatience);
        QCOMPARE(failed.count(), 0);
        QCOMPARE(desk.weights.state(), WeightsController::State::Finished);
        const auto labels = desk.page->findChildren<QLabel*>();
        QVERIFY(std::ranges::any_of(labels, [](const QLabel* label) {
            return label->text().contains(QStringLiteral("for lack of gated attention"));
        }));
        bool told = false;
        for (const auto& [title, text] : factsTable(*desk.session.model())) {
            told = told || (title == QStringLiteral("Cannot be run") && text.contains("gated"));
            QVERIFY(title != QStringLiteral("Attention"));
        }
        QVERIFY(told);
        // Who asks for a run all the same is told.
        TraceRequest ids;
        ids.ids = {1, 2, 3};
        desk.explore.submit(ids, std::nullopt);
        QVERIFY(failed.count() > 0 || failed.wait(test::kPatience));
    }
};

QTEST_MAIN(TestFamiliesSeen)
#include "tst_families_seen.moc"
