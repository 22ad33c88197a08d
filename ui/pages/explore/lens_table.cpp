// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/lens_table.h"

#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "core/base/text.h"
#include "core/trace/routing_trace.h"
#include "ui/figures/figure_words.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

LensTable::LensTable(Style& style, QWidget* parent)
    : RowsView(style, parent)
{
}

void LensTable::setLens(const LogitLens& lens, const OpenModel& open)
{
    m_rows.clear();
    for (const LogitLens::Row& row : lens.rows) {
        std::vector<Guess>& guesses = m_rows.emplace_back();
        for (const Prediction& guess : row.top)
            guesses.push_back(
                {QString::fromStdString(visibleToken(traceToken(open, guess.id).text)),
                    static_cast<double>(guess.probability)});
    }
    rowsChanged();
}

void LensTable::clear()
{
    m_rows.clear();
    rowsChanged();
}

void LensTable::setCurrentLayer(LayerId layer)
{
    const int row = static_cast<int>(layer.value) + 1;
    setCurrentRow(row < rowCount() ? row : -1);
}

QString LensTable::rowName(int row) const
{
    return row == 0 ? tr("in") : QStringLiteral("L%1").arg(row - 1);
}

QString LensTable::rowText(int row) const
{
    QStringList guesses;
    for (const Guess& guess : m_rows[static_cast<std::size_t>(row)])
        guesses
            += QStringLiteral("%1 %2 %").arg(guess.token).arg(100 * guess.probability, 0, 'f', 1);
    const QString where = row == 0 ? tr("From the embedding alone")
        : row + 1 == rowCount()    ? tr("After layer %1, the model's own answer").arg(row - 1)
                                   : tr("If it stopped after layer %1").arg(row - 1);
    return QStringLiteral("%1: %2").arg(where, guesses.join(QStringLiteral(", ")));
}

QString LensTable::hoverText(int row, const QPointF&) const
{
    return rowText(row);
}

QRectF LensTable::cellRect(const QRectF& row, std::size_t guess, std::size_t count) const
{
    const double left
        = QFontMetricsF(look().mono(-1)).horizontalAdvance(QStringLiteral("L00")) + look().px(10);
    const double gap = look().px(2);
    const double width = (row.width() - left) / static_cast<double>(count);
    return {row.left() + left + static_cast<double>(guess) * width, row.top() + look().px(1),
        width - gap, row.height() - look().px(2)};
}

void LensTable::paintRow(QPainter& painter, int row, const QRectF& rect)
{
    const Theme& theme = look().theme();
    painter.setFont(look().mono(-1));
    painter.setPen(row == currentRow() ? theme.text : theme.mutedText);
    painter.drawText(
        rect.adjusted(look().px(4), 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, rowName(row));
    const auto& guesses = m_rows[static_cast<std::size_t>(row)];
    const QFont font = look().mono(-2);
    for (std::size_t i = 0; i < guesses.size(); ++i) {
        const QRectF cell = cellRect(rect, i, guesses.size());
        const QColor fill = mix(theme.gridEmpty, theme.weight(guesses[i].probability),
            std::sqrt(std::clamp(guesses[i].probability, 0.0, 1.0)));
        painter.setPen(QPen(theme.gridBorder, look().px(0.8)));
        painter.setBrush(fill);
        painter.drawRoundedRect(cell, look().px(2.5), look().px(2.5));
        painter.setFont(fontFor(font, guesses[i].token));
        painter.setPen(theme.readableOn(fill));
        painter.drawText(
            cell, Qt::AlignCenter, elided(font, guesses[i].token, cell.width() - look().px(3)));
    }
}

} // namespace moescope::ui
