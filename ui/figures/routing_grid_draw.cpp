// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/figure_words.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

// More cells than this are no picture any more.
constexpr double kMostCellsInPicture = 400'000;

QString sideLetters(std::uint8_t mark)
{
    return mark == kMarkBoth ? QStringLiteral("AB")
        : mark == kMarkA     ? QStringLiteral("A")
                             : QStringLiteral("B");
}

} // namespace

void RoutingGridView::drawVisible(const Ink& ink)
{
    if (!m_source || m_source->rows() == 0 || m_source->cols() == 0) {
        ink.painter.setFont(ink.style.words());
        ink.painter.setPen(ink.theme.mutedText);
        ink.painter.drawText(viewport()->rect(), Qt::AlignCenter, tr("No tokens"));
        m_cellsPainted = 0;
        return;
    }
    const GridGeometry g = geometry();
    const int place = m_col >= 0 ? placeOf(m_col) : g.firstPlace();
    m_currentSeen = m_row >= g.firstRow() && m_row <= g.lastRow() && place >= g.firstPlace()
        && place <= g.lastPlace();
    m_cellsPainted = drawGrid(ink, g);
}

Status RoutingGridView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    if (!m_source)
        return {};
    if (static_cast<double>(m_source->rows()) * m_source->cols() > kMostCellsInPicture)
        return fail(ErrorCode::InvalidArgument,
            "The grid has " + std::to_string(m_source->rows()) + " rows and "
                + std::to_string(m_source->cols())
                + " columns, too many for a picture; save the data as CSV, or show fewer tokens.");
    ink.painter.save();
    ink.painter.translate(rect.topLeft());
    GridGeometry geometry = wholeGeometry(rect.width());
    if (ink.painter.hasClipping()) {
        const QRectF clip = ink.painter.clipBoundingRect();
        const double line = ink.style.px(20); // of a label that reaches beyond its row
        geometry.keepRowsBetween(clip.top() - line, clip.bottom() + line);
    }
    drawGrid(ink, geometry);
    ink.painter.restore();
    return {};
}

int RoutingGridView::drawGrid(const Ink& ink, const GridGeometry& g) const
{
    if (g.rows == 0 || g.cols == 0)
        return 0;
    drawRowBands(ink, g);
    drawHeader(ink, g);
    drawRowLabels(ink, g);
    drawRowBars(ink, g);
    ink.painter.save();
    ink.painter.setClipRect(g.cells, Qt::IntersectClip);
    const int cells = drawCells(ink, g);
    ink.painter.restore();
    drawOutlines(ink, g);
    return cells;
}

void RoutingGridView::drawRowBands(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    const double right = g.cells.right() + g.rowBars * g.barWidth + ink.style.px(4);
    const auto band = [&](int first, int last, const QColor& colour) {
        const int from = std::max(first, g.firstRow());
        const int to = std::min(last, g.lastRow());
        if (from > to)
            return;
        const QRectF top = g.cell(from, 0);
        const QRectF bottom = g.cell(to, 0);
        const QRectF rect(0, std::max(top.top() - g.gap / 2, g.cells.top()), right, 0);
        p.setPen(Qt::NoPen);
        p.setBrush(colour);
        p.drawRoundedRect(
            QRectF(rect.topLeft(),
                QPointF(right, std::min(bottom.bottom() + g.gap / 2, g.cells.bottom()))),
            ink.style.px(4), ink.style.px(4));
    };
    if (m_spanFirst <= m_spanLast)
        band(m_spanFirst, m_spanLast, ink.theme.accentSoft);
    if (ink.onScreen && m_hoverRow >= 0 && m_hoverRow != m_row)
        band(m_hoverRow, m_hoverRow, mix(ink.theme.panel, ink.theme.accentSoft, 0.55));
    if (m_row >= 0)
        band(m_row, m_row, ink.theme.accentSoft);
}

int RoutingGridView::drawCells(const Ink& ink, const GridGeometry& g) const
{
    int asked = 0;
    int previousGroup = 0;
    // Every other group lies on a band.
    ink.painter.setPen(Qt::NoPen);
    ink.painter.setBrush(ink.theme.pending);
    for (int place = g.firstPlace(); place <= g.lastPlace() && m_order.empty(); ++place)
        if (m_source->columnGroup(columnAt(place)) % 2 == 1)
            ink.painter.drawRect(QRectF(g.cell(0, place).left() - g.gap / 2, g.cells.top(),
                g.cellWidth, std::min(g.cells.height(), g.contentHeight - g.scroll.y())));
    for (int place = g.firstPlace(); place <= g.lastPlace(); ++place) {
        const int col = columnAt(place);
        const int group = m_source->columnGroup(col);
        if (place > g.firstPlace() && group != previousGroup && m_order.empty()) {
            ink.painter.setPen(QPen(ink.theme.axis, ink.style.px(1)));
            const double x = g.cell(0, place).left() - g.gap / 2;
            ink.painter.drawLine(QPointF(x, g.cells.top()), QPointF(x, g.cells.bottom()));
        }
        previousGroup = group;
        if (const QString gap = m_source->gapLabel(col); !gap.isEmpty()) {
            drawGap(ink, g, place, gap);
            continue;
        }
        for (int row = g.firstRow(); row <= g.lastRow(); ++row) {
            const bool highlighted = row == m_row || (row >= m_spanFirst && row <= m_spanLast);
            drawCell(ink, g.cell(row, place), m_source->cell(row, col), highlighted);
            ++asked;
        }
    }
    return asked;
}

