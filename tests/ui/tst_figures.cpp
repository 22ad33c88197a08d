// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemModelTester>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QTableView>
#include <QToolButton>

#include "tests/ui/figure_bench.h"
#include "ui/figures/figure_factory.h"
#include "ui/figures/figure_panel.h"
#include "ui/figures/figure_table_model.h"
#include "ui/figures/figure_table_view.h"
#include "ui/figures/token_strip_view.h"
#include "ui/figures/verdict_card_view.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestFigures : public QObject {
    Q_OBJECT

private slots:
    void everyKindHasAView_data()
    {
        QTest::addColumn<int>("index");
        int index = 0;
        for (const FigurePointer& figure : allExampleFigures())
            QTest::newRow(figure->id.c_str()) << index++;
    }

    void everyKindHasAView()
    {
        QFETCH(int, index);
        const FigurePointer figure = allExampleFigures()[static_cast<std::size_t>(index)];
        Bench bench;
        const std::unique_ptr<FigureView> view(makeFigureView(figure, bench.style, nullptr));
        view->resize(700, 400);
        view->show();
        QCOMPARE(view->accessibleName(), QString::fromStdString(figure->title));
        QVERIFY(!view->summary().isEmpty());
        QVERIFY(!view->objectName().isEmpty());
        QVERIFY(colourCount(picture(*view)) > 8);
        bench.style.setMode(ThemeMode::Dark);
        QVERIFY(colourCount(picture(*view)) > 8);
        bench.style.setFontSize(18);
        picture(*view);
        // Small and empty views must not fall over.
        view->resize(20, 12);
        picture(*view);
        for (const int key : {Qt::Key_Right, Qt::Key_Down, Qt::Key_Left, Qt::Key_Up, Qt::Key_Space})
            QTest::keyClick(view.get(), static_cast<Qt::Key>(key));
        view->setFigure(nullptr);
        picture(*view);
        QTest::keyClick(view.get(), Qt::Key_Right);
        QTest::mouseMove(view->viewport(), {5, 5});
    }

    void hoverCardsExplainTheNumber()
    {
        Bench bench;
        TokenStripView view(bench.style);
        present(view, exampleStrip(), {700, 120});
        view.setSource(QStringLiteral("explore"), QStringLiteral("212 tokens"));
        const QString card = view.hoverText(view.tokenRect(4).center());
        for (const char* part : {"·queen", "noun", "example note", "explore", "212 tokens"})
            QVERIFY2(card.contains(QString::fromUtf8(part)), qPrintable(card));
        QVERIFY(view.hoverText({690, 110}).isEmpty());
    }

    void tokensAreSelectedByMouse()
    {
        Bench bench;
        TokenStripView view(bench.style);
        present(view, exampleStrip(), {700, 120});
        QSignalSpy clicked(&view, &TokenStripView::tokenClicked);
        QSignalSpy hovered(&view, &TokenStripView::tokenHovered);
        QSignalSpy ranged(&view, &TokenStripView::rangeSelected);
        QSignalSpy marked(&view, &TokenStripView::markedChanged);
        const auto at = [&](int token) { return view.tokenRect(token).center(); };
        QTest::mouseMove(view.viewport(), at(2));
        QCOMPARE(hovered.last().first().toInt(), 2);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, at(4));
        QCOMPARE(clicked.last().first().toInt(), 4);
        QCOMPARE(view.current(), 4);
        QVERIFY(contains(picture(view), view.tokenRect(4), bench.style.theme().accent));
        QTest::mousePress(view.viewport(), Qt::LeftButton, {}, at(6));
        QTest::mouseMove(view.viewport(), at(3));
        QTest::mouseRelease(view.viewport(), Qt::LeftButton, {}, at(3));
        QCOMPARE(ranged.last(), (QVariantList{3, 6}));
        QCOMPARE(clicked.count(), 1);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::ControlModifier, at(9));
        QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::ControlModifier, at(1));
        QCOMPARE(view.marked(), (QList<int>{1, 9}));
        QTest::mouseClick(view.viewport(), Qt::LeftButton, Qt::ControlModifier, at(9));
        QCOMPARE(marked.count(), 3);
        QCOMPARE(view.tokenAt({695, 10}), -1);
    }

    void tokensAreWalkedByKeys()
    {
        Bench bench;
        TokenStripView view(bench.style);
        present(view, exampleLongStrip(), {500, 240});
        QSignalSpy clicked(&view, &TokenStripView::tokenClicked);
        QSignalSpy ranged(&view, &TokenStripView::rangeSelected);
        QTest::keyClick(&view, Qt::Key_Home);
        QTest::keyClick(&view, Qt::Key_Right);
        QCOMPARE(clicked.last().first().toInt(), 1);
        QTest::keyClick(&view, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(ranged.last(), (QVariantList{1, 2}));
        const int before = view.current();
        QTest::keyClick(&view, Qt::Key_Down);
        QVERIFY(view.tokenRect(view.current()).top() > view.tokenRect(before).top());
        QTest::keyClick(&view, Qt::Key_End);
        QCOMPARE(view.current(), view.count() - 1);
        // The strip follows: the last chip has been scrolled into sight.
        QVERIFY(view.verticalScrollBar()->value() > 0);
        QVERIFY(view.viewport()->rect().contains(view.tokenRect(view.current())));
        QVERIFY(view.currentText().contains(QString::number(view.count())));
    }

    void stripsWrapFindAndColour()
    {
        Bench bench;
        TokenStripView view(bench.style);
        present(view, exampleLongStrip(), {500, 240});
        const int oneRow = view.minimumSizeHint().height();
        QVERIFY(view.heightForWidth(500) > 2 * oneRow);
        QVERIFY(view.heightForWidth(500) < 5 * oneRow);
        view.setVisibleRows(100);
        QVERIFY(view.heightForWidth(200) > view.heightForWidth(900));
        QCOMPARE(view.findToken(QStringLiteral("RETURN"), 0), 10);
        QCOMPARE(view.findToken(QStringLiteral(" return"), 11), 26);
        QCOMPARE(view.findToken(QStringLiteral("return"), 9, false), 90);
        QCOMPARE(view.findToken(QStringLiteral("‹e3›"), 0), 5);
        QCOMPARE(view.findToken(QStringLiteral("absent"), 0), -1);
        const Theme& theme = bench.style.theme();
        const QRect noun = view.tokenRect(4);
        VERIFY_COLOUR(picture(view).pixelColor(noun.left() + noun.width() / 2, noun.top() + 3),
            theme.chip(0).fill);
    }

    void longStripsLayOutQuickly()
    {
        TokenStripFigure strip;
        for (int i = 0; i < 100'000; ++i)
            strip.chips.push_back(
                {"token" + std::to_string(i % 997), "N", "noun", "", i % 8, "", "", false, false});
        Bench bench;
        TokenStripView view(bench.style);
        present(view, std::make_shared<const Figure>(Figure{"s", "s", "", "", std::move(strip)}),
            {900, 240});
        view.setCurrent(99'999);
        picture(view);
        QVERIFY(view.viewport()->rect().contains(view.tokenRect(99'999)));
    }

    void tablesSortAndFilter()
    {
        Bench bench;
        FigureTableView view(bench.style);
        const QAbstractItemModelTester tester(
            view.model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        const QAbstractItemModelTester proxyTester(
            view.table()->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        present(view, exampleTable(), {600, 400});
        const QAbstractItemModel& rows = *view.table()->model();
        QCOMPARE(rows.rowCount(), 24);
        QCOMPARE(rows.headerData(3, Qt::Horizontal).toString(), QStringLiteral("rank (%)"));
        QCOMPARE(rows.index(0, 2).data().toString(), QStringLiteral("0.900"));
        QVERIFY(rows.index(0, 2).data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight);
        QVERIFY(rows.index(0, 1).data(Qt::TextAlignmentRole).toInt() & Qt::AlignLeft);
        for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            view.table()->sortByColumn(2, order);
            for (int row = 1; row < 23; ++row) {
                const double a = rows.index(row - 1, 2).data(FigureTableModel::SortRole).toDouble();
                const double b = rows.index(row, 2).data(FigureTableModel::SortRole).toDouble();
                QVERIFY(order == Qt::AscendingOrder ? a <= b : a >= b);
            }
            // What is missing stays at the end.
            QCOMPARE(rows.index(23, 2).data().toString(), QStringLiteral("–"));
        }
        auto* filter = view.findChild<QLineEdit*>(QStringLiteral("tableFilter"));
        QVERIFY(filter->isVisible());
        filter->setText(QStringLiteral("random GATE"));
        QCOMPARE(rows.rowCount(), 2);
        const QStringList csv = view.dataText().split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        QCOMPARE(csv.size(), 3);
        QVERIFY(csv[1].contains(QStringLiteral("gate")));
        view.table()->setCurrentIndex(rows.index(0, 1));
        QCOMPARE(view.currentText(), QStringLiteral("row 1 of 2, projection: gate"));
        QSignalSpy clicked(&view, &FigureTableView::rowClicked);
        QTest::mouseClick(view.table()->viewport(), Qt::LeftButton, {},
            view.table()->visualRect(rows.index(1, 1)).center());
        QCOMPARE(clicked.count(), 1);
    }

    void verdictsShowToneAndRows()
    {
        Bench bench;
        VerdictCardView view(bench.style);
        present(view, exampleVerdict(), {620, 200});
        const Theme& theme = bench.style.theme();
        const QImage image = picture(view);
        QVERIFY(contains(image, {0, 0, 620, 60}, theme.evidenceGreen));
        QVERIFY(contains(image, {300, 60, 200, 140}, theme.nullAmber));
        QVERIFY(!contains(image, image.rect(), theme.warning));
        QSignalSpy clicked(&view, &VerdictCardView::rowClicked);
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Down);
        QCOMPARE(clicked.last().first().toInt(), 1);
        QVERIFY(view.currentText().contains(QStringLiteral("base energy")));
        QVERIFY(view.hoverText({40, 80}).contains(QStringLiteral("mean cosine of all pairs")));
        view.setFigure(exampleVerdictAgainst());
        QVERIFY(contains(picture(view), {0, 0, 620, 60}, theme.warning));
        QVERIFY(view.heightForWidth(200) > view.heightForWidth(900));
    }

    void verdictsCallOnlyTheNullRandom()
    {
        using Standing = VerdictFigure::Standing;
        Bench bench;
        VerdictFigure verdict{"Shared origin", "no evidence found", "", {},
            {{"gate", "0.016", "0 ± 0.001", "differs by less than 0.05", 0, "", Standing::Slight,
                 "differs by less than 0.05"},
                {"up", "0.000", "0 ± 0.001", "as random", 0, "", Standing::AtNull},
                {"down", "", "", "not enough data", 0, "", Standing::Unknown}}};
        const auto figure = [&] {
            return std::make_shared<const Figure>(Figure{"v", "Shared origin", "", "", verdict});
        };
        VerdictCardView view(bench.style);
        present(view, figure(), {620, 200});
        QStringList said;
        for (int row = 0; row < 3; ++row) {
            QTest::keyClick(&view, Qt::Key_Down);
            said += view.currentText();
        }
        QVERIFY(said[0].contains(QStringLiteral("differs by less than 0.05: too small")));
        QVERIFY(said[1].endsWith(QStringLiteral(", as random")));
        QVERIFY(!said[0].contains(QStringLiteral("as random")));
        QVERIFY(!said[2].contains(QStringLiteral("random")));
        const int before = view.heightForWidth(600);
        verdict.note = "Mean of the layers.";
        view.setFigure(figure());
        QVERIFY(view.heightForWidth(600) > before);
    }

    void panelsFollowTheFigure()
    {
        Bench bench;
        FigurePanel panel(bench.style, exampleLoads());
        panel.resize(500, 400);
        panel.show();
        QCOMPARE(panel.title(), QStringLiteral("Load of experts"));
        QCOMPARE(panel.findChild<QLabel*>(QStringLiteral("figureCaption"))->text(),
            QString::fromStdString(exampleLoads()->caption));
        auto* menu = panel.findChild<QToolButton*>(QStringLiteral("figureMenu"))->menu();
        emit menu->aboutToShow();
        QStringList entries;
        for (const QAction* action : menu->actions())
            entries += action->objectName();
        for (const char* name : {"copyFigure", "copyPicture", "copyData", "save_png", "save_svg",
                 "save_pdf", "save_csv"})
            QVERIFY2(entries.contains(QString::fromLatin1(name)), name);
        FigureView* view = panel.view();
        panel.setFigure(exampleBudgets());
        QCOMPARE(panel.view(), view);
        QSignalSpy replaced(&panel, &FigurePanel::viewReplaced);
        panel.setFigure(exampleRanks());
        QCOMPARE(replaced.count(), 1);
        QCOMPARE(panel.title(), QStringLiteral("Rank by layer"));
        emit panel.view()->exportFailed(QStringLiteral("/x cannot be written."));
        bool told = false;
        for (const QLabel* label : panel.findChildren<QLabel*>())
            told = told || label->text() == QStringLiteral("/x cannot be written.");
        QVERIFY(told);
    }
};

QTEST_MAIN(TestFigures)
#include "tst_figures.moc"
