// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/next_changes_view.h"

#include <QFontMetricsF>
#include <QPainter>

#include "core/base/text.h"
#include "ui/figures/figure_words.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

NextChangesView::NextChangesView(Style& style, QWidget* parent)
    : RowsView(style, parent)
{
    setChoosable(true);
}

void NextChangesView::setChanges(
    const InterventionEffect& effect, const RoutingTrace& trace, const OpenModel& open)
{
    m_rows.clear();
    const auto visible = [&](std::int32_t id) {
        return QString::fromStdString(visibleToken(traceToken(open, id).text));
    };
    for (const auto& change : effect.changes)
        m_rows.push_back(
            {change.token, QString::fromStdString(visibleToken(trace.tokens[change.token].text)),
                visible(change.before.id), visible(change.after.id),
                static_cast<double>(change.before.probability),
                static_cast<double>(change.after.probability)});
    rowsChanged();
}

std::size_t NextChangesView::tokenOf(int row) const
{
    return m_rows[static_cast<std::size_t>(row)].token;
}

QString NextChangesView::rowText(int row) const
{
    const Row& shown = m_rows[static_cast<std::size_t>(row)];
    return tr("After “%1” (position %2) the most likely next token was “%3” (%4 %) and is now "
              "“%5” (%6 %).")
        .arg(shown.after)
        .arg(shown.token)
        .arg(shown.before)
        .arg(100 * shown.beforeProbability, 0, 'f', 1)
        .arg(shown.now)
        .arg(100 * shown.nowProbability, 0, 'f', 1);
}

void NextChangesView::paintRow(QPainter& painter, int row, const QRectF& rect)
{
    const Row& shown = m_rows[static_cast<std::size_t>(row)];
    const Theme& theme = look().theme();
    const QFont font = look().mono(-1);
    const double pad = look().px(4);
    const double third = (rect.width() - 2 * pad) / 3;
    const auto cell = [&](int column, const QString& text, const QColor& colour) {
        painter.setPen(colour);
        const QRectF area(
            rect.left() + pad + column * third, rect.top(), third - pad, rect.height());
        painter.setFont(fontFor(font, text));
        painter.drawText(area, Qt::AlignLeft | Qt::AlignVCenter, elided(font, text, area.width()));
    };
    cell(0, shown.after, theme.mutedText);
    cell(1, shown.before, theme.text);
    cell(2, QStringLiteral("→ ") + shown.now, theme.changed);
}

} // namespace moescope::ui
