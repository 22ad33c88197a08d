// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QRegularExpression>
#include <QTest>

#include "core/io/json.h"
#include "core/report/report.h"
#include "ui/figures/figure_factory.h"
#include "ui/figures/figure_view.h"
#include "ui/shell/report_pdf.h"
#include "ui/style/style.h"

using namespace moescope;
using namespace moescope::ui;

namespace {

Figure tableOf(std::size_t rows)
{
    TableFigure table;
    table.columns = {{"row", "", true, 0, ""}, {"value", "", true, 3, ""}};
    for (std::size_t i = 0; i < rows; ++i) {
        table.rows.emplace_back();
        table.rows.back().emplace_back(static_cast<double>(i));
        table.rows.back().emplace_back(0.5);
    }
    return {"t" + std::to_string(rows), "A table", "", "", std::move(table)};
}

Figure gridOf(std::size_t rows)
{
    RoutingGridFigure grid;
    for (std::size_t i = 0; i < rows; ++i)
        grid.rowLabels.push_back("token " + std::to_string(i));
    grid.colLabels = {"0", "1", "2", "3"};
    grid.rowTitle = "token";
    grid.colTitle = "expert";
    grid.shadeTitle = "weight";
    grid.cells.resize(rows * 4);
    return {"g" + std::to_string(rows), "A grid", "", "", std::move(grid)};
}

Report reportOf(std::vector<Figure> figures)
{
    Report report;
    report.title = "A report <&>";
    report.experiment = "explore";
    report.figures = std::move(figures);
    return report;
}

int pages(const QByteArray& pdf)
{
    const QString text = QString::fromLatin1(pdf);
    const QRegularExpression page(QStringLiteral("/Type /Page\\n"));
    auto matches = page.globalMatch(text);
    int count = 0;
    for (; matches.hasNext(); matches.next())
        ++count;
    return count;
}

} // namespace

class TestReportPdf : public QObject {
    Q_OBJECT

private slots:
    void smallFiguresShareAPage()
    {
        Style style;
        const QByteArray pdf = reportPdf(reportOf({tableOf(3), tableOf(4)}), style);
        QVERIFY(pdf.startsWith("%PDF-"));
        QCOMPARE(pages(pdf), 1);
        QVERIFY(!pdf.contains("/Subtype /Image")); // drawn as vectors
    }

    void longTablesAreCut()
    {
        Style style;
        const int cut = pages(reportPdf(reportOf({tableOf(5000)}), style));
        QCOMPARE(cut, pages(reportPdf(reportOf({tableOf(41)}), style)));
        QVERIFY2(cut <= 2, qPrintable(QString::number(cut)));
    }

    void wideTablesStandInReadableParts()
    {
        Style style;
        TableFigure table;
        table.columns.push_back({"layer", "", true, 0, ""});
        for (int c = 1; c < 19; ++c)
            table.columns.push_back({"a measured value " + std::to_string(c), "", true, 3, ""});
        for (int r = 0; r < 3; ++r) {
            table.rows.emplace_back();
            for (int c = 0; c < 19; ++c)
                table.rows.back().emplace_back(r + 0.001 * c);
        }
        const Figure wide{"wide", "Layers and projections", "of all", "What it means.", table};
        constexpr double kPaper = 680;
        const auto parts = paperParts(wide, style, kPaper);
        QVERIFY(parts.size() > 2);
        std::size_t next = 1;
        for (const auto& part : parts) {
            // No wider than the paper: drawn at the size of its letters.
            const std::unique_ptr<FigureView> view(makeFigureView(part, style, nullptr));
            QVERIFY(view->exportSize().width() <= kPaper);
            const auto& some = std::get<TableFigure>(part->data);
            QCOMPARE(some.columns.front().title, std::string("layer"));
            for (std::size_t c = 1; c < some.columns.size(); ++c, ++next) {
                QCOMPARE(some.columns[c].title, table.columns[next].title);
                QCOMPARE(std::get<double>(some.rows[2][c]), std::get<double>(table.rows[2][next]));
            }
        }
        QCOMPARE(next, table.columns.size());
        QVERIFY(parts.front()->title.ends_with("part 1 of " + std::to_string(parts.size())));
        QCOMPARE(parts.front()->subtitle, wide.subtitle);
        QCOMPARE(parts.back()->caption, wide.caption);
        QCOMPARE(paperParts(tableOf(3), style, kPaper).size(), std::size_t{1});
    }

    void highFiguresGoOnOnTheNextPage()
    {
        Style style;
        const int shortOne = pages(reportPdf(reportOf({gridOf(10)}), style));
        const int longOne = pages(reportPdf(reportOf({gridOf(400)}), style));
        QCOMPARE(shortOne, 1);
        QVERIFY2(longOne > 5 && longOne < 30, qPrintable(QString::number(longOne)));
    }

    void everyPageHoldsItsOwnRowsAlone()
    {
        Style style;
        const auto bytesAPage = [&](std::size_t rows) {
            const QByteArray pdf = reportPdf(reportOf({gridOf(rows)}), style);
            return static_cast<double>(pdf.size()) / pages(pdf);
        };
        const double shortOne = bytesAPage(200);
        const double longOne = bytesAPage(1600);
        QVERIFY2(longOne < 2 * shortOne, qPrintable(QString::number(longOne / shortOne)));
    }

    void manyFindingsFillSeveralPages()
    {
        Style style;
        Report report = reportOf({});
        QCOMPARE(pages(reportPdf(report, style)), 1);
        for (int i = 0; i < 60; ++i) {
            Finding finding;
            finding.claim = "Experts " + std::to_string(i) + " <are> alike.";
            finding.test = "cosine";
            report.findings.push_back(std::move(finding));
        }
        const int count = pages(reportPdf(report, style));
        QVERIFY2(count >= 2 && count <= 6, qPrintable(QString::number(count)));
    }
};

QTEST_MAIN(TestReportPdf)
#include "tst_report_pdf.moc"
