// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/bar_chart_view.h"
#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

void BarChartView::draw(const Ink& ink, const QRectF& area) const
{
    if (count() == 0) {
        ink.painter.setFont(ink.style.words());
        ink.painter.setPen(ink.theme.mutedText);
        ink.painter.drawText(area, Qt::AlignCenter, tr("No data"));
        return;
    }
    const Geometry g = geometry(area);
    drawAxes(ink, g);
    for (int place = 0; place < count(); ++place)
        drawBar(ink, g, place);
    drawNames(ink, g);
    drawNull(ink, g);
    for (int place = 0; place < count(); ++place)
        drawValue(ink, g, place);
}

void BarChartView::drawAxes(const Ink& ink, const Geometry& g) const
{
    QPainter& p = ink.painter;
    const QFont numbers = ink.style.mono(-1);
    const QFont words = ink.style.words(-1);
    const double line = QFontMetricsF(numbers).height();
    for (const ChartAxis::Tick& tick : g.values.ticks) {
        const double at = crisp(g.along(tick.value));
        p.setPen(QPen(ink.theme.hairline, ink.style.px(1)));
        p.setFont(numbers);
        if (g.lying) {
            p.drawLine(QPointF(at, g.plot.top()), QPointF(at, g.plot.bottom()));
            p.setPen(ink.theme.mutedText);
            p.drawText(QRectF(at - ink.style.px(60), g.plot.bottom() + ink.style.px(4),
                           ink.style.px(120), line),
                Qt::AlignHCenter | Qt::AlignTop, tick.label);
        } else {
            p.drawLine(QPointF(g.plot.left(), at), QPointF(g.plot.right(), at));
            p.setPen(ink.theme.mutedText);
            p.drawText(
                QRectF(g.plot.left() - ink.style.px(200), at - line / 2, ink.style.px(192), line),
                Qt::AlignRight | Qt::AlignVCenter, tick.label);
        }
    }
    p.setFont(words);
    p.setPen(ink.theme.mutedText);
    const double wordLine = QFontMetricsF(words).height();
    const QString valueTitle = axisTitle(data()->valueAxis);
    if (g.lying) {
        p.drawText(
            QRectF(g.plot.left(), g.plot.bottom() + ink.style.px(22), g.plot.width(), wordLine),
            Qt::AlignHCenter, elided(words, valueTitle, g.plot.width()));
        return;
    }
    p.drawText(
        QRectF(g.plot.left(), g.plot.top() - wordLine - ink.style.px(8), g.plot.width(), wordLine),
        Qt::AlignLeft, elided(words, valueTitle, g.plot.width()));
    p.drawText(QRectF(g.plot.left(), g.plot.bottom() + ink.style.px(22), g.plot.width(), wordLine),
        Qt::AlignHCenter, elided(words, axisTitle(data()->categoryAxis), g.plot.width()));
}

void BarChartView::drawBar(const Ink& ink, const Geometry& g, int place) const
{
    QPainter& p = ink.painter;
    const int bar = barAtPlace(place);
    const BarFigure::Bar& b = data()->bars[static_cast<std::size_t>(bar)];
    const QRectF rect = barRect(g, place);
    const QPointF centre = g.lying ? QPointF(0, g.plot.top() + (place + 0.5) * g.slot)
                                   : QPointF(g.plot.left() + (place + 0.5) * g.slot, 0);
    if (std::isnan(b.value)) {
        p.setFont(ink.style.words(-1));
        p.setPen(ink.theme.mutedText);
        const double line = QFontMetricsF(p.font()).height();
        const QRectF words = g.lying
            ? QRectF(g.plot.left() + ink.style.px(4), centre.y() - line / 2, g.plot.width(), line)
            : QRectF(centre.x() - g.slot / 2, g.plot.bottom() - line, g.slot, line);
        p.drawText(words, g.lying ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignCenter,
            QStringLiteral("–"));
        return;
    }
    const bool random = atNull(bar);
    const bool hovered = ink.onScreen && bar == m_hover;
    const double radius = std::min({ink.style.px(2), rect.width() / 3, rect.height() / 3});
    p.setPen(hovered ? QPen(ink.theme.accent, ink.style.px(1.5)) : QPen(Qt::NoPen));
    p.setBrush(bar == m_current ? ink.theme.accent
            : random            ? ink.theme.quietBar
                                : ink.theme.accentMuted);
    p.drawRoundedRect(rect, radius, radius);

    if (!b.interval)
        return;
    const double lo = g.along(b.interval->lo);
    const double hi = g.along(b.interval->hi);
    const double cap = std::min(ink.style.px(3), g.slot / 4);
    p.setPen(QPen(ink.theme.text, ink.style.px(1.2)));
    if (g.lying) {
        p.drawLine(QPointF(lo, centre.y()), QPointF(hi, centre.y()));
        for (const double x : {lo, hi})
            p.drawLine(QPointF(x, centre.y() - cap), QPointF(x, centre.y() + cap));
    } else {
        p.drawLine(QPointF(centre.x(), lo), QPointF(centre.x(), hi));
        for (const double y : {lo, hi})
            p.drawLine(QPointF(centre.x() - cap, y), QPointF(centre.x() + cap, y));
    }
}

