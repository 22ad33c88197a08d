// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/bar_chart_view.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>

#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

BarChartView::BarChartView(Style& style, QWidget* parent)
    : FigureView(style, parent)
{
    setObjectName(QStringLiteral("barChart"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

bool BarChartView::accepts(const Figure& figure) const
{
    return std::holds_alternative<BarFigure>(figure.data);
}

const BarFigure* BarChartView::data() const
{
    return figure() ? std::get_if<BarFigure>(&figure()->data) : nullptr;
}

int BarChartView::count() const
{
    return data() ? static_cast<int>(data()->bars.size()) : 0;
}

void BarChartView::figureChanged()
{
    m_hover = -1;
    if (m_current >= count())
        m_current = -1;
    sortBars();
}

void BarChartView::sortBars()
{
    m_sorted.resize(static_cast<std::size_t>(count()));
    std::iota(m_sorted.begin(), m_sorted.end(), 0);
    if (m_order == Order::Value) {
        // NaN compares false with everything; it goes last.
        const auto key = [this](int bar) {
            const double v = data()->bars[static_cast<std::size_t>(bar)].value;
            return std::isnan(v) ? -std::numeric_limits<double>::infinity() : v;
        };
        std::stable_sort(
            m_sorted.begin(), m_sorted.end(), [&](int a, int b) { return key(a) > key(b); });
    }
    viewport()->update();
}

void BarChartView::setOrder(Order order)
{
    m_order = order;
    sortBars();
}

void BarChartView::setCurrent(int bar)
{
    m_current = bar >= 0 && bar < count() ? bar : -1;
    announce();
    viewport()->update();
}

bool BarChartView::atNull(int bar) const
{
    const BarFigure::Bar& b = data()->bars[static_cast<std::size_t>(bar)];
    return data()->nullLevel && b.interval && b.interval->lo <= *data()->nullLevel
        && b.interval->hi >= *data()->nullLevel;
}

QString BarChartView::valueText(int bar) const
{
    return withUnit(
        numberText(data()->bars[static_cast<std::size_t>(bar)].value), data()->valueAxis.unit);
}

double BarChartView::widestName() const
{
    double widest = 0;
    for (const BarFigure::Bar& bar : data()->bars)
        widest = std::max(widest, textWidth(look().words(-1), text(bar.label)));
    return widest;
}

bool BarChartView::mustLie(double plotWidth) const
{
    const double widest = widestName();
    // Numbered bars may leave out names; words may not.
    return widest > look().px(36) && widest + look().px(8) > plotWidth / std::max(1, count());
}

double BarChartView::Geometry::along(double value) const
{
    const double t = std::clamp(values.place(value), -0.02, 1.02);
    return lying ? plot.left() + t * plot.width() : plot.bottom() - t * plot.height();
}

BarChartView::Geometry BarChartView::geometry(const QRectF& area) const
{
    Geometry g;
    RangeFinder range(data()->valueAxis.logarithmic);
    if (!data()->valueAxis.logarithmic)
        range.add(0);
    for (const BarFigure::Bar& bar : data()->bars) {
        range.add(bar.value);
        if (bar.interval) {
            range.add(bar.interval->lo);
            range.add(bar.interval->hi);
        }
    }
    if (data()->nullLevel)
        range.add(*data()->nullLevel);

    g.lying = mustLie(area.width() - look().px(60));
    const double length = g.lying ? area.width() * 0.6 : area.height() - look().px(80);
    g.values = makeAxis(data()->valueAxis, range, AxisFit::Nice,
        std::clamp(static_cast<int>(length / look().px(g.lying ? 70 : 44)), 2, 8), false);
    const double titles = look().px(18);
    const double line = look().px(22);
    if (g.lying) {
        g.labelWidth = std::min(widestName(), area.width() * 0.42);
        double values = 0;
        for (int bar = 0; bar < count(); ++bar)
            values = std::max(values, textWidth(look().mono(-1), valueText(bar)));
        const double top = data()->nullLevel ? line : look().px(4);
        g.plot = area.adjusted(g.labelWidth + look().px(10), top, -values - look().px(8),
            -line - (axisTitle(data()->valueAxis).isEmpty() ? 0 : titles));
        g.slot = count() > 0 ? std::min(g.plot.height() / count(), look().px(32)) : 0;
        g.plot.setHeight(g.slot * count());
    } else {
        double ticks = 0;
        for (const ChartAxis::Tick& tick : g.values.ticks)
            ticks = std::max(ticks, textWidth(look().mono(-1), tick.label));
        g.plot = area.adjusted(ticks + look().px(12), look().px(26), -look().px(8),
            -line - (axisTitle(data()->categoryAxis).isEmpty() ? 0 : titles));
        g.slot = count() > 0 ? g.plot.width() / count() : 0;
        if (g.slot > look().px(72)) {
            g.slot = look().px(72);
            g.plot.setWidth(g.slot * count());
        }
    }
    return g;
}

QRectF BarChartView::barRect(const Geometry& g, int place) const
{
    const double value = data()->bars[static_cast<std::size_t>(barAtPlace(place))].value;
    if (std::isnan(value))
        return {};
    const double base
        = g.values.logarithmic ? g.values.lo : std::clamp(0.0, g.values.lo, g.values.hi);
    const double from = g.along(base);
    const double to = g.along(value);
    const double inset = g.slot * (g.slot > look().px(6) ? 0.16 : 0.05);
    if (g.lying)
        return QRectF(QPointF(from, g.plot.top() + place * g.slot + inset),
            QPointF(to, g.plot.top() + (place + 1) * g.slot - inset))
            .normalized();
    return QRectF(QPointF(g.plot.left() + place * g.slot + inset, to),
        QPointF(g.plot.left() + (place + 1) * g.slot - inset, from))
        .normalized();
}

QRectF BarChartView::barRect(int bar) const
{
    const auto place = std::find(m_sorted.begin(), m_sorted.end(), bar);
    return place == m_sorted.end()
        ? QRectF()
        : barRect(geometry(viewport()->rect()), static_cast<int>(place - m_sorted.begin()));
}

int BarChartView::barAt(const QPointF& position) const
{
    if (count() == 0)
        return -1;
    const Geometry g = geometry(viewport()->rect());
    const QRectF reach
        = g.lying ? QRectF(0, g.plot.top(), viewport()->width(), g.plot.height()) : g.plot;
    if (!reach.contains(position) || g.slot <= 0)
        return -1;
    const double offset = g.lying ? position.y() - g.plot.top() : position.x() - g.plot.left();
    return barAtPlace(std::clamp(static_cast<int>(offset / g.slot), 0, count() - 1));
}

QString BarChartView::hoverText(const QPoint& viewportPosition) const
{
    const int bar = barAt(viewportPosition);
    if (bar < 0)
        return {};
    const BarFigure::Bar& b = data()->bars[static_cast<std::size_t>(bar)];
    QStringList lines{
        tr("%1: %2").arg(text(data()->valueAxis.title), valueText(bar)).toHtmlEscaped()};
    if (b.interval)
        lines += tr("interval %1").arg(intervalText(*b.interval));
    if (data()->nullLevel)
        lines += tr("%1: %2")
                     .arg(text(data()->nullName), numberText(*data()->nullLevel))
                     .toHtmlEscaped()
            + (atNull(bar) ? tr(", as random") : QString());
    return hoverCard(text(b.label), lines);
}

QString BarChartView::currentText() const
{
    return m_current < 0
        ? QString()
        : tr("%1: %2%3")
              .arg(text(data()->bars[static_cast<std::size_t>(m_current)].label),
                  valueText(m_current), atNull(m_current) ? tr(", as random") : QString());
}

QString BarChartView::summary() const
{
    return data()
        ? tr("%1, %2 bars; arrow keys walk").arg(text(data()->valueAxis.title)).arg(count())
        : QString();
}

QSize BarChartView::sizeHint() const
{
    return {look().pxInt(420), look().pxInt(280)};
}

QSizeF BarChartView::bodySize(double width) const
{
    if (data() && mustLie(width - look().px(60)))
        return {width, count() * look().px(26) + look().px(70)};
    return {width, look().px(300)};
}

Status BarChartView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    draw(ink, rect);
    return {};
}

void BarChartView::drawVisible(const Ink& ink)
{
    draw(ink, viewport()->rect());
}

void BarChartView::extendMenu(QMenu& menu)
{
    QAction* action = menu.addAction(tr("&Sort by value"));
    action->setCheckable(true);
    action->setChecked(m_order == Order::Value);
    connect(action, &QAction::toggled, this,
        [this](bool on) { setOrder(on ? Order::Value : Order::Given); });
}

void BarChartView::mousePressEvent(QMouseEvent* event)
{
    const int bar = barAt(event->position());
    if (event->button() != Qt::LeftButton || bar < 0)
        return;
    setCurrent(bar);
    emit barClicked(bar);
}

void BarChartView::mouseMoveEvent(QMouseEvent* event)
{
    const int bar = barAt(event->position());
    if (bar == m_hover)
        return;
    m_hover = bar;
    viewport()->update();
    emit barHovered(bar);
}

void BarChartView::leaveEvent(QEvent* event)
{
    FigureView::leaveEvent(event);
    if (m_hover < 0)
        return;
    m_hover = -1;
    viewport()->update();
    emit barHovered(-1);
}

void BarChartView::keyPressEvent(QKeyEvent* event)
{
    const bool back = event->key() == Qt::Key_Left || event->key() == Qt::Key_Up;
    const bool on = event->key() == Qt::Key_Right || event->key() == Qt::Key_Down;
    if (count() == 0 || (!back && !on) || (event->modifiers() & ~Qt::KeypadModifier)) {
        FigureView::keyPressEvent(event);
        return;
    }
    const auto now = std::find(m_sorted.begin(), m_sorted.end(), m_current);
    int place
        = now == m_sorted.end() ? 0 : static_cast<int>(now - m_sorted.begin()) + (on ? 1 : -1);
    place = std::clamp(place, 0, count() - 1);
    setCurrent(barAtPlace(place));
    emit barClicked(m_current);
}

} // namespace moescope::ui
