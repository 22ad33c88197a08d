// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <QFontMetricsF>
#include <QPainter>

#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_words.h"
#include "ui/figures/line_chart_view.h"
#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr int kDenseSeries
    = 40; ///< points from which intervals become a band and markers are left out

bool hasIntervals(const LineFigure::Series& s)
{
    return !s.lo.empty() && s.lo.size() == s.hi.size();
}

} // namespace

QPen nullSeriesPen(const Ink& ink, const LineFigure::Series& series, double width)
{
    QPen pen = nullPen(ink, series.muted ? width * 0.8 : width);
    if (series.muted)
        pen.setDashPattern({1.5, 2.5});
    return pen;
}

void LineChartView::draw(const Ink& ink, const QRectF& area) const
{
    if (!data())
        return;
    const ChartFrame chart = frame(area);
    QPainter& p = ink.painter;
    drawPending(ink, chart);
    drawGaps(ink, chart);
    drawBands(ink, chart);
    drawChartFrame(ink, chart, axisTitle(data()->xAxis), axisTitle(data()->yAxis));

    p.save();
    const double reach = ink.style.px(6);
    p.setClipRect(chart.plot.adjusted(-reach, -reach, reach, reach), Qt::IntersectClip);
    const int n = static_cast<int>(data()->series.size());
    // What is in focus lies on top.
    for (const int layer : {0, 1, 2}) {
        for (int s = 0; s < n; ++s) {
            const int own = isMuted(s) ? 0 : isEmphasised(s) ? 2 : 1;
            if (own == layer && isSeriesVisible(s))
                drawSeries(ink, chart, s);
        }
    }
    p.restore();
    drawGuides(ink, chart);
    if (data()->series.empty() && data()->bands.empty() && !data()->pendingFrom) {
        p.setFont(ink.style.words());
        p.setPen(ink.theme.mutedText);
        p.drawText(chart.plot.adjusted(ink.style.px(8), 0, -ink.style.px(8), 0),
            Qt::AlignCenter | Qt::TextWordWrap, tr("Nothing to measure"));
    }

    const auto ring = [&](Hit hit, double radius) {
        if (hit.point < 0 || hit.point >= pointCount(hit.series) || !isSeriesVisible(hit.series))
            return;
        const LineFigure::Series& s = data()->series[static_cast<std::size_t>(hit.series)];
        const QPointF at = chart.at(
            s.x[static_cast<std::size_t>(hit.point)], s.y[static_cast<std::size_t>(hit.point)]);
        if (std::isnan(at.x()) || std::isnan(at.y()))
            return;
        p.setBrush(Qt::NoBrush);
        p.setPen(QPen(seriesColour(ink.theme, hit.series), ink.style.px(2)));
        p.drawEllipse(at, ink.style.px(radius), ink.style.px(radius));
    };
    ring(m_current, 7);
    if (ink.onScreen)
        ring(m_hover, 6);
    drawLegend(ink, {area.left(), area.bottom() - legendHeight(area.width())}, area.width());
}

void LineChartView::drawPending(const Ink& ink, const ChartFrame& chart) const
{
    if (!data()->pendingFrom)
        return;
    const double left = std::max(chart.xAt(*data()->pendingFrom), chart.plot.left());
    if (!(left < chart.plot.right()))
        return;
    const QRectF rect(left, chart.plot.top(), chart.plot.right() - left, chart.plot.height());
    ink.painter.setPen(Qt::NoPen);
    ink.painter.setBrush(ink.theme.pending);
    ink.painter.drawRect(rect);
    const QFont font = ink.style.words(-1);
    if (textWidth(font, tr("running")) > rect.width())
        return;
    ink.painter.setFont(font);
    ink.painter.setPen(ink.theme.mutedText);
    ink.painter.drawText(rect, Qt::AlignCenter, tr("running"));
}

