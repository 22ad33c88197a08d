// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <limits>

#include <QPoint>
#include <QRectF>

namespace moescope::ui {

class Style;

inline constexpr double kLeastCellHeight = 22; ///< at 100 %, unless it is zoomed

/// What a routing grid has to find room for.
struct GridContent {
    int rows = 0;
    int cols = 0;
    double labelWidth = 0;
    bool loads = false;
    int rowBars = 0;
};

/// Where everything of a routing grid lies: row labels left, header on top and row bars right stay
/// in place, the cells between them scroll. Positions are in the viewport, columns are places on
/// the screen.
struct GridGeometry {
    GridGeometry(
        const Style& style, const GridContent& content, const QSizeF& area, double zoom, bool clip);

    QRectF cells; ///< the window through which the cells are seen
    QPointF scroll; ///< content position at its corner
    double cellWidth = 0; ///< pitch, gap included
    double cellHeight = 0;
    double gap = 0;
    double loadTop = 0;
    double loadHeight = 0;
    double labelTop = 0; ///< of the column labels
    double labelHeight = 0;
    double barWidth = 0; ///< pitch of a row bar
    int rowBars = 0; ///< that have room
    double contentWidth = 0;
    double contentHeight = 0;
    int rows = 0;
    int cols = 0;
    int leastRow = 0;
    int mostRow = std::numeric_limits<int>::max();

    /// Leaves out rows that lie wholly above `top` or below `bottom`: slices of a long picture.
    void keepRowsBetween(double top, double bottom);

    QSizeF whole() const; ///< size that shows everything
    QSizeF scrollRange() const;
    /// To the nearest whole row and column: nothing is cut where it can be avoided.
    void scrollTo(const QPointF& position);
    QRectF cell(int row, int place) const; ///< without the gap
    int rowAt(double y) const; ///< -1 outside
    int placeAt(double x) const;
    int firstRow() const;
    int lastRow() const; ///< inclusive; firstRow() > lastRow() when there are none
    int firstPlace() const;
    int lastPlace() const;
    QRectF barColumn(int bar) const;
};

} // namespace moescope::ui
