// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <QClipboard>
#include <QFile>
#include <QMimeData>
#include <QTemporaryDir>
#include <QXmlStreamReader>

#include "core/report/report.h"
#include "tests/ui/figure_bench.h"
#include "ui/figures/figure_export.h"
#include "ui/figures/figure_factory.h"
#include "ui/figures/line_chart_view.h"

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

struct Drawing {
    bool valid = false;
    int shapes = 0;
    int images = 0;
    QString words;
};

Drawing readSvg(const QByteArray& bytes)
{
    Drawing drawing;
    QXmlStreamReader reader(bytes);
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement)
            continue;
        const QString name = reader.name().toString();
        if (name == QLatin1String("text"))
            drawing.words += reader.readElementText() + QLatin1Char('\n');
        else if (name == QLatin1String("image"))
            ++drawing.images;
        else if (name == QLatin1String("path") || name == QLatin1String("rect")
            || name == QLatin1String("polyline") || name == QLatin1String("polygon"))
            ++drawing.shapes;
    }
    drawing.valid = !reader.hasError();
    return drawing;
}

} // namespace

class TestFigureExport : public QObject {
    Q_OBJECT

private slots:
    void everyFigureIsWrittenInEveryFormat_data()
    {
        QTest::addColumn<int>("index");
        int index = 0;
        for (const FigurePointer& figure : allExampleFigures())
            QTest::newRow(figure->id.c_str()) << index++;
    }

    void everyFigureIsWrittenInEveryFormat()
    {
        QFETCH(int, index);
        const FigurePointer figure = allExampleFigures()[static_cast<std::size_t>(index)];
        Bench bench;
        QTemporaryDir folder;
        const QString stem = folder.filePath(QString::fromStdString(figure->id));
        for (const char* suffix : {".png", ".svg", ".pdf", ".csv", ".tsv"})
            VERIFY_OK(exportFigure(figure, bench.style, stem + QLatin1String(suffix)));

        const std::unique_ptr<FigureView> view(makeFigureView(figure, bench.style, nullptr));
        const QImage png(stem + QStringLiteral(".png"));
        QCOMPARE(png.size(), (view->exportSize() * 2).toSize());
        QVERIFY(colourCount(png) > 16);

        const Drawing svg = readSvg(contentOf(stem + QStringLiteral(".svg")));
        QVERIFY(svg.valid);
        QVERIFY(svg.shapes > 3);
        QCOMPARE(svg.images, 0);
        QVERIFY2(svg.words.contains(QString::fromStdString(figure->title), Qt::CaseInsensitive),
            qPrintable(svg.words));
        QVERIFY(svg.words.contains(QStringLiteral("not measured")));

        const QByteArray pdf = contentOf(stem + QStringLiteral(".pdf"));
        QVERIFY(pdf.startsWith("%PDF-"));
        QVERIFY(pdf.size() > 3000);
        QVERIFY(!pdf.contains("/Subtype /Image"));
        QCOMPARE(contentOf(stem + QStringLiteral(".csv")),
            QByteArray::fromStdString(figureToCsv(*figure)));
        QCOMPARE(contentOf(stem + QStringLiteral(".tsv")),
            QByteArray::fromStdString(figureToCsv(*figure, '\t')));
    }