void LineChartView::drawGaps(const Ink& ink, const ChartFrame& chart) const
{
    const auto& gaps = data()->gaps;
    QPainter& p = ink.painter;
    const QFont font = ink.style.words(-1);
    for (std::size_t first = 0; first < gaps.size();) {
        std::size_t last = first;
        while (last + 1 < gaps.size() && gaps[last + 1].x == gaps[last].x + 1
            && gaps[last + 1].name == gaps[first].name)
            ++last;
        QRectF rect(QPointF(chart.xAt(gaps[first].x - 0.5), chart.plot.top()),
            QPointF(chart.xAt(gaps[last].x + 0.5), chart.plot.bottom()));
        rect &= chart.plot;
        p.setPen(Qt::NoPen);
        p.setBrush(ink.theme.pending);
        p.drawRect(rect);
        // Upright where there is no room for the word across.
        const QString name = text(gaps[first].name);
        const double width = textWidth(font, name) + ink.style.px(4);
        const double line = QFontMetricsF(font).height();
        first = last + 1;
        if (std::max(width, rect.width()) < line || rect.width() < line)
            continue;
        p.save();
        p.setFont(font);
        p.setPen(ink.theme.mutedText);
        p.translate(rect.center().x(), rect.bottom() - ink.style.px(4));
        if (width > rect.width())
            p.rotate(-90);
        p.drawText(width > rect.width() ? QRectF(0, -line / 2, width, line)
                                        : QRectF(-width / 2, -line, width, line),
            Qt::AlignCenter, name);
        p.restore();
    }
}

bool LineChartView::gapBetween(double from, double to) const
{
    return std::any_of(data()->gaps.begin(), data()->gaps.end(),
        [&](const LineFigure::Gap& gap) { return gap.x > from && gap.x < to; });
}

void LineChartView::drawBands(const Ink& ink, const ChartFrame& chart) const
{
    ink.painter.setPen(Qt::NoPen);
    ink.painter.setBrush(ink.theme.nullBand);
    for (const LineFigure::Band& band : data()->bands) {
        const std::size_t n = std::min({band.x.size(), band.lo.size(), band.hi.size()});
        QPolygonF area;
        const double floor
            = chart.y.logarithmic ? chart.y.lo : -std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < n; ++i)
            if (std::isfinite(band.hi[i]))
                area << chart.at(band.x[i], std::max(band.hi[i], floor));
        for (std::size_t i = n; i-- > 0;)
            if (std::isfinite(band.lo[i]))
                area << chart.at(band.x[i], std::max(band.lo[i], floor));
        ink.painter.save();
        ink.painter.setClipRect(chart.plot, Qt::IntersectClip);
        ink.painter.drawPolygon(area);
        ink.painter.restore();
    }
}

void LineChartView::drawIntervals(const Ink& ink, const ChartFrame& chart, int series) const
{
    const LineFigure::Series& s = data()->series[static_cast<std::size_t>(series)];
    const int n = std::min(pointCount(series), static_cast<int>(s.lo.size()));
    QPainter& p = ink.painter;
    QColor colour = seriesColour(ink.theme, series);
    if (n > kDenseSeries) {
        QPolygonF band;
        for (int i = 0; i < n; ++i)
            if (std::isfinite(s.hi[static_cast<std::size_t>(i)]))
                band << chart.at(
                    s.x[static_cast<std::size_t>(i)], s.hi[static_cast<std::size_t>(i)]);
        for (int i = n - 1; i >= 0; --i)
            if (std::isfinite(s.lo[static_cast<std::size_t>(i)]))
                band << chart.at(
                    s.x[static_cast<std::size_t>(i)], s.lo[static_cast<std::size_t>(i)]);
        colour.setAlphaF(0.16F);
        p.setPen(Qt::NoPen);
        p.setBrush(colour);
        p.drawPolygon(band);
        return;
    }
    p.setPen(QPen(colour, ink.style.px(1.2)));
    const double cap = ink.style.px(3);
    for (int i = 0; i < n; ++i) {
        const QPointF lo
            = chart.at(s.x[static_cast<std::size_t>(i)], s.lo[static_cast<std::size_t>(i)]);
        const QPointF hi
            = chart.at(s.x[static_cast<std::size_t>(i)], s.hi[static_cast<std::size_t>(i)]);
        if (std::isnan(lo.y()) || std::isnan(hi.y()))
            continue;
        p.drawLine(lo, hi);
        p.drawLine(lo - QPointF(cap, 0), lo + QPointF(cap, 0));
        p.drawLine(hi - QPointF(cap, 0), hi + QPointF(cap, 0));
    }
}