void RoutingGridView::drawCell(
    const Ink& ink, const QRectF& rect, const GridCell& cell, bool highlighted) const
{
    QPainter& p = ink.painter;
    const bool chosen = !std::isnan(cell.shade);
    const std::uint8_t sides = cell.mark & kMarkBoth;
    QColor fill;
    QString label = cell.label;
    if (m_shading == Shading::Comparison) {
        fill = sides == kMarkBoth ? ink.theme.both
            : sides == kMarkA     ? ink.theme.onlyA
            : sides == kMarkB     ? ink.theme.onlyB
                                  : ink.theme.gridEmpty;
        label = sides ? sideLetters(sides) : QString();
    } else {
        fill = chosen ? ink.theme.weight(cell.shade) : ink.theme.faint(cell.faint);
    }
    const bool empty = m_shading == Shading::Comparison ? sides == 0 : !chosen;
    if (empty && highlighted)
        fill = mix(fill, ink.theme.accentSoft, 0.6);

    const double small = std::min(rect.width(), rect.height());
    if (small < ink.style.px(7)) {
        p.fillRect(rect, fill);
    } else {
        const double radius = std::min(ink.style.px(3), small / 5);
        p.setPen(empty ? QPen(ink.theme.gridBorder, ink.style.px(0.8)) : QPen(Qt::NoPen));
        p.setBrush(fill);
        p.drawRoundedRect(rect, radius, radius);
        if (cell.mark & kMarkChanged) {
            const double inset = ink.style.px(1);
            p.setPen(QPen(ink.theme.changed, ink.style.px(2)));
            p.setBrush(Qt::NoBrush);
            p.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius);
        }
    }
    if (label.isEmpty() || small < ink.style.px(11))
        return;
    const int larger = small > ink.style.px(50) ? 2 : 0;
    const QFont font = ink.style.mono(larger + (m_shading == Shading::Comparison ? -2 : -1),
        m_shading == Shading::Comparison ? QFont::DemiBold : QFont::Normal);
    const QFontMetricsF metrics(font);
    if (metrics.horizontalAdvance(label) > rect.width() - ink.style.px(1)
        || metrics.capHeight() > rect.height() - ink.style.px(3))
        return;
    p.setFont(font);
    p.setPen(ink.theme.readableOn(fill));
    p.drawText(rect, Qt::AlignCenter, label);
}

void RoutingGridView::drawGap(
    const Ink& ink, const GridGeometry& g, int place, const QString& label) const
{
    QPainter& p = ink.painter;
    const QRectF cell = g.cell(0, place);
    const QRectF column(cell.left(), g.cells.top() + g.gap / 2, cell.width(),
        std::min(g.cells.height(), g.contentHeight - g.scroll.y()) - g.gap);
    p.setPen(Qt::NoPen);
    p.setBrush(QBrush(ink.theme.hairline, Qt::BDiagPattern));
    p.drawRoundedRect(column, ink.style.px(3), ink.style.px(3));
    const QFont font = ink.style.words(-1);
    const double line = QFontMetricsF(font).height();
    if (column.width() < line * 0.8)
        return;
    p.save();
    p.translate(column.center());
    p.rotate(-90);
    p.setFont(font);
    const double width = std::min(column.height(), textWidth(font, label) + ink.style.px(12));
    p.setBrush(ink.theme.panel);
    p.drawRect(QRectF(-width / 2, -line / 2, width, line));
    p.setPen(ink.theme.mutedText);
    p.drawText(
        QRectF(-width / 2, -line / 2, width, line), Qt::AlignCenter, elided(font, label, width));
    p.restore();
}

void RoutingGridView::drawOutlines(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    const auto outline = [&](int col, Qt::PenStyle pen) {
        if (col < 0 || col >= g.cols)
            return;
        const QRectF cell = g.cell(0, placeOf(col));
        const QRectF column(cell.left() - g.gap / 2, g.cells.top() - ink.style.px(1),
            cell.width() + g.gap, g.cells.height() + ink.style.px(2));
        p.setPen(QPen(ink.theme.accent, ink.style.px(1.6), pen));
        p.setBrush(Qt::NoBrush);
        p.drawRoundedRect(column, ink.style.px(4), ink.style.px(4));
    };
    p.save();
    p.setClipRect(
        g.cells.adjusted(-ink.style.px(2), -ink.style.px(2), ink.style.px(2), ink.style.px(2)),
        Qt::IntersectClip);
    for (const int col : m_outlined)
        if (col != m_col)
            outline(col, Qt::DashLine);
    outline(m_col, Qt::SolidLine);
    if (ink.onScreen) {
        const auto ring = [&](int row, int col, const QColor& colour) {
            if (!inGrid(row, col))
                return;
            p.setPen(QPen(colour, ink.style.px(2)));
            p.setBrush(Qt::NoBrush);
            p.drawRoundedRect(g.cell(row, placeOf(col)), ink.style.px(3), ink.style.px(3));
        };
        ring(m_hoverRow, m_hoverCol, ink.theme.accentMuted);
        if (hasFocus())
            ring(m_row, m_col, ink.theme.accent);
    }
    p.restore();
}

} // namespace moescope::ui
