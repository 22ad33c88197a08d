// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/chart_frame.h"

#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

double widestTick(const Style& style, const ChartAxis& axis)
{
    double widest = 0;
    for (const ChartAxis::Tick& tick : axis.ticks)
        widest = std::max(widest, textWidth(style.mono(-1), tick.label));
    return widest;
}

double chartTopHeight(const Style& style, const QString& yTitle)
{
    return yTitle.isEmpty() ? style.px(10) : style.px(24);
}

double chartBottomHeight(const Style& style, const QString& xTitle)
{
    return style.px(22) + (xTitle.isEmpty() ? 0 : style.px(18));
}

void drawChartFrame(
    const Ink& ink, const ChartFrame& frame, const QString& xTitle, const QString& yTitle)
{
    QPainter& p = ink.painter;
    const QRectF& plot = frame.plot;
    const QFont numbers = ink.style.mono(-1);
    const double line = QFontMetricsF(numbers).height();
    p.setFont(numbers);
    for (const ChartAxis::Tick& tick : frame.y.ticks) {
        const double y = crisp(frame.yAt(tick.value));
        p.setPen(QPen(ink.theme.hairline, ink.style.px(1)));
        p.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        p.setPen(ink.theme.mutedText);
        p.drawText(QRectF(plot.left() - ink.style.px(200), y - line / 2, ink.style.px(192), line),
            Qt::AlignRight | Qt::AlignVCenter, tick.label);
    }
    for (const ChartAxis::Tick& tick : frame.x.ticks) {
        const double x = frame.xAt(tick.value);
        p.setPen(ink.theme.mutedText);
        p.drawText(
            QRectF(x - ink.style.px(60), plot.bottom() + ink.style.px(5), ink.style.px(120), line),
            Qt::AlignHCenter | Qt::AlignTop, tick.label);
    }
    p.setPen(QPen(ink.theme.axis, ink.style.px(1)));
    const double left = crisp(plot.left());
    const double bottom = crisp(plot.bottom());
    p.drawLine(QPointF(left, plot.top()), QPointF(left, bottom));
    p.drawLine(QPointF(left, bottom), QPointF(plot.right(), bottom));

    const QFont words = ink.style.words(-1);
    const double wordLine = QFontMetricsF(words).height();
    p.setFont(words);
    p.setPen(ink.theme.mutedText);
    if (!yTitle.isEmpty())
        p.drawText(
            QRectF(plot.left(), plot.top() - wordLine - ink.style.px(6), plot.width(), wordLine),
            Qt::AlignLeft | Qt::AlignVCenter, elided(words, yTitle, plot.width()));
    if (!xTitle.isEmpty())
        p.drawText(QRectF(plot.left(), plot.bottom() + ink.style.px(22), plot.width(), wordLine),
            Qt::AlignHCenter | Qt::AlignTop, elided(words, xTitle, plot.width()));
}

double LabelPlacer::cost(const QRectF& rect) const
{
    double cost = 0;
    for (const QRectF& other : m_rects)
        if (rect.intersects(other))
            cost += 100;
    const QRectF near = rect.adjusted(-m_clearance, -m_clearance, m_clearance, m_clearance);
    for (const QPointF& point : m_points)
        if (near.contains(point))
            cost += 1;
    if (!m_bounds.contains(rect))
        cost += 300;
    return cost;
}

QRectF LabelPlacer::place(const std::vector<QRectF>& candidates)
{
    QRectF best;
    double least = std::numeric_limits<double>::infinity();
    for (const QRectF& candidate : candidates) {
        const double price = cost(candidate);
        if (price < least) {
            least = price;
            best = candidate;
        }
    }
    m_rects.push_back(best);
    return best;
}

bool LabelPlacer::isFree(const QRectF& rect) const
{
    return cost(rect) == 0;
}

void drawVeiledText(const Ink& ink, const QRectF& rect, Qt::Alignment alignment, const QFont& font,
    const QColor& colour, const QString& words)
{
    QPainter& p = ink.painter;
    const QRectF extent
        = QFontMetricsF(font).boundingRect(rect, static_cast<int>(alignment), words);
    QColor veil = ink.theme.panel;
    veil.setAlphaF(0.8F);
    p.setPen(Qt::NoPen);
    p.setBrush(veil);
    p.drawRect(extent);
    p.setFont(font);
    p.setPen(colour);
    p.drawText(rect, static_cast<int>(alignment), words);
}

MarkerShape markerShape(std::size_t index)
{
    constexpr MarkerShape shapes[] = {MarkerShape::Circle, MarkerShape::Square,
        MarkerShape::Triangle, MarkerShape::Diamond, MarkerShape::Inverted, MarkerShape::Plus};
    return shapes[index % std::size(shapes)];
}

void drawMarker(
    const Ink& ink, const QPointF& at, MarkerShape shape, double radius, const QColor& colour)
{
    QPainter& p = ink.painter;
    p.setPen(QPen(ink.theme.panel, ink.style.px(1.2)));
    p.setBrush(colour);
    const double r = radius;
    const auto polygon = [&](std::initializer_list<QPointF> corners) {
        QPolygonF shapePolygon;
        for (const QPointF& corner : corners)
            shapePolygon << at + corner * r;
        p.drawPolygon(shapePolygon);
    };
    switch (shape) {
    case MarkerShape::Circle:
        p.drawEllipse(at, r, r);
        break;
    case MarkerShape::Square:
        polygon({{-0.9, -0.9}, {0.9, -0.9}, {0.9, 0.9}, {-0.9, 0.9}});
        break;
    case MarkerShape::Triangle:
        polygon({{0, -1.2}, {1.1, 0.8}, {-1.1, 0.8}});
        break;
    case MarkerShape::Diamond:
        polygon({{0, -1.3}, {1.1, 0}, {0, 1.3}, {-1.1, 0}});
        break;
    case MarkerShape::Inverted:
        polygon({{0, 1.2}, {1.1, -0.8}, {-1.1, -0.8}});
        break;
    case MarkerShape::Plus:
        polygon({{-0.4, -1.2}, {0.4, -1.2}, {0.4, -0.4}, {1.2, -0.4}, {1.2, 0.4}, {0.4, 0.4},
            {0.4, 1.2}, {-0.4, 1.2}, {-0.4, 0.4}, {-1.2, 0.4}, {-1.2, -0.4}, {-0.4, -0.4}});
        break;
    }
}

double crisp(double position)
{
    return std::floor(position) + 0.5;
}

QPen nullPen(const Ink& ink, double width)
{
    QPen pen(ink.theme.nullAmber, ink.style.px(width));
    pen.setDashPattern({5, 3});
    pen.setCapStyle(Qt::FlatCap);
    return pen;
}

} // namespace moescope::ui