void LineChartView::drawSeries(const Ink& ink, const ChartFrame& chart, int series) const
{
    const LineFigure::Series& s = data()->series[static_cast<std::size_t>(series)];
    QPainter& p = ink.painter;
    const QColor colour = seriesColour(ink.theme, series);
    const int n = pointCount(series);
    if (hasIntervals(s))
        drawIntervals(ink, chart, series);

    QPen pen = s.isNull ? nullSeriesPen(ink, s, 1.6)
                        : QPen(colour,
                            ink.style.px(isMuted(series)   ? 1
                                    : isEmphasised(series) ? 2.2
                                                           : 1.8));
    pen.setJoinStyle(Qt::RoundJoin);
    p.setPen(pen);
    p.setBrush(Qt::NoBrush);
    QPolygonF run;
    const auto flush = [&] {
        if (run.size() > 1)
            p.drawPolyline(run);
        run.clear();
    };
    std::vector<QPointF> points;
    for (int i = 0; i < n; ++i) {
        const QPointF at
            = chart.at(s.x[static_cast<std::size_t>(i)], s.y[static_cast<std::size_t>(i)]);
        if (!std::isfinite(at.x()) || !std::isfinite(at.y())) {
            flush();
            continue;
        }
        if (!run.isEmpty() && i > 0
            && gapBetween(s.x[static_cast<std::size_t>(i - 1)], s.x[static_cast<std::size_t>(i)]))
            flush();
        run << at;
        points.push_back(at);
    }
    flush();
    if (isMuted(series) || points.empty())
        return;
    const MarkerShape shape = s.isNull ? MarkerShape::Circle : markerShape(categoryIndex(series));
    if (s.markers && n <= kDenseSeries * 2)
        for (const QPointF& at : points)
            drawMarker(ink, at, shape, ink.style.px(4), colour);
    else if (!s.isNull && !isEmphasised(series) && points.size() > 1)
        // The shape tells series apart where colours cannot.
        drawMarker(ink, points.back(), shape, ink.style.px(4), colour);
}

