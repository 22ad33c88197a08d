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

constexpr std::uint8_t kInA = 1;
constexpr std::uint8_t kInB = 2;
constexpr std::uint8_t kInBoth = 3;
constexpr std::uint8_t kChanged = 4;

QString sideLetters(std::uint8_t mark)
{
    return mark == kInBoth ? QStringLiteral("AB")
        : mark == kInA     ? QStringLiteral("A")
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
    m_cellsPainted = drawGrid(ink, geometry());
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
    drawGrid(ink, wholeGeometry(rect.width()));
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
    const double right = g.cells.right() + m_source->rowBars() * g.barWidth + ink.style.px(4);
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

void RoutingGridView::drawHeader(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    if (m_source->hasLoads())
        drawLoads(ink, g);
    p.save();
    p.setClipRect(QRectF(g.cells.left() - ink.style.px(6), 0, g.cells.width() + ink.style.px(12),
                      g.cells.top()),
        Qt::IntersectClip);
    drawColumnLabels(ink, g);
    p.restore();

    p.setFont(ink.style.words(-1));
    p.setPen(ink.theme.mutedText);
    for (int bar = 0; bar < m_source->rowBars(); ++bar) {
        const QRectF column = g.barColumn(bar);
        p.drawText(QRectF(column.left(), g.labelTop, g.barWidth, g.labelHeight),
            Qt::AlignLeft | Qt::AlignVCenter,
            elided(p.font(), m_source->rowBarTitle(bar), g.barWidth - ink.style.px(3)));
    }
}

void RoutingGridView::drawColumnLabels(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    double widest = 0;
    for (int place = g.firstPlace(); place <= g.lastPlace(); ++place)
        widest
            = std::max(widest, textWidth(ink.style.mono(-1), m_source->colLabel(columnAt(place))));
    const int step
        = std::max(1, static_cast<int>(std::ceil((widest + ink.style.px(4)) / g.cellWidth)));
    const int currentPlace = m_col >= 0 ? placeOf(m_col) : -1;
    for (int place = g.firstPlace(); place <= g.lastPlace(); ++place) {
        const int col = columnAt(place);
        const bool isCurrent = col == m_col;
        // The chosen column is always named; its neighbours give way.
        if (!isCurrent
            && (place % step != 0
                || (step > 1 && currentPlace >= 0 && std::abs(place - currentPlace) < step)))
            continue;
        const bool blocked = m_blocked.contains(col);
        QFont font = ink.style.mono(-1, isCurrent ? QFont::Bold : QFont::Normal);
        font.setStrikeOut(blocked);
        p.setFont(font);
        p.setPen(blocked ? ink.theme.warning : isCurrent ? ink.theme.text : ink.theme.mutedText);
        const QRectF cell = g.cell(0, place);
        p.drawText(QRectF(cell.center().x() - widest, g.labelTop, 2 * widest, g.labelHeight),
            Qt::AlignCenter, m_source->colLabel(col));
    }
}

void RoutingGridView::drawLoads(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    const QFont font = ink.style.words(-1);
    const double scale = m_maxLoad > 0 ? (g.loadHeight - ink.style.px(4)) / m_maxLoad : 0;
    const double bottom = g.loadTop + g.loadHeight;
    p.save();
    p.setClipRect(QRectF(g.cells.left(), 0, g.cells.width(), g.cells.top()), Qt::IntersectClip);
    p.setPen(Qt::NoPen);
    for (int place = g.firstPlace(); place <= g.lastPlace(); ++place) {
        const double load = m_source->load(columnAt(place));
        if (!(load > 0))
            continue;
        const QRectF cell = g.cell(0, place);
        const double inset = cell.width() * 0.12;
        const double radius = std::min(ink.style.px(2), cell.width() / 4);
        p.setBrush(columnAt(place) == m_col ? ink.theme.accent : ink.theme.accentMuted);
        p.drawRoundedRect(QRectF(cell.left() + inset, bottom - load * scale,
                              cell.width() - 2 * inset, load * scale),
            radius, radius);
    }
    p.restore();

    const double even = m_source->evenLoad();
    const double y = bottom - even * scale;
    p.setFont(font);
    p.setPen(ink.theme.mutedText);
    const double left = g.cells.left() - ink.style.px(10);
    const double line = QFontMetricsF(font).height();
    const bool besides = even > 0
        && m_source->rowBars() * g.barWidth
            > textWidth(font, tr("even share %1").arg(numberText(even))) + ink.style.px(8);
    p.drawText(QRectF(0, besides ? y - line / 2 : bottom - 2 * line, left, line),
        Qt::AlignRight | Qt::AlignVCenter, tr("share of tokens"));
    if (even <= 0)
        return;
    QPen dashed(ink.theme.nullAmber, ink.style.px(1.2));
    dashed.setDashPattern({4, 3});
    p.setPen(dashed);
    p.drawLine(QPointF(g.cells.left(), y), QPointF(g.cells.right(), y));
    p.setPen(ink.theme.nullAmber);
    const QString words = tr("even share %1").arg(numberText(even));
    if (besides)
        p.drawText(QRectF(g.cells.right() + ink.style.px(6), y - line / 2,
                       m_source->rowBars() * g.barWidth, line),
            Qt::AlignLeft | Qt::AlignVCenter, words);
    else
        p.drawText(QRectF(0, bottom - line, left, line), Qt::AlignRight | Qt::AlignVCenter,
            elided(font, words, left));
}

void RoutingGridView::drawRowLabels(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    p.save();
    p.setClipRect(QRectF(0, g.cells.top(), g.cells.left(), g.cells.height()), Qt::IntersectClip);
    const double line = QFontMetricsF(ink.style.mono()).height();
    const int step = std::max(1, static_cast<int>(std::ceil(line * 0.9 / g.cellHeight)));
    const double sides = m_source->hasRowSides() ? ink.style.px(30) : 0;
    const double width = g.cells.left() - ink.style.px(10) - sides;
    for (int row = g.firstRow(); row <= g.lastRow(); ++row) {
        if (row % step != 0 && row != m_row)
            continue;
        const QRectF cell = g.cell(row, 0);
        const QRectF rect(0, cell.center().y() - line / 2, width, line);
        p.setFont(ink.style.mono(0, row == m_row ? QFont::DemiBold : QFont::Normal));
        p.setPen(ink.theme.text);
        p.setLayoutDirection(Qt::LayoutDirectionAuto);
        p.drawText(rect, Qt::AlignRight | Qt::AlignAbsolute | Qt::AlignVCenter,
            elided(p.font(), m_source->rowLabel(row), width));
        p.setLayoutDirection(Qt::LeftToRight);
        if (sides <= 0)
            continue;
        const std::uint8_t mark = m_source->rowSides(row);
        p.setFont(ink.style.words(-1, QFont::Bold));
        if (mark & kInA) {
            p.setPen(ink.theme.letterA);
            p.drawText(rect.translated(ink.style.px(14), 0), Qt::AlignRight | Qt::AlignVCenter,
                QStringLiteral("A"));
        }
        if (mark & kInB) {
            p.setPen(ink.theme.letterB);
            p.drawText(rect.translated(ink.style.px(28), 0), Qt::AlignRight | Qt::AlignVCenter,
                QStringLiteral("B"));
        }
    }
    p.restore();
}

void RoutingGridView::drawRowBars(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    p.save();
    p.setClipRect(
        QRectF(g.cells.right(), g.cells.top(), m_source->rowBars() * g.barWidth, g.cells.height()),
        Qt::IntersectClip);
    p.setPen(Qt::NoPen);
    for (int bar = 0; bar < m_source->rowBars(); ++bar) {
        const QRectF column = g.barColumn(bar);
        const double full = m_source->rowBarFull(bar);
        const double warnBelow = m_source->rowBarWarnBelow(bar);
        const double height = std::min(ink.style.px(5), g.cellHeight * 0.6);
        for (int row = g.firstRow(); row <= g.lastRow(); ++row) {
            const double value = m_source->rowBarValue(bar, row);
            if (std::isnan(value))
                continue;
            const double y = g.cell(row, 0).center().y() - height / 2;
            const QRectF track(column.left(), y, column.width(), height);
            p.setBrush(ink.theme.track);
            p.drawRoundedRect(track, height / 2, height / 2);
            const double share = full > 0 ? std::clamp(value / full, 0.0, 1.0) : 0;
            const bool warn = value < warnBelow;
            p.setBrush(warn    ? ink.theme.nullAmber
                    : bar == 0 ? ink.theme.accent
                               : ink.theme.quietBar);
            // Even nothing leaves a sliver, so that a warning is seen.
            const double least = warn ? ink.style.px(2) : 0;
            p.drawRoundedRect(
                QRectF(track.left(), y, std::max(least, track.width() * share), height), height / 2,
                height / 2);
        }
    }
    p.restore();
}

int RoutingGridView::drawCells(const Ink& ink, const GridGeometry& g) const
{
    int asked = 0;
    int previousGroup = 0;
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
    const std::uint8_t sides = cell.mark & kInBoth;
    QColor fill;
    QString label = cell.label;
    if (m_shading == Shading::Comparison) {
        fill = sides == kInBoth ? ink.theme.both
            : sides == kInA     ? ink.theme.onlyA
            : sides == kInB     ? ink.theme.onlyB
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
        if (cell.mark & kChanged) {
            const double inset = ink.style.px(1);
            p.setPen(QPen(ink.theme.changed, ink.style.px(2)));
            p.setBrush(Qt::NoBrush);
            p.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius);
        }
    }
    if (label.isEmpty() || small < ink.style.px(11))
        return;
    const QFont font = ink.style.mono(m_shading == Shading::Comparison ? -2 : -1,
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
