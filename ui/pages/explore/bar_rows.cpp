// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/bar_rows.h"

#include <algorithm>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/figure_words.h"
#include "ui/style/shaping.h"
#include "ui/style/style.h"

namespace moescope::ui {

BarRows::BarRows(Style& style, QWidget* parent)
    : RowsView(style, parent)
{
}

void BarRows::setBars(std::vector<Bar> bars, double full)
{
    m_bars = std::move(bars);
    m_full = full > 0 ? full : 1;
    rowsChanged();
}

void BarRows::setNull(std::optional<double> value, std::optional<Interval> band)
{
    m_null = value;
    m_band = band;
    update();
}

QString BarRows::rowText(int row) const
{
    const Bar& bar = m_bars[static_cast<std::size_t>(row)];
    return bar.note.isEmpty() ? QStringLiteral("%1: %2").arg(bar.label, bar.number) : bar.note;
}

void BarRows::paintRow(QPainter& painter, int row, const QRectF& rect)
{
    const Bar& bar = m_bars[static_cast<std::size_t>(row)];
    const Theme& theme = look().theme();
    const QFont font = look().mono(-1);
    const QFontMetricsF metrics(font);
    double widest = metrics.horizontalAdvance(QStringLiteral("100.0 %"));
    for (const Bar& other : m_bars)
        widest = std::max(widest, metrics.horizontalAdvance(other.number));
    const double gap = look().px(8);
    const double numberWidth = widest;
    const double pad = look().px(4);
    // Short labels keep the bars of neighbouring lists in line; longer ones get what they need.
    double labelWidth = std::min(rect.width() * 0.34, look().px(110));
    for (const Bar& other : m_bars)
        labelWidth = std::max(
            labelWidth, std::min(textWidth(font, other.label) + pad + 1, rect.width() * 0.52));

    painter.setPen(theme.text);
    painter.setFont(fontFor(font, bar.label));
    painter.drawText(rect.adjusted(pad, 0, labelWidth - rect.width(), 0),
        Qt::AlignLeft | Qt::AlignVCenter, elided(font, bar.label, labelWidth - pad));
    painter.setFont(font);
    painter.setPen(bar.muted ? theme.mutedText : theme.text);
    painter.drawText(rect.adjusted(0, 0, -pad, 0), Qt::AlignRight | Qt::AlignVCenter, bar.number);

    const double height = look().px(7);
    const QRectF track(rect.left() + labelWidth + gap, rect.center().y() - height / 2,
        rect.width() - labelWidth - numberWidth - 2 * gap - pad, height);
    if (track.width() < look().px(12))
        return;
    const auto x = [&](double value) {
        return track.left() + track.width() * std::clamp(value / m_full, 0.0, 1.0);
    };
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.track);
    painter.drawRoundedRect(track, height / 2, height / 2);
    painter.setBrush(bar.muted ? theme.quietBar : theme.accent);
    if (bar.value > 0)
        painter.drawRoundedRect(QRectF(track.left(), track.top(),
                                    std::max(look().px(2), x(bar.value) - track.left()), height),
            height / 2, height / 2);
    if (m_band) {
        const double y = track.bottom() + look().px(2.5);
        painter.setPen(QPen(theme.nullAmber, look().px(1.5)));
        painter.drawLine(QPointF(x(m_band->lo), y), QPointF(x(m_band->hi), y));
    }
    if (m_null) {
        painter.setPen(QPen(theme.nullAmber, look().px(1.5)));
        const double over = look().px(3);
        painter.drawLine(
            QPointF(x(*m_null), track.top() - over), QPointF(x(*m_null), track.bottom() + over));
    }
}

} // namespace moescope::ui