    void vectorsCarryAxesLegendAndNulls()
    {
        Bench bench;
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("spectrum.svg"));
        VERIFY_OK(exportFigure(exampleSpectrum(), bench.style, path));
        const Drawing svg = readSvg(contentOf(path));
        for (const char* words : {"Singular values", "layer 3, gate", "rank", "rms",
                 "95 % of energy: 72", "noise: 92", "Marchenko–Pastur", "E0 to E7", "128"})
            QVERIFY2(svg.words.contains(QString::fromUtf8(words)), words);
        QVERIFY(contentOf(path).contains("monospace"));
        QVERIFY(contentOf(path).contains(bench.style.theme().nullAmber.name().toLatin1()));
    }

    void theWholeFigureIsDrawnNotTheScrolledPart()
    {
        Bench bench;
        QTemporaryDir folder;
        const std::unique_ptr<FigureView> view(
            makeFigureView(exampleWideGrid(), bench.style, nullptr));
        view->resize(200, 150);
        const QString path = folder.filePath(QStringLiteral("grid.svg"));
        VERIFY_OK(exportFigure(*view, path));
        const Drawing svg = readSvg(contentOf(path));
        QVERIFY2(svg.shapes > 40 * 128, qPrintable(QString::number(svg.shapes)));
        QVERIFY(svg.words.contains(QStringLiteral("entropy")));
        QVERIFY(svg.words.contains(QStringLiteral("126")));
    }

    void anotherThemeCanBeAskedFor()
    {
        Bench bench;
        const std::unique_ptr<FigureView> view(
            makeFigureView(exampleLoads(), bench.style, nullptr));
        const Result<QImage> dark = figureImage(*view, 1, &darkTheme());
        VERIFY_OK(dark);
        VERIFY_COLOUR(dark->pixelColor(2, 2), darkTheme().panel);
        const Result<QImage> own = figureImage(*view, 1);
        VERIFY_OK(own);
        VERIFY_COLOUR(own->pixelColor(2, 2), lightTheme().panel);
    }

    void copyPutsPictureAndDataOnTheClipboard()
    {
        Bench bench;
        const std::unique_ptr<FigureView> view(
            makeFigureView(exampleRanks(), bench.style, nullptr));
        view->show();
        view->setFocus();
        QVERIFY(QTest::qWaitForWindowActive(view.get()));
        QApplication::clipboard()->clear();
        QTest::keyClick(view.get(), Qt::Key_C, Qt::ControlModifier);
        const QMimeData* mime = QApplication::clipboard()->mimeData();
        QVERIFY(mime->hasImage());
        const auto image = mime->imageData().value<QImage>();
        QCOMPARE(image.size(), (view->exportSize() * 2).toSize());
        QCOMPARE(mime->text(), QString::fromStdString(figureToCsv(*exampleRanks(), '\t')));
        QCOMPARE(mime->data(QStringLiteral("text/csv")),
            QByteArray::fromStdString(figureToCsv(*exampleRanks())));
        QVERIFY(mime->hasFormat(QStringLiteral("text/tab-separated-values")));
        view->copyData();
        QVERIFY(!QApplication::clipboard()->mimeData()->hasImage());
        view->copyPicture();
        QVERIFY(QApplication::clipboard()->mimeData()->hasImage());
    }

    void errorsNameThePath()
    {
        Bench bench;
        QTemporaryDir folder;
        const QString nowhere = folder.filePath(QStringLiteral("missing/figure.svg"));
        const Status unwritable = exportFigure(exampleRanks(), bench.style, nowhere);
        QVERIFY(!unwritable);
        QCOMPARE(unwritable.error().code, ErrorCode::CannotWrite);
        QVERIFY2(QString::fromStdString(unwritable.error().message).contains(nowhere),
            unwritable.error().message.c_str());
        const Status unknown = exportFigure(
            exampleRanks(), bench.style, folder.filePath(QStringLiteral("figure.doc")));
        QVERIFY(!unknown);
        QVERIFY(QString::fromStdString(unknown.error().message).contains(QStringLiteral(".svg")));
        QVERIFY(!exportFigure(nullptr, bench.style, folder.filePath(QStringLiteral("figure.svg"))));
        LineChartView empty(bench.style);
        QVERIFY(!exportFigure(empty, folder.filePath(QStringLiteral("figure.svg"))));
        QVERIFY(!figureImage(empty));
    }

    void whatIsTooLargeForAPictureIsRefusedAndCopiedAsData()
    {
        TableFigure table;
        table.columns = {{"n", "", true, -1, ""}};
        for (int i = 0; i < 5000; ++i)
            table.rows.push_back({static_cast<double>(i)});
        const FigurePointer figure
            = std::make_shared<const Figure>(Figure{"t", "t", "", "", std::move(table)});
        Bench bench;
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("t.png"));
        QVERIFY(QFile(path).open(QIODevice::WriteOnly));
        const Status refused = exportFigure(figure, bench.style, path);
        QVERIFY(!refused);
        QVERIFY(QString::fromStdString(refused.error().message).contains(QStringLiteral("CSV")));
        VERIFY_OK(exportFigure(figure, bench.style, folder.filePath(QStringLiteral("t.csv"))));
        const std::unique_ptr<FigureView> view(makeFigureView(figure, bench.style, nullptr));
        const std::unique_ptr<QMimeData> mime = figureMimeData(*view);
        QVERIFY(!mime->hasImage());
        QVERIFY(mime->text().endsWith(QStringLiteral("4999\r\n"))
            || mime->text().endsWith(QStringLiteral("4999\n")));
    }
};

QTEST_MAIN(TestFigureExport)
#include "tst_figure_export.moc"
