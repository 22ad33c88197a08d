// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QLabel>
#include <QScrollArea>
#include <QSignalSpy>

#include "core/io/json.h"
#include "tests/support/files.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_model.h"
#include "ui/figures/figure_table_view.h"
#include "ui/figures/heat_map_view.h"
#include "ui/figures/line_chart_view.h"
#include "ui/figures/verdict_card_view.h"
#include "ui/jobs/job_runner.h"
#include "ui/pages/weights/pill_strip.h"
#include "ui/pages/weights/weights_page.h"
#include "ui/session/explore_controller.h"
#include "ui/session/model_controller.h"
#include "ui/session/session.h"
#include "ui/session/texts_controller.h"
#include "ui/session/weights_controller.h"
#include "ui/style/inline_message.h"
#include "ui/style/segmented_control.h"
#include "ui/style/style.h"

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr int kPatience = 60000;

/// The page over the real controllers.
struct WeightsDesk {
    Style style;
    Session session;
    JobRunner runner;
    ModelController models{session, runner, test::resources()};
    ExploreController explore{session, runner, test::resources()};
    WeightsController weights{session, runner};
    TextsController texts{session, runner};
    WeightsPage page{UiContext{style, session, runner, models, explore, weights, texts}};

    bool open(const char* what)
    {
        page.resize(1300, 850);
        page.show();
        QSignalSpy opened(&session, &Session::modelOpened);
        models.open(QString::fromLatin1(what));
        if (opened.count() == 0 && !opened.wait(kPatience))
            return false;
        page.activate();
        return QTest::qWaitFor([this] { return !page.isBusy() && !runner.isBusy(); }, kPatience);
    }
    template <typename Widget>
    Widget* find(const char* name)
    {
        Widget* widget = page.findChild<Widget*>(QLatin1String(name));
        if (!widget)
            qFatal("the page has no %s", name);
        return widget;
    }
    std::shared_ptr<const Figure> figure(const char* panel)
    {
        return find<FigurePanel>(panel)->view()->figure();
    }
};

/// A widget that is not whole within the one around it; empty when there is none.
QString cutWidget(const QWidget& whole)
{
    for (const QWidget* widget : whole.findChildren<QWidget*>()) {
        const QWidget* within = widget;
        while (within != &whole && !qobject_cast<const PillStrip*>(within->parentWidget()))
            within = within->parentWidget(); // a strip scrolls by itself
        if (within == &whole && widget->isVisible()
            && !widget->parentWidget()->rect().contains(widget->geometry()))
            return widget->objectName().isEmpty()
                ? QString::fromLatin1(widget->metaObject()->className())
                : widget->objectName();
    }
    return {};
}

} // namespace

class TestWeightsPage : public QObject {
    Q_OBJECT

private slots:
    void knownHistoriesAreJudgedRight_data()
    {
        QTest::addColumn<QString>("sample");
        QTest::addColumn<QString>("answer");
        QTest::newRow("native") << QStringLiteral("native") << QStringLiteral("no evidence found");
        QTest::newRow("upcycled") << QStringLiteral("upcycled") << QStringLiteral("evidence");
    }

    void knownHistoriesAreJudgedRight()
    {
        QFETCH(QString, sample);
        QFETCH(QString, answer);
        WeightsDesk desk;
        QVERIFY(desk.open(sample.toLatin1().constData()));
        const auto figure = desk.find<VerdictCardView>("originVerdict")->figure();
        QVERIFY(figure);
        QCOMPARE(QString::fromStdString(std::get<VerdictFigure>(figure->data).answer), answer);
        const auto other = desk.find<VerdictCardView>("compressibleVerdict")->figure();
        QCOMPARE(std::get<VerdictFigure>(other->data).answer, std::string("not measured"));
        QCOMPARE(desk.find<PillStrip>("layerStrip")->count(), std::size_t{8});
        const auto report = desk.page.report();
        QVERIFY(report && report->complete);
    }

