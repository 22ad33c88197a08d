// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/line_chart_view.h"

#include <algorithm>
#include <cmath>

#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_words.h"
#include "ui/style/style.h"

namespace moescope::ui {

LineChartView::LineChartView(Style& style, QWidget* parent)
    : FigureView(style, parent)
{
    setObjectName(QStringLiteral("lineChart"));
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

bool LineChartView::accepts(const Figure& figure) const
{
    return std::holds_alternative<LineFigure>(figure.data);
}

const LineFigure* LineChartView::data() const
{
    return figure() ? std::get_if<LineFigure>(&figure()->data) : nullptr;
}

void LineChartView::figureChanged()
{
    // Results arrive piece by piece: what a person hid stays hidden while the series stay the same
    // in number.
    const int n = data() ? static_cast<int>(data()->series.size()) : 0;
    for (auto it = m_hidden.begin(); it != m_hidden.end();)
        it = *it >= n ? m_hidden.erase(it) : std::next(it);
    m_hover = {};
    if (m_current.series >= n || m_current.point >= pointCount(m_current.series))
        m_current = {};
}

int LineChartView::pointCount(int series) const
{
    if (!data() || series < 0 || static_cast<std::size_t>(series) >= data()->series.size())
        return 0;
    const LineFigure::Series& s = data()->series[static_cast<std::size_t>(series)];
    return static_cast<int>(std::min(s.x.size(), s.y.size()));
}

bool LineChartView::isMuted(int series) const
{
    return data()->series[static_cast<std::size_t>(series)].muted && series != m_emphasised;
}

bool LineChartView::isEmphasised(int series) const
{
    return data()->series[static_cast<std::size_t>(series)].emphasised || series == m_emphasised;
}

std::size_t LineChartView::categoryIndex(int series) const
{
    std::size_t index = 0;
    for (int i = 0; i < series; ++i) {
        const LineFigure::Series& s = data()->series[static_cast<std::size_t>(i)];
        index += !s.isNull && !s.muted;
    }
    return index;
}

QColor LineChartView::seriesColour(const Theme& theme, int series) const
{
    const LineFigure::Series& s = data()->series[static_cast<std::size_t>(series)];
    if (s.isNull)
        return theme.nullAmber;
    if (isMuted(series))
        return theme.accentMuted;
    return s.muted ? theme.accent : theme.category(categoryIndex(series));
}

bool LineChartView::integerX() const
{
    for (const LineFigure::Series& s : data()->series)
        for (const double x : s.x)
            if (std::isfinite(x) && x != std::round(x))
                return false;
    return true;
}

ChartFrame LineChartView::frame(const QRectF& area) const
{
    const LineFigure& figure = *data();
    RangeFinder x(figure.xAxis.logarithmic);
    RangeFinder y(figure.yAxis.logarithmic);
    // Hidden series count too, so that the axes stay when one is switched off.
    for (const LineFigure::Series& s : figure.series) {
        x.add(s.x);
        y.add(s.y);
        y.add(s.lo);
        y.add(s.hi);
    }
    for (const LineFigure::Band& band : figure.bands) {
        y.add(band.lo);
        y.add(band.hi);
    }
    for (const LineFigure::Level& level : figure.levels)
        y.add(level.y);
    for (const LineFigure::Marker& marker : figure.verticals)
        x.add(marker.x);

    Axis xAxis = figure.xAxis;
    Axis yAxis = figure.yAxis;
    if (m_sharedX) {
        xAxis.lo = m_sharedX->lo;
        xAxis.hi = m_sharedX->hi;
    }
    if (m_sharedY) {
        yAxis.lo = m_sharedY->lo;
        yAxis.hi = m_sharedY->hi;
    }
    const double bottom = chartBottomHeight(look(), axisTitle(xAxis)) + legendHeight(area.width());
    const double top = chartTopHeight(look(), axisTitle(yAxis));
    const double height = std::max(area.height() - top - bottom, look().px(20));

    ChartFrame chart;
    chart.y = makeAxis(
        yAxis, y, AxisFit::Nice, std::clamp(static_cast<int>(height / look().px(44)), 2, 8), false);
    const double left = widestTick(look(), chart.y) + look().px(12);
    const double width = std::max(area.width() - left - look().px(14), look().px(20));
    chart.x = makeAxis(xAxis, x, AxisFit::Tight,
        std::clamp(static_cast<int>(width / look().px(44)), 2, 12), integerX());
    // The last number stands half beyond the plot.
    const double overhang = chart.x.ticks.empty()
        ? 0
        : textWidth(look().mono(-1), chart.x.ticks.back().label) / 2 - look().px(10);
    chart.plot
        = QRectF(area.left() + left, area.top() + top, width - std::max(0.0, overhang), height);
    return chart;
}

ChartFrame LineChartView::screenFrame() const
{
    return frame(viewport()->rect());
}

Interval LineChartView::xRange() const
{
    const ChartFrame chart = data() ? screenFrame() : ChartFrame();
    return {chart.x.lo, chart.x.hi};
}

Interval LineChartView::yRange() const
{
    const ChartFrame chart = data() ? screenFrame() : ChartFrame();
    return {chart.y.lo, chart.y.hi};
}

QRectF LineChartView::plotRect() const
{
    return data() ? screenFrame().plot : QRectF();
}

QPointF LineChartView::pointPosition(int series, int point) const
{
    if (point < 0 || point >= pointCount(series))
        return {};
    const LineFigure::Series& s = data()->series[static_cast<std::size_t>(series)];
    return screenFrame().at(
        s.x[static_cast<std::size_t>(point)], s.y[static_cast<std::size_t>(point)]);
}

void LineChartView::setSeriesVisible(int series, bool visible)
{
    if (!data() || series < 0 || static_cast<std::size_t>(series) >= data()->series.size()
        || visible == isSeriesVisible(series))
        return;
    if (visible)
        m_hidden.remove(series);
    else
        m_hidden.insert(series);
    viewport()->update();
    emit seriesToggled(series, visible);
}

void LineChartView::setEmphasised(int series)
{
    m_emphasised = series;
    viewport()->update();
}

void LineChartView::setSharedRanges(std::optional<Interval> x, std::optional<Interval> y)
{
    m_sharedX = x;
    m_sharedY = y;
    viewport()->update();
}

LineChartView::Hit LineChartView::nearest(const QPointF& position) const
{
    if (!data())
        return {};
    const ChartFrame chart = screenFrame();
    Hit best;
    double least = look().px(24);
    for (int s = 0; s < static_cast<int>(data()->series.size()); ++s) {
        if (!isSeriesVisible(s))
            continue;
        const LineFigure::Series& series = data()->series[static_cast<std::size_t>(s)];
        for (int i = 0; i < pointCount(s); ++i) {
            const QPointF at = chart.at(
                series.x[static_cast<std::size_t>(i)], series.y[static_cast<std::size_t>(i)]);
            const double distance = std::hypot(at.x() - position.x(), at.y() - position.y());
            // NaN never compares less. A series in focus wins against the crowd behind it.
            if (distance + (isMuted(s) ? look().px(3) : 0) < least) {
                least = distance + (isMuted(s) ? look().px(3) : 0);
                best = {s, i};
            }
        }
    }
    return best;
}

QString LineChartView::pointText(Hit hit) const
{
    if (hit.point < 0 || hit.point >= pointCount(hit.series))
        return {};
    const LineFigure::Series& s = data()->series[static_cast<std::size_t>(hit.series)];
    const auto i = static_cast<std::size_t>(hit.point);
    QString words
        = tr("%1 %2: %3 %4")
              .arg(text(data()->xAxis.title), withUnit(numberText(s.x[i]), data()->xAxis.unit),
                  text(data()->yAxis.title), withUnit(numberText(s.y[i]), data()->yAxis.unit));
    if (i < s.lo.size() && i < s.hi.size() && std::isfinite(s.lo[i]) && std::isfinite(s.hi[i]))
        words += tr(", interval %1").arg(intervalText({s.lo[i], s.hi[i]}));
    return words;
}

QString LineChartView::hoverText(const QPoint& viewportPosition) const
{
    if (const Hit hit = nearest(viewportPosition); hit.series >= 0) {
        const LineFigure::Series& s = data()->series[static_cast<std::size_t>(hit.series)];
        const auto point = static_cast<std::size_t>(hit.point);
        QStringList lines{pointText(hit).toHtmlEscaped()};
        for (const LineFigure::Band& band : data()->bands) {
            for (std::size_t i = 0; i < std::min({band.x.size(), band.lo.size(), band.hi.size()});
                 ++i) {
                if (band.x[i] != s.x[point])
                    continue;
                const bool inside = s.y[point] >= band.lo[i] && s.y[point] <= band.hi[i];
                lines += tr("%1: %2")
                             .arg(text(band.name), intervalText({band.lo[i], band.hi[i]}))
                             .toHtmlEscaped()
                    + (inside ? tr(", as random") : QString());
            }
        }
        for (const LineFigure::Level& level : data()->levels)
            lines += tr("%1: %2").arg(text(level.name), numberText(level.y)).toHtmlEscaped();
        return hoverCard(text(s.name), lines);
    }
    if (data() && plotRect().contains(viewportPosition)) {
        const ChartFrame chart = screenFrame();
        for (const LineFigure::Gap& gap : data()->gaps)
            if (viewportPosition.x() >= chart.xAt(gap.x - 0.5)
                && viewportPosition.x() < chart.xAt(gap.x + 0.5))
                return hoverCard(
                    text(data()->xAxis.title) + u' ' + numberText(gap.x), {htmlLines(gap.name)});
    }
    return {};
}

QString LineChartView::currentText() const
{
    const QString words = data() ? pointText(m_current) : QString();
    return words.isEmpty() ? words
                           : text(data()->series[static_cast<std::size_t>(m_current.series)].name)
            + QStringLiteral(", ") + words;
}

QString LineChartView::summary() const
{
    return data() ? tr("%1 against %2, %3 series; arrow keys walk, Space hides a series")
                        .arg(text(data()->yAxis.title), text(data()->xAxis.title))
                        .arg(data()->series.size())
                  : QString();
}

QSize LineChartView::sizeHint() const
{
    return {look().pxInt(420), look().pxInt(320)};
}

int LineChartView::leastHeight(int width) const
{
    if (!data())
        return minimumSizeHint().height();
    return static_cast<int>(
        std::ceil(chartTopHeight(look(), axisTitle(data()->yAxis)) + look().px(m_leastPlot)
            + chartBottomHeight(look(), axisTitle(data()->xAxis)) + legendHeight(width)));
}

QSizeF LineChartView::bodySize(double width) const
{
    return {width, look().px(300) + legendHeight(width)};
}

Status LineChartView::drawWhole(const Ink& ink, const QRectF& rect) const
{
    draw(ink, rect);
    return {};
}

void LineChartView::drawVisible(const Ink& ink)
{
    draw(ink, viewport()->rect());
}

} // namespace moescope::ui
