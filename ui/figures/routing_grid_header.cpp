// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/figure_words.h"
#include "ui/figures/routing_grid_view.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

/// Two figures.
QString shareText(double share)
{
    return numberText(share, share < 0.095 ? 3 : 2);
}

} // namespace

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
    const double corner = g.cells.left() - ink.style.px(10);
    p.drawText(QRectF(0, g.labelTop, corner, g.labelHeight), Qt::AlignRight | Qt::AlignVCenter,
        elided(p.font(), m_source->colTitle(), corner));
    for (int bar = 0; bar < g.rowBars; ++bar) {
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
        && g.rowBars * g.barWidth
            > textWidth(font, tr("even share %1").arg(shareText(even))) + ink.style.px(8);
    p.drawText(QRectF(0, besides ? y - line / 2 : bottom - 2 * line, left, line),
        Qt::AlignRight | Qt::AlignVCenter, tr("share of tokens"));
    if (even <= 0)
        return;
    QPen dashed(ink.theme.nullAmber, ink.style.px(1.2));
    dashed.setDashPattern({4, 3});
    p.setPen(dashed);
    p.drawLine(QPointF(g.cells.left(), y), QPointF(g.cells.right(), y));
    p.setPen(ink.theme.nullAmber);
    const QString words = tr("even share %1").arg(shareText(even));
    if (besides)
        p.drawText(
            QRectF(g.cells.right() + ink.style.px(6), y - line / 2, g.rowBars * g.barWidth, line),
            Qt::AlignLeft | Qt::AlignVCenter, words);
    else
        p.drawText(QRectF(0, bottom - line, left, line), Qt::AlignRight | Qt::AlignVCenter,
            elided(font, words, left));
}

void RoutingGridView::drawRowLabels(const Ink& ink, const GridGeometry& g) const
{
    QPainter& p = ink.painter;
    p.save();
    const double line = QFontMetricsF(ink.style.mono()).height();
    // Labels of rows lower than a line of text may reach beyond the first and the last row.
    const double over = std::max(0.0, (line - g.cellHeight) / 2);
    p.setClipRect(QRectF(0, g.cells.top() - over, g.cells.left(), g.cells.height() + 2 * over),
        Qt::IntersectClip);
    const int step = std::max(1, static_cast<int>(std::ceil(line * 0.9 / g.cellHeight)));
    const double sides = m_source->hasRowSides() ? ink.style.px(30) : 0;
    const double width = g.cells.left() - ink.style.px(10) - sides;
    for (int row = g.firstRow(); row <= g.lastRow(); ++row) {
        const bool besideCurrent = step > 1 && m_row >= 0 && std::abs(row - m_row) < step;
        if (row != m_row && (row % step != 0 || besideCurrent))
            continue;
        const QRectF cell = g.cell(row, 0);
        const QRectF rect(0, cell.center().y() - line / 2, width, line);
        const QString label = m_source->rowLabel(row);
        p.setFont(
            fontFor(ink.style.mono(0, row == m_row ? QFont::DemiBold : QFont::Normal), label));
        p.setPen(ink.theme.text);
        p.setLayoutDirection(Qt::LayoutDirectionAuto);
        p.drawText(rect, Qt::AlignRight | Qt::AlignAbsolute | Qt::AlignVCenter,
            elided(p.font(), label, width));
        p.setLayoutDirection(Qt::LeftToRight);
        if (sides <= 0)
            continue;
        const std::uint8_t mark = m_source->rowSides(row);
        p.setFont(ink.style.words(-1, QFont::Bold));
        if (mark & kMarkA) {
            p.setPen(ink.theme.letterA);
            p.drawText(rect.translated(ink.style.px(14), 0), Qt::AlignRight | Qt::AlignVCenter,
                QStringLiteral("A"));
        }
        if (mark & kMarkB) {
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
    p.setClipRect(QRectF(g.cells.right(), g.cells.top(), g.rowBars * g.barWidth, g.cells.height()),
        Qt::IntersectClip);
    p.setPen(Qt::NoPen);
    for (int bar = 0; bar < g.rowBars; ++bar) {
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

} // namespace moescope::ui