    void controlsChangeTheFigures()
    {
        WeightsDesk desk;
        QVERIFY(desk.open("upcycled"));
        const auto before = desk.figure("decayPanel");
        QVERIFY(before->subtitle.find("gate") != std::string::npos);
        desk.find<SegmentedControl>("projection")->setCurrent(2);
        QVERIFY(desk.figure("decayPanel")->subtitle.find("down") != std::string::npos);
        emit desk.find<PillStrip>("layerStrip")->chosen(2);
        QCOMPARE(desk.session.selection().layer, std::optional(LayerId(2)));
        QVERIFY(desk.figure("similarityPanel")->subtitle.find("layer 2") != std::string::npos);
        emit desk.find<PillStrip>("expertStrip")->chosen(5);
        QCOMPARE(desk.session.selection().expert(), std::optional(ExpertId(5)));
        QCOMPARE(desk.find<PillStrip>("expertStrip")->current(), 5);
        desk.find<SegmentedControl>("byLayerMeasure")->setCurrent(1);
        QCOMPARE(desk.figure("byLayerPanel")->id, std::string("cosine-by-layer"));
    }

    /// Every figure of the page stands in its report as it is shown.
    void exportsWhatIsShown()
    {
        WeightsDesk desk;
        QVERIFY(desk.open("upcycled"));
        emit desk.find<PillStrip>("layerStrip")->chosen(4);
        emit desk.find<PillStrip>("expertStrip")->chosen(5);
        for (const int choice : {0, 1, 2}) {
            desk.find<SegmentedControl>("projection")->setCurrent(choice);
            desk.find<SegmentedControl>("spectrumKind")->setCurrent(choice % 2);
            desk.find<SegmentedControl>("energyShare")->setCurrent(choice);
            desk.find<SegmentedControl>("byLayerMeasure")->setCurrent(choice / 2);
            const auto report = desk.page.report();
            QVERIFY(report);
            for (const auto& shown : {desk.figure("decayPanel"), desk.figure("similarityPanel"),
                     desk.figure("byLayerPanel"),
                     desk.find<VerdictCardView>("originVerdict")->figure(),
                     desk.find<VerdictCardView>("compressibleVerdict")->figure()}) {
                const auto at = std::ranges::find(report->figures, shown->id, &Figure::id);
                QVERIFY2(at != report->figures.end(), shown->id.c_str());
                QCOMPARE(figureToJson(*at).dump(), figureToJson(*shown).dump());
            }
            for (const Figure& figure : report->figures)
                if (figure.id.starts_with("decay") || figure.id.starts_with("similarity"))
                    QVERIFY2(figure.id.find("-layer4-") != std::string::npos, figure.id.c_str());
        }
    }

    void everyExpertHasAPill()
    {
        WeightsDesk desk;
        QVERIFY(desk.open("upcycled"));
        desk.page.grab();
        auto* strip = desk.find<PillStrip>("expertStrip");
        QCOMPARE(strip->count(), std::size_t{8});
        QVERIFY(strip->width() >= strip->sizeHint().width());
    }

    void narrowWindowsCutNothing_data()
    {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<double>("points");
        for (const double points : {10.0, 12.5}) {
            for (const QSize size : {QSize(936, 604), QSize(1192, 624), QSize(1278, 672),
                     QSize(1512, 904), QSize(2472, 1344)})
                QTest::addRow("%dx%d at %g pt", size.width(), size.height(), points)
                    << size << points;
        }
    }

    void narrowWindowsCutNothing()
    {
        QFETCH(QSize, size);
        QFETCH(double, points);
        WeightsDesk desk;
        desk.style.applyToApplication();
        desk.style.setFontSize(points);
        QVERIFY(desk.open("native"));
        desk.page.resize(size);
        desk.page.grab();
        auto* scroll = desk.find<QScrollArea>("weightsScroll");
        QWidget* result = scroll->widget();
        // A layout takes some rounds: a strip that has to scroll asks for more height.
        QTRY_COMPARE(result->width(), scroll->viewport()->width());
        QTRY_COMPARE(cutWidget(*result), QString());
        for (const char* panel : {"decayPanel", "byLayerPanel"}) {
            const auto* chart = static_cast<LineChartView*>(desk.find<FigurePanel>(panel)->view());
            QTRY_VERIFY2(chart->plotRect().height() >= desk.style.px(219), panel);
        }
        for (auto* control : result->findChildren<SegmentedControl*>())
            QVERIFY2(control->width() >= control->minimumSizeHint().width(),
                qPrintable(control->objectName()));
    }

