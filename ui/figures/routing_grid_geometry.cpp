// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/figures/routing_grid_geometry.h"

#include <algorithm>
#include <cmath>

#include "ui/style/style.h"

namespace moescope::ui {

namespace {

constexpr double kMostGrowth = 1.6; ///< of a cell, where the window has room to spare

/// The part of `room` that is filled by whole cells.
double wholeCells(double content, double room, double cell)
{
    constexpr double kSlack = 1e-6; // of cells that fit exactly
    const double full = std::floor(room / cell + kSlack) * cell;
    return content <= room + kSlack ? content : std::max(full, std::min(cell, room));
}

} // namespace

GridGeometry::GridGeometry(
    const Style& style, const GridContent& content, const QSizeF& area, double zoom, bool clip)
    : rows(content.rows)
    , cols(content.cols)
{
    loadHeight = content.loads ? style.px(34) : 0;
    loadTop = content.loads ? style.px(4) : 0;
    labelTop = loadTop + loadHeight + (content.loads ? style.px(2) : 0);
    labelHeight = style.px(22);
    barWidth = style.px(62);
    const double top = labelTop + labelHeight;
    const double besides = area.width() - content.labelWidth;
    const auto left = [&](int count) {
        return besides - (count > 0 ? count * barWidth + style.px(10) : style.px(2));
    };
    // Where the cells have no room, they matter more than the bars.
    const bool crowded = left(content.rowBars) < std::min(cols * style.px(16), besides * 0.6);
    rowBars = crowded ? 0 : content.rowBars;
    const double roomX = std::max(left(rowBars), style.px(40));
    const double roomY = std::max(area.height() - top - style.px(2), style.px(20));

    // Cells fit the window while they stay legible; the zoom is on top of that.
    const double fitX = cols > 0 ? roomX / cols : style.px(38);
    const double fitY = rows > 0 ? roomY / rows : style.px(38);
    // A little narrower is better than a scroll bar; where that comes anyway, cells are wider.
    const double least = style.px(fitX >= style.px(16) ? 16 : 18);
    // On large screens cells grow in both directions, and by the same measure.
    const double height = std::clamp(fitY, style.px(kLeastCellHeight), style.px(42 * kMostGrowth));
    const double width = std::min(
        std::clamp(fitX, least, style.px(48 * kMostGrowth)), std::max(style.px(48), height * 1.4));
    cellWidth = std::clamp(width * zoom, style.px(3), style.px(120));
    cellHeight = std::clamp(
        std::min(height, std::max(style.px(42), width)) * zoom, style.px(3), style.px(120));
    const double smaller = std::min(cellWidth, cellHeight);
    gap = smaller >= style.px(16) ? style.px(3) : smaller >= style.px(7) ? style.px(1) : 0;

    contentWidth = cols * cellWidth;
    contentHeight = rows * cellHeight;
    cells = QRectF(content.labelWidth, top,
        clip ? wholeCells(contentWidth, roomX, cellWidth) : contentWidth,
        clip ? wholeCells(contentHeight, roomY, cellHeight) : contentHeight);
}

QSizeF GridGeometry::whole() const
{
    return {cells.left() + contentWidth, cells.top() + contentHeight};
}

QSizeF GridGeometry::scrollRange() const
{
    return {
        std::max(0.0, contentWidth - cells.width()), std::max(0.0, contentHeight - cells.height())};
}

void GridGeometry::scrollTo(const QPointF& position)
{
    const QSizeF range = scrollRange();
    const auto snapped = [](double at, double most, double pitch) {
        return std::min(most, pitch > 0 ? std::round(at / pitch) * pitch : at);
    };
    scroll = {snapped(position.x(), range.width(), cellWidth),
        snapped(position.y(), range.height(), cellHeight)};
}

QRectF GridGeometry::cell(int row, int place) const
{
    return {cells.left() + place * cellWidth - scroll.x() + gap / 2,
        cells.top() + row * cellHeight - scroll.y() + gap / 2, cellWidth - gap, cellHeight - gap};
}

int GridGeometry::rowAt(double y) const
{
    if (y < cells.top() || y >= cells.bottom() || cellHeight <= 0)
        return -1;
    const int row = static_cast<int>((y - cells.top() + scroll.y()) / cellHeight);
    return row < rows ? row : -1;
}

int GridGeometry::placeAt(double x) const
{
    if (x < cells.left() || x >= cells.right() || cellWidth <= 0)
        return -1;
    const int place = static_cast<int>((x - cells.left() + scroll.x()) / cellWidth);
    return place < cols ? place : -1;
}

void GridGeometry::keepRowsBetween(double top, double bottom)
{
    const double origin = cells.top() - scroll.y();
    const auto row = [&](double y) {
        return static_cast<int>(std::clamp((y - origin) / cellHeight, -1.0, double(rows)));
    };
    leastRow = std::max(0, row(top));
    mostRow = row(bottom);
}

int GridGeometry::firstRow() const
{
    return std::max(leastRow, static_cast<int>(scroll.y() / cellHeight));
}

int GridGeometry::lastRow() const
{
    const int seen
        = std::min(rows, static_cast<int>(std::ceil((scroll.y() + cells.height()) / cellHeight)));
    return std::min(seen - 1, mostRow);
}

int GridGeometry::firstPlace() const
{
    return std::max(0, static_cast<int>(scroll.x() / cellWidth));
}

int GridGeometry::lastPlace() const
{
    return std::min(cols, static_cast<int>(std::ceil((scroll.x() + cells.width()) / cellWidth)))
        - 1;
}

QRectF GridGeometry::barColumn(int bar) const
{
    const double first = cells.right() + barWidth * 0.16;
    return {first + bar * barWidth, cells.top(), barWidth * 0.78, cells.height()};
}

} // namespace moescope::ui
