// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "ui/figures/figure_words.h"
#include "ui/figures/routing_grid_view.h"

namespace moescope::ui {

QString RoutingGridView::dataText(char separator) const
{
    if (!m_source || !figure())
        return {};
    const auto* own = std::get_if<RoutingGridFigure>(&figure()->data);
    return own && !own->cells.empty() ? FigureView::dataText(separator)
                                      : gridToText(*m_source, separator);
}

QString RoutingGridView::cellText(int row, int col) const
{
    const GridCell cell = m_source->cell(row, col);
    QStringList parts;
    if (!cell.label.isEmpty())
        parts += cell.label;
    if (!std::isnan(cell.value))
        parts += QStringLiteral("%1 %2").arg(m_source->valueTitle(), numberText(cell.value));
    else if (!std::isnan(cell.shade))
        parts += tr("shade %1").arg(numberText(cell.shade, 2));
    else if ((cell.mark & kMarkBoth) == 0)
        parts += tr("not chosen");
    if (cell.mark & kMarkChanged)
        parts += tr("changed");
    return parts.join(QStringLiteral(", "));
}

QString RoutingGridView::hoverText(const QPoint& viewportPosition) const
{
    if (!m_source)
        return {};
    const GridGeometry g = geometry();
    const int place = g.placeAt(viewportPosition.x());
    const int row = g.rowAt(viewportPosition.y());
    if (place >= 0 && row >= 0) {
        const int col = columnAt(place);
        const QString headline
            = tr("%1 at %2 %3")
                  .arg(m_source->rowLabel(row), m_source->colTitle(), m_source->colLabel(col));
        const QString note = m_source->cellNote(row, col);
        if (note.isEmpty())
            return hoverCard(headline, {cellText(row, col).toHtmlEscaped()});
        // The note begins with what it is about.
        const qsizetype end = note.indexOf(QLatin1Char('\n'));
        QStringList lines;
        if (end >= 0)
            lines += htmlLines(note.mid(end + 1).toStdString());
        if (const QString meaning = m_source->cellMeaning(col); !meaning.isEmpty())
            lines += meaning.toHtmlEscaped();
        return hoverCard(note.left(end), lines);
    }
    if (place >= 0 && viewportPosition.y() < g.cells.top()) {
        const int col = columnAt(place);
        QStringList lines;
        if (m_source->hasLoads())
            lines += tr("reads %1 of the tokens; an even share is %2")
                         .arg(numberText(m_source->load(col)), numberText(m_source->evenLoad()));
        return hoverCard(tr("%1 %2").arg(m_source->colTitle(), m_source->colLabel(col)), lines);
    }
    if (viewportPosition.x() >= g.cells.right()) {
        for (int bar = 0; bar < g.rowBars; ++bar) {
            const QRectF column = g.barColumn(bar);
            if (viewportPosition.x() < column.left() || viewportPosition.x() > column.right())
                continue;
            const QString help = m_source->rowBarHelp(bar).toHtmlEscaped();
            if (row < 0)
                return viewportPosition.y() < g.cells.top()
                    ? hoverCard(m_source->rowBarTitle(bar), {help})
                    : QString();
            const double value = m_source->rowBarValue(bar, row);
            QStringList lines{tr("a full bar is %1")
                                  .arg(withUnit(numberText(m_source->rowBarFull(bar)),
                                      m_source->rowBarUnit(bar).toStdString()))};
            lines += help;
            if (value < m_source->rowBarWarnBelow(bar))
                lines.prepend(tr("under %1: rounding could change the choice")
                                  .arg(numberText(m_source->rowBarWarnBelow(bar))));
            return hoverCard(
                tr("%1: %2 %3")
                    .arg(m_source->rowLabel(row), m_source->rowBarTitle(bar),
                        withUnit(numberText(value), m_source->rowBarUnit(bar).toStdString())),
                lines);
        }
    }
    return row >= 0 && viewportPosition.x() < g.cells.left()
        ? hoverCard(m_source->rowLabel(row), {tr("%1 %2").arg(m_source->rowTitle()).arg(row)})
        : QString();
}

QString RoutingGridView::currentText() const
{
    if (!m_source || (m_row < 0 && m_col < 0))
        return {};
    if (m_row < 0)
        return tr("%1 %2").arg(m_source->colTitle(), m_source->colLabel(m_col));
    const QString row = tr("%1 %2 of %3, %4")
                            .arg(m_source->rowTitle())
                            .arg(m_row + 1)
                            .arg(m_source->rows())
                            .arg(m_source->rowLabel(m_row));
    if (m_col < 0)
        return row;
    return tr("%1, %2 %3: %4")
        .arg(row, m_source->colTitle(), m_source->colLabel(m_col), cellText(m_row, m_col));
}

QString RoutingGridView::summary() const
{
    return m_source ? tr("%1 rows (%2) by %3 columns (%4); arrow keys walk")
                          .arg(m_source->rows())
                          .arg(m_source->rowTitle())
                          .arg(m_source->cols())
                          .arg(m_source->colTitle())
                    : QString();
}

} // namespace moescope::ui
