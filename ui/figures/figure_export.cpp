// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/figure_export.h"

#include <cmath>
#include <filesystem>

#include <QBuffer>
#include <QFileInfo>
#include <QMarginsF>
#include <QMimeData>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>

#include "core/io/file_write.h"
#include "ui/figures/figure_factory.h"
#include "ui/figures/figure_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

// Larger pictures are refused by QImage's painter and by most programs that would open them.
constexpr double kLargestSide = 30000;

Error pictureTooLarge(const QSizeF& size)
{
    return {ErrorCode::InvalidArgument,
        QStringLiteral("The picture would be %1 by %2 pixels, more than the %3 that picture "
                       "programs open; save the "
                       "data as CSV, or show fewer rows.")
            .arg(std::lround(size.width()))
            .arg(std::lround(size.height()))
            .arg(std::lround(kLargestSide))
            .toStdString()};
}

Result<QSizeF> checkedSize(const FigureView& view, double scale)
{
    const QSizeF size = view.exportSize();
    if (size.isEmpty())
        return fail(ErrorCode::InvalidArgument, "There is no figure to draw.");
    if (std::max(size.width(), size.height()) * scale > kLargestSide)
        return tl::unexpected(pictureTooLarge(size * scale));
    return size;
}

Result<QByteArray> pngBytes(const FigureView& view, const Theme* theme)
{
    MOESCOPE_TRY(const QImage image, figureImage(view, 2, theme));
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    if (!image.save(&buffer, "PNG"))
        return fail(ErrorCode::Internal, "The picture could not be encoded as PNG.");
    return bytes;
}

Result<QByteArray> svgBytes(const FigureView& view, const Theme* theme)
{
    MOESCOPE_TRY(const QSizeF size, checkedSize(view, 1));
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(view.look().dpi());
    generator.setSize(size.toSize());
    generator.setViewBox(QRectF({0, 0}, size));
    generator.setTitle(QString::fromStdString(view.figure()->title));
    generator.setDescription(QString::fromStdString(view.figure()->caption));
    QPainter painter;
    if (!painter.begin(&generator))
        return fail(ErrorCode::Internal, "The picture could not be drawn as SVG.");
    MOESCOPE_CHECK(view.renderTo(painter, size, theme));
    painter.end();
    // A viewer without our fonts falls back to the same kind, so that columns of numbers stay
    // aligned.
    const auto addFallback = [&bytes](const QFont& font, const QByteArray& kind) {
        const QByteArray family
            = QByteArrayLiteral("font-family=\"") + font.family().toHtmlEscaped().toUtf8();
        const QByteArray alone = family + QByteArrayLiteral("\"");
        const QByteArray both = family + QByteArrayLiteral(", ") + kind + QByteArrayLiteral("\"");
        bytes.replace(alone, both);
    };
    addFallback(view.look().words(), QByteArrayLiteral("sans-serif"));
    addFallback(view.look().mono(), QByteArrayLiteral("monospace"));
    return bytes;
}

Result<QByteArray> pdfBytes(const FigureView& view, const Theme* theme)
{
    MOESCOPE_TRY(const QSizeF size, checkedSize(view, 1));
    QByteArray bytes;
    QBuffer buffer(&bytes);
    buffer.open(QIODevice::WriteOnly);
    QPdfWriter writer(&buffer);
    const int dpi = view.look().dpi();
    writer.setResolution(dpi);
    writer.setPageSize(QPageSize(size * 72.0 / dpi, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins(QMarginsF(0, 0, 0, 0));
    writer.setTitle(QString::fromStdString(view.figure()->title));
    writer.setCreator(QStringLiteral("Moescope"));
    QPainter painter;
    if (!painter.begin(&writer))
        return fail(ErrorCode::Internal, "The picture could not be drawn as PDF.");
    MOESCOPE_CHECK(view.renderTo(painter, size, theme));
    painter.end();
    return bytes;
}

Result<QByteArray> encode(const FigureView& view, const QString& path, const Theme* theme)
{
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == QLatin1String("png"))
        return pngBytes(view, theme);
    if (suffix == QLatin1String("svg"))
        return svgBytes(view, theme);
    if (suffix == QLatin1String("pdf"))
        return pdfBytes(view, theme);
    if (suffix == QLatin1String("csv"))
        return view.dataText(',').toUtf8();
    if (suffix == QLatin1String("tsv") || suffix == QLatin1String("txt"))
        return view.dataText('\t').toUtf8();
    return fail(ErrorCode::InvalidArgument,
        QStringLiteral(
            "%1 has no suffix that says how to write it; use .png, .svg, .pdf, .csv or .tsv.")
            .arg(path)
            .toStdString());
}

} // namespace

Result<QImage> figureImage(const FigureView& view, double scale, const Theme* theme)
{
    MOESCOPE_TRY(const QSizeF size, checkedSize(view, scale));
    QImage image((size * scale).toSize(), QImage::Format_RGB32);
    if (image.isNull())
        return fail(ErrorCode::OutOfMemory,
            QStringLiteral("There is not enough memory for a picture of %1 by %2 pixels.")
                .arg(std::lround(size.width() * scale))
                .arg(std::lround(size.height() * scale))
                .toStdString());
    image.setDevicePixelRatio(scale);
    image.fill((theme ? *theme : view.look().theme()).panel);
    QPainter painter(&image);
    MOESCOPE_CHECK(view.renderTo(painter, size, theme));
    return image;
}

std::unique_ptr<QMimeData> figureMimeData(const FigureView& view)
{
    auto mime = std::make_unique<QMimeData>();
    const QString tsv = view.dataText('\t');
    mime->setText(tsv);
    mime->setData(QStringLiteral("text/tab-separated-values"), tsv.toUtf8());
    mime->setData(QStringLiteral("text/csv"), view.dataText(',').toUtf8());
    // A figure too large for a picture is still copied as data.
    if (const Result<QImage> image = figureImage(view); image)
        mime->setImageData(*image);
    return mime;
}

Status exportFigure(const FigureView& view, const QString& path, const Theme* theme)
{
    if (!view.figure())
        return fail(ErrorCode::InvalidArgument, "There is no figure to save.");
    MOESCOPE_TRY(const QByteArray bytes, encode(view, path, theme));
    return writeFileAtomically(std::filesystem::path(path.toStdU16String()),
        std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

Status exportFigure(const std::shared_ptr<const Figure>& figure, Style& style, const QString& path,
    const Theme* theme)
{
    if (!figure)
        return fail(ErrorCode::InvalidArgument, "There is no figure to save.");
    const std::unique_ptr<FigureView> view(makeFigureView(figure, style, nullptr));
    return exportFigure(*view, path, theme);
}

} // namespace moescope::ui