void BarChartView::drawValue(const Ink& ink, const Geometry& g, int place) const
{
    const int bar = barAtPlace(place);
    const BarFigure::Bar& b = data()->bars[static_cast<std::size_t>(bar)];
    if (std::isnan(b.value))
        return;
    const QFont font = ink.style.mono(g.lying ? -1 : -2);
    const double line = QFontMetricsF(font).height();
    const QString label = valueText(bar);
    const double width = textWidth(font, label);
    const double reach = g.along(b.value);
    const double whisker = b.interval ? g.along(b.interval->hi) : reach;
    const double middle = (place + 0.5) * g.slot;
    QRectF where;
    if (g.lying)
        where = QRectF(std::max({reach, whisker, barRect(g, place).right()}) + ink.style.px(6),
            g.plot.top() + middle - line / 2, width + 1, line);
    else if (width + ink.style.px(4) <= g.slot)
        where = QRectF(g.plot.left() + middle - g.slot / 2,
            std::min(reach, whisker) - line - ink.style.px(2), g.slot, line);
    else
        return;
    drawVeiledText(ink, where, Qt::AlignCenter, font,
        atNull(bar) ? ink.theme.mutedText : ink.theme.text, label);
}

void BarChartView::drawNames(const Ink& ink, const Geometry& g) const
{
    QPainter& p = ink.painter;
    const QFont font = ink.style.words(-1);
    const double line = QFontMetricsF(font).height();
    const double widest = widestName();
    const int step = g.lying
        ? std::max(1, static_cast<int>(std::ceil(line * 0.95 / std::max(g.slot, 1e-9))))
        : std::max(
            1, static_cast<int>(std::ceil((widest + ink.style.px(4)) / std::max(g.slot, 1e-9))));
    for (int place = 0; place < count(); ++place) {
        const int bar = barAtPlace(place);
        if (place % step != 0 && bar != m_current)
            continue;
        const QString name = text(data()->bars[static_cast<std::size_t>(bar)].label);
        p.setFont(bar == m_current ? ink.style.words(-1, QFont::DemiBold) : font);
        p.setPen(bar == m_current ? ink.theme.text : ink.theme.mutedText);
        if (g.lying)
            p.drawText(QRectF(g.plot.left() - g.labelWidth - ink.style.px(8),
                           g.plot.top() + place * g.slot, g.labelWidth, g.slot),
                Qt::AlignRight | Qt::AlignVCenter, elided(p.font(), name, g.labelWidth));
        else
            p.drawText(QRectF(g.plot.left() + (place + 0.5) * g.slot - widest,
                           g.plot.bottom() + ink.style.px(4), 2 * widest, line),
                Qt::AlignHCenter | Qt::AlignTop, name);
    }
    p.setPen(QPen(ink.theme.axis, ink.style.px(1)));
    const double base
        = g.along(g.values.logarithmic ? g.values.lo : std::clamp(0.0, g.values.lo, g.values.hi));
    if (g.lying)
        p.drawLine(QPointF(base, g.plot.top()), QPointF(base, g.plot.bottom()));
    else
        p.drawLine(QPointF(g.plot.left(), base), QPointF(g.plot.right(), base));
}

void BarChartView::drawNull(const Ink& ink, const Geometry& g) const
{
    if (!data()->nullLevel || !std::isfinite(*data()->nullLevel))
        return;
    QPainter& p = ink.painter;
    const double at = crisp(g.along(*data()->nullLevel));
    const QFont font = ink.style.words(-1);
    const double line = QFontMetricsF(font).height();
    const QString words = text(data()->nullName).isEmpty()
        ? tr("null %1").arg(numberText(*data()->nullLevel))
        : tr("%1 %2").arg(text(data()->nullName), numberText(*data()->nullLevel));
    const double width = textWidth(font, words) + ink.style.px(2);
    p.setPen(nullPen(ink));
    if (g.lying) {
        p.drawLine(QPointF(at, g.plot.top() - ink.style.px(3)), QPointF(at, g.plot.bottom()));
        const double left = std::clamp(at - width / 2, g.plot.left() - g.labelWidth,
            std::max(g.plot.right() - width / 2, g.plot.left()));
        p.setFont(font);
        p.setPen(ink.theme.nullAmber);
        p.drawText(QRectF(left, g.plot.top() - line - ink.style.px(3), width, line),
            Qt::AlignCenter, words);
        return;
    }
    p.drawLine(QPointF(g.plot.left(), at), QPointF(g.plot.right(), at));
    // In the line of the title, where the words hide no value.
    const double room
        = g.plot.width() - textWidth(font, axisTitle(data()->valueAxis)) - ink.style.px(40);
    const QString shown = elided(font, words, room);
    const double right = g.plot.right();
    const double middle = g.plot.top() - ink.style.px(8) - line / 2;
    const double left = right - textWidth(font, shown);
    p.drawLine(QPointF(left - ink.style.px(24), middle), QPointF(left - ink.style.px(6), middle));
    p.setFont(font);
    p.setPen(ink.theme.nullAmber);
    p.drawText(QRectF(left, middle - line / 2, right - left + 1, line),
        Qt::AlignLeft | Qt::AlignVCenter, shown);
}

} // namespace moescope::ui
