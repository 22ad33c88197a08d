// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QSet>

#include "ui/figures/chart_frame.h"
#include "ui/figures/figure_view.h"

namespace moescope::ui {

/// Series over layers, ranks or steps, with null bands, null levels, markers and intervals. A click
/// in the legend hides or shows a series; hovering reads out the nearest point; arrow keys walk
/// along and between series.
class LineChartView : public FigureView {
    Q_OBJECT

public:
    explicit LineChartView(Style& style, QWidget* parent = nullptr);

    void setSeriesVisible(int series, bool visible);
    bool isSeriesVisible(int series) const { return !m_hidden.contains(series); }
    /// Draws this series as the one in focus, besides those the figure emphasises; -1 for none.
    void setEmphasised(int series);
    /// Axis ranges shared with other charts; nullopt = the figure's own.
    void setSharedRanges(std::optional<Interval> x, std::optional<Interval> y);
    Interval xRange() const;
    Interval yRange() const;

    /// Where a point of a series is drawn, in the viewport.
    QPointF pointPosition(int series, int point) const;
    QRectF plotRect() const;
    QRectF legendRect(int series) const; ///< empty for series without an own entry

    QString hoverText(const QPoint& viewportPosition) const override;
    QString currentText() const override;
    QString summary() const override;
    QSize sizeHint() const override;
    int leastHeight(int width) const override;
    void setLeastPlotHeight(double height) { m_leastPlot = height; } ///< at 100 %

signals:
    void pointClicked(int series, int point);
    void pointHovered(int series, int point); ///< -1, -1 when none
    void seriesToggled(int series, bool visible);

protected:
    bool accepts(const Figure& figure) const override;
    void figureChanged() override;
    QSizeF bodySize(double width) const override;
    Status drawWhole(const Ink& ink, const QRectF& rect) const override;
    void drawVisible(const Ink& ink) override;

    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Hit {
        int series = -1;
        int point = -1;
        bool operator==(const Hit&) const = default;
    };
    struct LegendEntry {
        QString name;
        std::vector<int> series; ///< more than one for the group of background series
        int band = -1;
        QRectF rect;
    };

    const LineFigure* data() const;
    ChartFrame frame(const QRectF& area) const;
    ChartFrame screenFrame() const;
    bool integerX() const;
    int pointCount(int series) const;
    bool isMuted(int series) const;
    bool isEmphasised(int series) const;
    std::size_t categoryIndex(
        int series) const; ///< place among the series that have a colour of their own
    QColor seriesColour(const Theme& theme, int series) const;

    std::vector<LegendEntry> legend(
        double width) const; ///< rects with (0, 0) at the legend's corner
    double legendHeight(double width) const;
    void drawLegend(const Ink& ink, const QPointF& corner, double width) const;

    void draw(const Ink& ink, const QRectF& area) const;
    void drawBands(const Ink& ink, const ChartFrame& chart) const;
    void drawPending(const Ink& ink, const ChartFrame& chart) const;
    void drawGaps(const Ink& ink, const ChartFrame& chart) const;
    bool gapBetween(double from, double to) const;
    void drawSeries(const Ink& ink, const ChartFrame& chart, int series) const;
    void drawIntervals(const Ink& ink, const ChartFrame& chart, int series) const;
    void drawGuides(const Ink& ink, const ChartFrame& chart) const;
    Hit nearest(const QPointF& position) const;
    void toggle(const LegendEntry& entry);
    void setCurrent(Hit hit);
    QString pointText(Hit hit) const;

    QSet<int> m_hidden;
    int m_emphasised = -1;
    std::optional<Interval> m_sharedX;
    std::optional<Interval> m_sharedY;
    Hit m_current;
    Hit m_hover;
    double m_leastPlot = kLeastPlotHeight;
};

/// A second null is dotted, so that the two can be told apart.
QPen nullSeriesPen(const Ink& ink, const LineFigure::Series& series, double width);

} // namespace moescope::ui
