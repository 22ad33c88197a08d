// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/figure_words.h"
#include "ui/figures/heat_map_view.h"
#include "ui/style/colour_map.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

// From here on one image is drawn instead of single cells.
constexpr std::size_t kManyCells = 20'000;

} // namespace

void HeatMapView::draw(const Ink& ink, const QRectF& area) const
{
    if (!data() || data()->rows == 0 || data()->cols == 0) {
        ink.painter.setFont(ink.style.words());
        ink.painter.setPen(ink.theme.mutedText);
        ink.painter.drawText(area, Qt::AlignCenter, tr("No data"));
        return;
    }
    const Geometry g = geometry(area);
    if (data()->rows * data()->cols > kManyCells)
        drawImage(ink, g);
    else
        drawCells(ink, g);
    drawLabels(ink, g);
    drawLegend(ink, g);
    drawReadout(ink, g);

    const auto ring = [&](int row, int col, const QColor& colour) {
        if (!inMap(row, col))
            return;
        const QRectF cell = g.cell(rowPlace(row), colPlace(col));
        ink.painter.setBrush(Qt::NoBrush);
        ink.painter.setPen(QPen(ink.theme.panel, ink.style.px(4)));
        ink.painter.drawRect(cell);
        ink.painter.setPen(QPen(colour, ink.style.px(2)));
        ink.painter.drawRect(cell);
    };
    if (ink.onScreen)
        ring(m_hoverRow, m_hoverCol, ink.theme.accentMuted);
    ring(m_row, m_col, ink.theme.accent);
}

void HeatMapView::drawCells(const Ink& ink, const Geometry& g) const
{
    QPainter& p = ink.painter;
    const bool antialias = g.gap > 0;
    p.setRenderHint(QPainter::Antialiasing, antialias);
    const std::optional<QFont> font = cellFont(ink, g);
    for (int r = 0; r < static_cast<int>(data()->rows); ++r) {
        for (int c = 0; c < static_cast<int>(data()->cols); ++c) {
            const QRectF cell = g.cell(r, c);
            const double v = value(dataRow(r), dataCol(c));
            if (std::isnan(v)) {
                p.setPen(QPen(ink.theme.gridBorder, ink.style.px(0.8)));
                p.setBrush(QBrush(ink.theme.quietBar, Qt::BDiagPattern));
                p.drawRect(cell);
                continue;
            }
            const QColor fill = fillOf(ink.theme, dataRow(r), dataCol(c));
            p.setPen(Qt::NoPen);
            p.setBrush(fill);
            p.drawRect(cell);
            if (font)
                drawCellValue(ink, cell, v, fill, *font);
        }
    }
    p.setRenderHint(QPainter::Antialiasing);
}

std::optional<QFont> HeatMapView::cellFont(const Ink& ink, const Geometry& g) const
{
    const QRectF cell = g.cell(0, 0);
    if (cell.width() < ink.style.px(26) || cell.height() < ink.style.px(14))
        return std::nullopt;
    QString longest;
    for (const double v : data()->values) {
        const QString label = std::isnan(v) ? QString() : numberText(v, m_decimals);
        if (label.size() > longest.size())
            longest = label;
    }
    for (const int step : {-2, -3, -4}) {
        const QFont font = ink.style.mono(step);
        if (textWidth(font, longest) <= cell.width() - ink.style.px(2))
            return font;
    }
    return std::nullopt;
}

void HeatMapView::drawCellValue(
    const Ink& ink, const QRectF& cell, double value, const QColor& fill, const QFont& font) const
{
    const QString label = numberText(value, m_decimals);
    QColor colour = ink.theme.readableOn(fill);
    if (data()->null && isAtNull(value, *data()->null))
        colour = mix(colour, fill, 0.35);
    ink.painter.setFont(font);
    ink.painter.setPen(colour);
    ink.painter.drawText(cell, Qt::AlignCenter, label);
}

void HeatMapView::drawImage(const Ink& ink, const Geometry& g) const
{
    if (m_image.isNull() || m_imageTheme != &ink.theme) {
        const auto rows = static_cast<int>(data()->rows);
        const auto cols = static_cast<int>(data()->cols);
        m_image = QImage(cols, rows, QImage::Format_RGB32);
        m_imageTheme = &ink.theme;
        for (int r = 0; r < rows && !m_image.isNull(); ++r) {
            auto* line = reinterpret_cast<QRgb*>(m_image.scanLine(r));
            for (int c = 0; c < cols; ++c) {
                const double v = value(dataRow(r), dataCol(c));
                line[c] = std::isnan(v) ? ink.theme.track.rgb()
                                        : fillOf(ink.theme, dataRow(r), dataCol(c)).rgb();
            }
        }
    }
    // Smooth only when cells are smaller than a pixel, so that large cells keep their edges.
    ink.painter.setRenderHint(
        QPainter::SmoothPixmapTransform, std::min(g.cellWidth, g.cellHeight) < 1);
    ink.painter.drawImage(g.map, m_image);
}

