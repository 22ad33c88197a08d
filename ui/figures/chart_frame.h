// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QColor>
#include <QFont>
#include <QPointF>
#include <QRectF>

#include "ui/figures/chart_axis.h"
#include "ui/figures/figure_view.h"

namespace moescope::ui {

inline constexpr double kLeastPlotHeight = 220; ///< at 100 %

/// Plot rectangle with both axes.
struct ChartFrame {
    QRectF plot;
    ChartAxis x;
    ChartAxis y;

    double xAt(double value) const { return plot.left() + x.place(value) * plot.width(); }
    double yAt(double value) const { return plot.bottom() - y.place(value) * plot.height(); }
    QPointF at(double xValue, double yValue) const { return {xAt(xValue), yAt(yValue)}; }
};

/// Grid lines, axis lines, tick labels; the title of y above its axis, that of x centred below.
void drawChartFrame(
    const Ink& ink, const ChartFrame& frame, const QString& xTitle, const QString& yTitle);
double widestTick(const Style& style, const ChartAxis& axis);
double chartTopHeight(const Style& style, const QString& yTitle);
double chartBottomHeight(const Style& style, const QString& xTitle);

/// Finds places for words in a plot where they hide neither points nor one another.
class LabelPlacer {
public:
    /// `clearance`: how far words stay from points.
    explicit LabelPlacer(const QRectF& bounds, double clearance = 0)
        : m_bounds(bounds)
        , m_clearance(clearance)
    {
    }

    void avoid(const QPointF& point) { m_points.push_back(point); }
    void avoid(const QRectF& rect) { m_rects.push_back(rect); }
    /// The candidate that collides least, which is then taken; earlier ones win ties.
    QRectF place(const std::vector<QRectF>& candidates);
    bool isFree(const QRectF& rect) const;

private:
    double cost(const QRectF& rect) const;

    QRectF m_bounds;
    double m_clearance;
    std::vector<QPointF> m_points;
    std::vector<QRectF> m_rects;
};

/// Words on a veil of the panel's colour, so that lines under them do not disturb.
void drawVeiledText(const Ink& ink, const QRectF& rect, Qt::Alignment alignment, const QFont& font,
    const QColor& colour, const QString& words);

enum class MarkerShape { Circle, Square, Triangle, Diamond, Inverted, Plus };
MarkerShape markerShape(std::size_t index);
void drawMarker(
    const Ink& ink, const QPointF& at, MarkerShape shape, double radius, const QColor& colour);

/// The middle of a pixel, so that thin upright and level lines stay sharp on the screen.
double crisp(double position);
QPen nullPen(const Ink& ink, double width = 1.4); ///< amber, dashed

} // namespace moescope::ui
