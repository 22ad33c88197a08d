// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <QKeyEvent>
#include <QMouseEvent>

#include "ui/figures/line_chart_view.h"

namespace moescope::ui {

void LineChartView::setCurrent(Hit hit)
{
    m_current = hit;
    announce();
    viewport()->update();
}

void LineChartView::toggle(const LegendEntry& entry)
{
    const bool visible = std::any_of(entry.series.begin(), entry.series.end(),
        [this](int series) { return isSeriesVisible(series); });
    for (const int series : entry.series)
        setSeriesVisible(series, !visible);
}

void LineChartView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton || !data())
        return;
    const double width = viewport()->width();
    const QPointF inLegend
        = event->position() - QPointF(0, viewport()->height() - legendHeight(width));
    for (const LegendEntry& entry : legend(width))
        if (entry.rect.contains(inLegend))
            return toggle(entry);
    if (const Hit hit = nearest(event->position()); hit.series >= 0) {
        setCurrent(hit);
        emit pointClicked(hit.series, hit.point);
    }
}

void LineChartView::mouseMoveEvent(QMouseEvent* event)
{
    const Hit hit = nearest(event->position());
    if (hit == m_hover)
        return;
    m_hover = hit;
    viewport()->update();
    emit pointHovered(hit.series, hit.point);
}

void LineChartView::leaveEvent(QEvent* event)
{
    FigureView::leaveEvent(event);
    if (m_hover == Hit())
        return;
    m_hover = {};
    viewport()->update();
    emit pointHovered(-1, -1);
}

void LineChartView::keyPressEvent(QKeyEvent* event)
{
    const int n = data() ? static_cast<int>(data()->series.size()) : 0;
    if (n == 0 || (event->modifiers() & ~Qt::KeypadModifier)) {
        FigureView::keyPressEvent(event);
        return;
    }
    const auto walk = [&](int seriesStep, int pointStep) {
        Hit hit = m_current;
        if (hit.series < 0) {
            hit = {0, 0};
        } else {
            // Hidden and empty series are passed over.
            for (int tried = 0; seriesStep != 0 && tried < n; ++tried) {
                hit.series = (hit.series + seriesStep + n) % n;
                if (isSeriesVisible(hit.series) && pointCount(hit.series) > 0)
                    break;
            }
            hit.point
                = std::clamp(hit.point + pointStep, 0, std::max(0, pointCount(hit.series) - 1));
        }
        setCurrent(hit);
        emit pointClicked(hit.series, hit.point);
    };
    switch (event->key()) {
    case Qt::Key_Left:
        return walk(0, -1);
    case Qt::Key_Right:
        return walk(0, 1);
    case Qt::Key_Up:
        return walk(-1, 0);
    case Qt::Key_Down:
        return walk(1, 0);
    case Qt::Key_Space:
        if (m_current.series >= 0)
            setSeriesVisible(m_current.series, !isSeriesVisible(m_current.series));
        return;
    default:
        FigureView::keyPressEvent(event);
    }
}

} // namespace moescope::ui