void HeatMapView::drawLabels(const Ink& ink, const Geometry& g) const
{
    QPainter& p = ink.painter;
    const QFont font = ink.style.mono(-1);
    const double line = QFontMetricsF(font).height();
    const int rows = static_cast<int>(data()->rows);
    const int cols = static_cast<int>(data()->cols);
    const auto colour
        = [&](bool isCurrent) { return isCurrent ? ink.theme.text : ink.theme.mutedText; };
    p.setFont(font);
    const int rowStep = std::max(1, static_cast<int>(std::ceil(line * 0.95 / g.cellHeight)));
    for (int r = 0; r < rows; r += rowStep) {
        const QRectF cell = g.cell(r, 0);
        p.setPen(colour(dataRow(r) == m_row));
        p.drawText(QRectF(g.map.left() - m_labelWidth - ink.style.px(8),
                       cell.center().y() - line / 2, m_labelWidth, line),
            Qt::AlignRight | Qt::AlignVCenter, elided(font, rowLabel(dataRow(r)), m_labelWidth));
    }
    double widest = 0;
    for (int c = 0; c < std::min(cols, 2000); ++c)
        widest = std::max(widest, textWidth(font, colLabel(c)));
    // Long names are shortened to what four cells offer.
    widest = std::min(widest, std::max(4 * g.cellWidth, ink.style.px(40)));
    const int colStep
        = std::max(1, static_cast<int>(std::ceil((widest + ink.style.px(6)) / g.cellWidth)));
    for (int c = 0; c < cols; c += colStep) {
        const QRectF cell = g.cell(0, c);
        p.setPen(colour(dataCol(c) == m_col));
        p.drawText(QRectF(cell.center().x() - widest / 2 - ink.style.px(2),
                       g.map.top() - line - ink.style.px(4), widest + ink.style.px(4), line),
            Qt::AlignCenter, elided(font, colLabel(dataCol(c)), widest + ink.style.px(3)));
    }
}

void HeatMapView::drawLegend(const Ink& ink, const Geometry& g) const
{
    QPainter& p = ink.painter;
    const ColourMap& map = data()->scale == ColourScale::Diverging ? blueWhiteRed() : cividis();
    QLinearGradient gradient(g.legend.bottomLeft(), g.legend.topLeft());
    constexpr int kStops = 16;
    for (int i = 0; i <= kStops; ++i)
        gradient.setColorAt(
            static_cast<double>(i) / kStops, colourAt(map, static_cast<double>(i) / kStops));
    p.setPen(Qt::NoPen);
    p.setBrush(gradient);
    p.drawRect(g.legend);

    p.setFont(ink.style.words(-1));
    p.setPen(ink.theme.mutedText);
    const double titleLine = QFontMetricsF(p.font()).height();
    const double room = legendWidth() - ink.style.px(14);
    p.drawText(
        QRectF(g.legend.left(), g.legend.top() - titleLine - ink.style.px(4), room, titleLine),
        Qt::AlignLeft | Qt::AlignVCenter, elided(p.font(), text(data()->valueTitle), room));

    const auto y
        = [&](double v) { return g.legend.bottom() - legendPosition(v) * g.legend.height(); };
    const QFont font = ink.style.mono(-1);
    const double line = QFontMetricsF(font).height();
    const double left = g.legend.right() + ink.style.px(6);
    p.setFont(font);
    p.setPen(ink.theme.mutedText);
    for (const double v : {m_range.lo, (m_range.lo + m_range.hi) / 2, m_range.hi}) {
        const double middle
            = std::clamp(y(v), g.legend.top() + line * 0.3, g.legend.bottom() - line * 0.3);
        p.drawText(QRectF(left, middle - line / 2, ink.style.px(120), line),
            Qt::AlignLeft | Qt::AlignVCenter, numberText(v, m_decimals));
    }
    if (data()->null && data()->null->mean >= m_range.lo && data()->null->mean <= m_range.hi) {
        p.setPen(QPen(ink.theme.nullAmber, ink.style.px(2)));
        const double at = y(data()->null->mean);
        p.drawLine(QPointF(g.legend.left() - ink.style.px(3), at),
            QPointF(g.legend.right() + ink.style.px(3), at));
    }
}

void HeatMapView::drawReadout(const Ink& ink, const Geometry& g) const
{
    QPainter& p = ink.painter;
    const double line = QFontMetricsF(ink.style.mono()).height();
    double y = g.readout.top() + ink.style.px(7);
    for (const QString& current : readoutLines(g.readout.width())) {
        const bool random = data()->null && isAtNull(value(m_row, m_col), *data()->null);
        p.setFont(ink.style.mono(-1));
        p.setPen(random ? ink.theme.mutedText : ink.theme.text);
        p.drawText(QRectF(g.readout.left(), y, g.readout.width(), line),
            Qt::AlignLeft | Qt::AlignVCenter, elided(p.font(), current, g.readout.width()));
        y += line;
    }
    const bool fixed = m_sharedRange || (m_rangeMode == Range::Fixed && data()->range);
    QString scale = fixed ? tr("colour scale fixed, %1 to %2") : tr("colour scale %1 to %2");
    scale = scale.arg(numberText(m_range.lo, m_decimals),
        withUnit(numberText(m_range.hi, m_decimals), data()->valueUnit));
    if (data()->scale == ColourScale::Diverging)
        scale += tr(", white = %1").arg(numberText(data()->centre));
    if (leavesDiagonalOut())
        scale += tr(", without the diagonal");
    if (clustered())
        scale += tr(", clustered");
    p.setFont(ink.style.words(-1));
    p.setPen(ink.theme.mutedText);
    // Two lines where one is too short and the other is free; else without the title, which the
    // bar of colours has as well.
    const bool wraps = y + 2 * line <= g.readout.bottom() + 1;
    const QString whole = scale + QStringLiteral(": ") + text(data()->valueTitle);
    if (wraps || textWidth(p.font(), whole) <= g.readout.width())
        scale = whole;
    p.drawText(QRectF(g.readout.left(), y, g.readout.width(), wraps ? 2 * line : line),
        int{Qt::AlignLeft} | (wraps ? Qt::AlignTop | Qt::TextWordWrap : int{Qt::AlignVCenter}),
        wraps ? scale : elided(p.font(), scale, g.readout.width()));
}

} // namespace moescope::ui