void LineChartView::drawGuides(const Ink& ink, const ChartFrame& chart) const
{
    QPainter& p = ink.painter;
    const QFont small = ink.style.words(-1);
    const QFont strong = ink.style.words(-1, QFont::DemiBold);
    const double line = QFontMetricsF(strong).height();
    const QRectF& plot = chart.plot;
    const QString title = axisTitle(data()->yAxis);
    const double above = chartTopHeight(ink.style, title);
    LabelPlacer placer(plot.adjusted(0, -above, ink.style.px(12), 1), ink.style.px(3));
    if (!title.isEmpty())
        placer.avoid(QRectF(
            plot.left(), plot.top() - above, textWidth(small, title) + ink.style.px(8), above));
    for (int s = 0; s < static_cast<int>(data()->series.size()); ++s) {
        const LineFigure::Series& series = data()->series[static_cast<std::size_t>(s)];
        QPointF before(std::nan(""), 0);
        for (int i = 0; isSeriesVisible(s) && i < pointCount(s); ++i) {
            const QPointF at = chart.at(
                series.x[static_cast<std::size_t>(i)], series.y[static_cast<std::size_t>(i)]);
            // The line between two points is in the way as well, and so are intervals.
            const auto point = static_cast<std::size_t>(i);
            if (point < series.lo.size() && point < series.hi.size())
                for (const double end : {series.lo[point], series.hi[point]})
                    placer.avoid(QPointF(at.x(), chart.yAt(end)));
            const double length = std::hypot(at.x() - before.x(), at.y() - before.y());
            const int steps
                = std::isfinite(length) ? static_cast<int>(length / ink.style.px(8)) : 0;
            for (int step = 1; step <= steps; ++step)
                placer.avoid(before + (at - before) * step / (steps + 1));
            placer.avoid(at);
            before = at;
        }
    }

    // Markers: the words stand beside the line at the top, one row lower for every one they would
    // hit.
    for (const LineFigure::Marker& marker : data()->verticals) {
        const double x = crisp(chart.xAt(marker.x));
        if (!(x >= plot.left() - 1 && x <= plot.right() + 1))
            continue;
        const double width = textWidth(strong, text(marker.name)) + ink.style.px(2);
        const double gap = ink.style.px(6);
        std::vector<QRectF> candidates;
        for (int row = 0; row < 8; ++row) {
            const double y = plot.top() + row * line * 1.15;
            candidates.emplace_back(x + gap, y, width, line);
            candidates.emplace_back(x - gap - width, y, width, line);
        }
        // In a plot too narrow for either side it may cross the line, but not be cut.
        for (int row = 0; row < 8; ++row)
            candidates.emplace_back(
                std::clamp(x - width / 2, plot.left(), std::max(plot.left(), plot.right() - width)),
                plot.top() + row * line * 1.15, width, line);
        const QRectF words = placer.place(candidates);
        placer.avoid(words.adjusted(-gap, 0, gap, 0)); // two names side by side are not one
        placer.avoid(QRectF(x - 1, words.top(), 2, plot.bottom() - words.top()));
        QPen pen = nullPen(ink, 1.2);
        if (!marker.isNull)
            pen.setColor(ink.theme.accent);
        p.setPen(pen);
        p.drawLine(QPointF(x, words.top()), QPointF(x, plot.bottom()));
        drawVeiledText(ink, words, Qt::AlignLeft | Qt::AlignVCenter, strong,
            marker.isNull ? ink.theme.nullAmber : ink.theme.accent, text(marker.name));
    }

    // Words of one level must not lie on the line of another.
    for (const LineFigure::Level& level : data()->levels)
        for (double x = plot.left(); x <= plot.right(); x += ink.style.px(8))
            placer.avoid(QPointF(x, chart.yAt(level.y)));
    for (const LineFigure::Level& level : data()->levels) {
        const double y = crisp(chart.yAt(level.y));
        if (!(y >= plot.top() - 1 && y <= plot.bottom() + 1))
            continue;
        QPen pen = nullPen(ink);
        if (!level.isNull)
            pen.setColor(ink.theme.mutedText);
        p.setPen(pen);
        p.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
        const double width = textWidth(small, text(level.name)) + ink.style.px(2);
        std::vector<QRectF> candidates;
        // Near its line, but rather farther away than on top of a curve; nowhere when it is in
        // the way and the legend says the same.
        for (const double away : {4.0, 12.0, 20.0, 30.0})
            for (const double top : {y + ink.style.px(away), y - line - ink.style.px(away)})
                for (const double left :
                    {plot.left() + ink.style.px(8), plot.right() - width - ink.style.px(8),
                        plot.center().x() - width / 2, plot.left() + plot.width() / 4 - width / 2,
                        plot.left() + plot.width() * 3 / 4 - width / 2})
                    candidates.emplace_back(left, top, width, line);
        constexpr std::ptrdiff_t kNear = 2 * 2 * 5; // of the two smaller distances
        const bool roomNear = std::any_of(candidates.begin(), candidates.begin() + kNear,
            [&](const QRectF& rect) { return placer.isFree(rect); });
        const bool inLegend = std::any_of(data()->bands.begin(), data()->bands.end(),
            [&](const LineFigure::Band& band) { return band.name.starts_with(level.name); });
        if (!roomNear && inLegend)
            continue;
        drawVeiledText(ink, placer.place(candidates), Qt::AlignLeft | Qt::AlignVCenter, small,
            level.isNull ? ink.theme.nullAmber : ink.theme.mutedText, text(level.name));
    }
}

} // namespace moescope::ui