    void wordsGrowWithTheText()
    {
        WeightsDesk desk;
        desk.style.applyToApplication();
        QVERIFY(desk.open("native"));
        desk.page.grab();
        const double before = desk.find<QLabel>("layersLabel")->font().pointSizeF();
        desk.style.setFontSize(15);
        QCOMPARE(desk.find<QLabel>("layersLabel")->font().pointSizeF(), before * 1.5);
    }

    void nothingIsDrawnWhileHidden()
    {
        WeightsDesk desk;
        QVERIFY(desk.open("upcycled"));
        desk.page.hide();
        const auto before = desk.figure("similarityPanel");
        desk.session.selectLayer(LayerId(1));
        QCOMPARE(desk.figure("similarityPanel"), before);
        desk.page.show();
        QVERIFY(desk.figure("similarityPanel")->subtitle.find("layer 1") != std::string::npos);
    }

    void quantisedModelsSayWhatRoundingDoes_data()
    {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("type");
        QTest::addColumn<bool>("estimated");
        QTest::newRow("q8_0") << QStringLiteral("qwen2moe-q8_0") << QStringLiteral("q8_0") << true;
        QTest::newRow("mxfp4") << QStringLiteral("gpt-oss-mxfp4") << QStringLiteral("mxfp4")
                               << true;
        QTest::newRow("q4_k") << QStringLiteral("qwen3moe-q4_k_m") << QStringLiteral("q4_k")
                              << false;
    }

    void quantisedModelsSayWhatRoundingDoes()
    {
        QFETCH(QString, folder);
        QFETCH(QString, type);
        QFETCH(bool, estimated);
        WeightsDesk desk;
        const auto file = test::fixtures() / "gguf" / folder.toStdString() / "model.gguf";
        QVERIFY(desk.open(file.c_str()));
        auto* panel = desk.find<FigurePanel>("roundingPanel");
        QVERIFY(panel->isVisible());
        QCOMPARE(panel->title(), QStringLiteral("What the storage type explains"));
        const auto* model = static_cast<FigureTableView*>(panel->view())->model();
        QVERIFY(model->rowCount() >= 3);
        QCOMPARE(model->index(0, 2).data().toString(), type);
        for (const int column : {4, 6, 8}) {
            const QModelIndex cell = model->index(0, column);
            QCOMPARE(cell.data().toString() != QStringLiteral("not estimated"), estimated);
            QCOMPARE(cell.data(Qt::ToolTipRole)
                         .toString()
                         .contains(QStringLiteral("Not estimated for q4_k")),
                !estimated);
        }
    }

    void plainModelsHaveNoRounding()
    {
        WeightsDesk desk;
        QVERIFY(desk.open("upcycled"));
        QVERIFY(desk.find<FigurePanel>("roundingPanel")->isHidden());
    }

    void denseModelsSayWhy()
    {
        WeightsDesk desk;
        QVERIFY(desk.open("dense_parent"));
        auto* label = desk.find<QLabel>("weightsEmpty");
        QVERIFY(label->isVisible());
        QVERIFY(label->text().contains(QStringLiteral("dense")));
        QVERIFY(!desk.page.report());
        // That is no error, and there is nothing to try again.
        QVERIFY(desk.page.findChild<InlineMessage*>()->isHidden());
        desk.weights.resume();
        QVERIFY(desk.weights.state() == WeightsController::State::NotStarted);
    }
};

QTEST_MAIN(TestWeightsPage)
#include "tst_weights_page.moc"
