// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/page_export.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <QBuffer>
#include <QDir>
#include <QFileInfo>
#include <QImage>

#include "core/io/file_write.h"
#include "core/report/report.h"
#include "ui/figures/figure_export.h"
#include "ui/figures/figure_factory.h"
#include "ui/figures/figure_view.h"
#include "ui/shell/page.h"
#include "ui/shell/report_pdf.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kPictureScale = 2;

using Pictures = std::vector<std::pair<std::string, std::string>>;

std::string pngBytes(const QImage& image)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "PNG");
    return bytes.toStdString();
}

/// Reports are read on paper and on white pages, whatever the window's theme is.
Pictures picturesOf(const Report& report, Style& style)
{
    Pictures pictures;
    for (const Figure& figure : report.figures) {
        const std::unique_ptr<FigureView> view(
            makeFigureView(std::make_shared<const Figure>(figure), style, nullptr));
        if (auto image
            = figureImage(*view, kPictureScale, &lightTheme())) // a table stays a table without
            pictures.emplace_back(figure.id, pngBytes(*image));
    }
    return pictures;
}

Status writePicture(Page& page, const QString& path)
{
    QImage image(page.size() * kPictureScale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(kPictureScale);
    image.fill(page.palette().color(QPalette::Window));
    page.render(&image);
    return writeFileAtomically(path.toStdString(), pngBytes(image));
}

Result<Report> reportOf(const Page& page)
{
    if (auto report = page.report())
        return std::move(*report);
    return fail(ErrorCode::InvalidArgument, "There is no result on this page yet.");
}

} // namespace

QString exportStem(const Report& report)
{
    QString stem = QString::fromStdString(report.experiment + "-" + report.model.id);
    for (QChar& letter : stem)
        if (!letter.isLetterOrNumber() && letter != QLatin1Char('.'))
            letter = QLatin1Char('-');
    if (!report.complete)
        stem += QStringLiteral("-incomplete");
    return stem.toLower();
}

Status exportPage(Page& page, Style& style, const QString& path)
{
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == QLatin1String("png"))
        return writePicture(page, path);
    MOESCOPE_TRY(const Report report, reportOf(page));
    if (suffix == QLatin1String("json"))
        return writeReportJson(report, path.toStdString());
    if (suffix == QLatin1String("md"))
        return writeFileAtomically(path.toStdString(), reportToMarkdown(report));
    if (suffix == QLatin1String("html") || suffix == QLatin1String("htm"))
        return writeFileAtomically(
            path.toStdString(), reportToHtml(report, picturesOf(report, style)));
    if (suffix == QLatin1String("pdf"))
        return writeFileAtomically(path.toStdString(), reportPdf(report, style).toStdString());
    return fail(ErrorCode::InvalidArgument,
        "The name " + path.toStdString() + " must end in .json, .md, .html, .pdf or .png.");
}

Status exportFigures(const Page& page, Style& style, const QString& folder)
{
    MOESCOPE_TRY(const Report report, reportOf(page));
    if (!QDir().mkpath(folder))
        return fail(
            ErrorCode::CannotWrite, "The folder " + folder.toStdString() + " cannot be made.");
    for (const Figure& figure : report.figures) {
        const auto shared = std::make_shared<const Figure>(figure);
        for (const char* suffix : {".png", ".svg", ".csv"})
            MOESCOPE_CHECK(exportFigure(shared, style,
                QDir(folder).filePath(QString::fromStdString(figure.id) + QLatin1String(suffix)),
                &lightTheme()));
    }
    return {};
}

} // namespace moescope::ui
