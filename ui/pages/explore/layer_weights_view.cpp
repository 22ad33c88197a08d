// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/explore/layer_weights_view.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/style/style.h"

namespace moescope::ui {

LayerWeightsView::LayerWeightsView(Style& style, QWidget* parent)
    : RowsView(style, parent)
{
    setChoosable(true);
    connect(this, &RowsView::rowChosen, this, [this](int row) { emit layerChosen(layerOf(row)); });
}

void LayerWeightsView::setToken(SidePointer side, std::size_t token)
{
    const RoutingTrace& trace = side->trace;
    if (side != m_side) { // they look at every token of the prompt
        m_side = side;
        m_rounding.clear();
        for (std::size_t l = 0; l < trace.layerCount(); ++l)
            m_rounding.push_back(roundingMargin(trace, l));
    }
    m_rows.clear();
    m_largest = 1e-9;
    m_closeCalls = 0;
    for (std::size_t l = 0; l < trace.layerCount(); ++l) {
        Row row;
        row.layer = trace.layers[l];
        const auto ids = trace.idsAt(token, l);
        const auto weights = trace.weightsAt(token, l);
        for (std::size_t i = 0; i < ids.size(); ++i)
            row.parts.push_back({ids[i], static_cast<double>(weights[i])});
        std::ranges::stable_sort(row.parts, std::ranges::greater{}, &Part::weight);
        if (!row.parts.empty())
            m_largest = std::max(m_largest, row.parts.front().weight);
        row.margin = static_cast<double>(trace.marginAt(token, l));
        row.rounding = m_rounding[l];
        row.unit = QString::fromStdString(trace.marginUnit);
        m_closeCalls += row.margin < row.rounding;
        m_rows.push_back(std::move(row));
    }
    rowsChanged();
}

void LayerWeightsView::setCurrentLayer(LayerId layer)
{
    const auto it = std::ranges::find(m_rows, layer, &Row::layer);
    setCurrentRow(it == m_rows.end() ? -1 : static_cast<int>(it - m_rows.begin()));
}

LayerId LayerWeightsView::layerOf(int row) const
{
    return m_rows[static_cast<std::size_t>(row)].layer;
}

double LayerWeightsView::rowHeight() const
{
    return look().px(21);
}

double LayerWeightsView::total(const Row& row) const
{
    double sum = 0;
    for (const Part& part : row.parts)
        sum += std::max(0.0, part.weight);
    return sum;
}

QString LayerWeightsView::rowText(int row) const
{
    const Row& shown = m_rows[static_cast<std::size_t>(row)];
    QStringList parts;
    for (const Part& part : shown.parts)
        parts += tr("expert %1 weight %2").arg(part.expert).arg(part.weight, 0, 'f', 3);
    QString text = tr("Layer %1: %2.").arg(shown.layer.value).arg(parts.join(QStringLiteral(", ")));
    if (!std::isfinite(shown.margin))
        return text + QLatin1Char(' ') + tr("No expert was left to reject.");
    text += QLatin1Char(' ')
        + tr("Margin %1 %2: by so much the last chosen expert was ahead of the first rejected one.")
              .arg(shown.margin, 0, 'f', 3)
              .arg(shown.unit);
    if (isCloseCall(row))
        text += QLatin1Char(' ')
            + tr("Under %1 rounding the router's logits to bfloat16 could change the choice.")
                  .arg(shown.rounding, 0, 'f', 3);
    return text;
}

QString LayerWeightsView::hoverText(int row, const QPointF& position) const
{
    const Row& shown = m_rows[static_cast<std::size_t>(row)];
    const QRectF bar = barRect(rowRect(row));
    const double sum = total(shown);
    double x = bar.left();
    for (const Part& part : shown.parts) {
        const double width = sum > 0 ? bar.width() * std::max(0.0, part.weight) / sum : 0;
        if (position.x() >= x && position.x() < x + width)
            return tr("Layer %1, expert %2: weight %3, %4 % of what is used here.\n"
                      "Click to go to the layer.")
                .arg(shown.layer.value)
                .arg(part.expert)
                .arg(part.weight, 0, 'f', 3)
                .arg(100 * part.weight / sum, 0, 'f', 0);
        x += width;
    }
    return rowText(row);
}

bool LayerWeightsView::isCloseCall(int row) const
{
    const Row& shown = m_rows[static_cast<std::size_t>(row)];
    return shown.margin < shown.rounding;
}

QString LayerWeightsView::marginText(int row) const
{
    const double margin = m_rows[static_cast<std::size_t>(row)].margin;
    if (!std::isfinite(margin))
        return QStringLiteral("–");
    // Two digits hide why of two small margins one is marked and the other is not.
    return QString::number(margin, 'f', hasCloseCalls() && margin < 10 ? 3 : 2);
}

QRectF LayerWeightsView::barRect(const QRectF& row) const
{
    const QFontMetricsF metrics(look().mono(-1));
    const double left = metrics.horizontalAdvance(QStringLiteral("L00")) + look().px(10);
    const double right = metrics.horizontalAdvance(QStringLiteral("00.00")) + look().px(10);
    return row.adjusted(left, look().px(2), -right, -look().px(2));
}

void LayerWeightsView::paintRow(QPainter& painter, int row, const QRectF& rect)
{
    const Row& shown = m_rows[static_cast<std::size_t>(row)];
    const Theme& theme = look().theme();
    const double pad = look().px(4);
    painter.setFont(look().mono(-1));
    painter.setPen(row == currentRow() ? theme.text : theme.mutedText);
    painter.drawText(rect.adjusted(pad, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
        QStringLiteral("L%1").arg(shown.layer.value));

    const QRectF bar = barRect(rect);
    const double sum = total(shown);
    const double gap = look().px(2);
    const QFont font = look().mono(-2);
    const QFontMetricsF metrics(font);
    painter.setFont(font);
    double x = bar.left();
    for (const Part& part : shown.parts) {
        const double width = sum > 0 ? bar.width() * std::max(0.0, part.weight) / sum : 0;
        const QRectF segment(x, bar.top(), std::max(look().px(1), width - gap), bar.height());
        const QColor fill = theme.weight(part.weight / m_largest);
        painter.setPen(Qt::NoPen);
        painter.setBrush(fill);
        painter.drawRoundedRect(segment, look().px(2.5), look().px(2.5));
        const QString name = QString::number(part.expert);
        if (metrics.horizontalAdvance(name) + look().px(2) <= segment.width()) {
            painter.setPen(theme.readableOn(fill));
            painter.drawText(segment, Qt::AlignCenter, name);
        }
        x += width;
    }
    painter.setFont(look().mono(-1));
    painter.setPen(isCloseCall(row) ? theme.nullAmber : theme.text);
    painter.drawText(
        rect.adjusted(0, 0, -pad, 0), Qt::AlignRight | Qt::AlignVCenter, marginText(row));
}

} // namespace moescope::ui
