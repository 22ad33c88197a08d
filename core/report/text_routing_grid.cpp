// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/figure_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/report/display_width.h"
#include "core/report/figure_table.h"
#include "core/report/number_text.h"

namespace moescope {

namespace {

constexpr std::size_t kWidestLabel = 20;

struct Layout {
    std::size_t labelWidth = 0;
    std::size_t cellWidth = 1;
    std::vector<std::size_t> barWidths;
    std::size_t total = 0;
};

const RoutingGridFigure::Cell* cellAt(
    const RoutingGridFigure& grid, std::size_t row, std::size_t col)
{
    const std::size_t index = row * grid.colLabels.size() + col;
    return index < grid.cells.size() ? &grid.cells[index] : nullptr;
}

std::string valueName(const RoutingGridFigure& grid)
{
    if (!grid.valueTitle.empty())
        return grid.valueTitle;
    return grid.shadeTitle.empty() ? "value" : grid.shadeTitle;
}

std::string cellWord(const RoutingGridFigure::Cell& cell)
{
    if (cell.mark & 3U) {
        const char* side = (cell.mark & 3U) == 3 ? "AB" : (cell.mark & 1U) ? "A" : "B";
        return (cell.mark & 4U) ? std::string(side) + "!" : side;
    }
    if (std::isnan(cell.shade))
        return (cell.mark & 4U) ? "!" : "·";
    return cell.label.empty() ? "■" : terminalText(cell.label) + ((cell.mark & 4U) ? "!" : "");
}

std::string barTitle(const RoutingGridFigure::RowBar& bar)
{
    return terminalText(titleWithUnit(bar.title, bar.unit));
}

std::string barValue(const RoutingGridFigure::RowBar& bar, std::size_t row)
{
    return row < bar.values.size() ? displayNumber(bar.values[row]) : std::string();
}

std::string loadWord(double share)
{
    return displayNumber(100 * share, 0);
}

Layout layoutOf(const RoutingGridFigure& grid)
{
    Layout layout;
    layout.labelWidth = displayWidth(terminalText(grid.rowTitle));
    for (const auto& label : grid.rowLabels)
        layout.labelWidth = std::max(layout.labelWidth, displayWidth(terminalText(label)));
    layout.labelWidth = std::min(layout.labelWidth, kWidestLabel);
    if (!grid.colLoad.empty())
        layout.labelWidth = std::max<std::size_t>(layout.labelWidth, 6);
    for (const auto& label : grid.colLabels)
        layout.cellWidth = std::max(layout.cellWidth, displayWidth(terminalText(label)));
    for (const auto& cell : grid.cells)
        layout.cellWidth = std::max(layout.cellWidth, displayWidth(cellWord(cell)));
    for (const double share : grid.colLoad)
        layout.cellWidth = std::max(layout.cellWidth, displayWidth(loadWord(share)));
    layout.total = layout.labelWidth + grid.colLabels.size() * (layout.cellWidth + 1);
    for (const auto& bar : grid.rowBars) {
        std::size_t width = displayWidth(barTitle(bar));
        for (std::size_t r = 0; r < grid.rowLabels.size(); ++r)
            width = std::max(width, displayWidth(barValue(bar, r)));
        layout.barWidths.push_back(width);
        layout.total += width + 2;
    }
    return layout;
}

std::string label(const std::string& text, std::size_t width)
{
    return padRight(fitText(terminalText(text), width), width);
}

std::string asGrid(const RoutingGridFigure& grid, const Layout& layout, bool colour)
{
    std::string out = label(grid.rowTitle, layout.labelWidth);
    for (const auto& column : grid.colLabels)
        out += " " + padLeft(terminalText(column), layout.cellWidth);
    for (std::size_t b = 0; b < grid.rowBars.size(); ++b)
        out += "  " + padLeft(barTitle(grid.rowBars[b]), layout.barWidths[b]);
    out += "\n";
    for (std::size_t r = 0; r < grid.rowLabels.size(); ++r) {
        out += label(grid.rowLabels[r], layout.labelWidth);
        for (std::size_t c = 0; c < grid.colLabels.size(); ++c) {
            const auto* cell = cellAt(grid, r, c);
            const std::string word
                = padLeft(cell ? cellWord(*cell) : std::string(), layout.cellWidth);
            const bool shaded = colour && cell && !std::isnan(cell->shade);
            out += " " + (shaded ? onShade(word, cell->shade, false) : word);
        }
        for (std::size_t b = 0; b < grid.rowBars.size(); ++b)
            out += "  " + padLeft(barValue(grid.rowBars[b], r), layout.barWidths[b]);
        out += "\n";
    }
    if (!grid.colLoad.empty()) {
        out += label("load %", layout.labelWidth);
        for (std::size_t c = 0; c < grid.colLabels.size(); ++c)
            out += " "
                + padLeft(c < grid.colLoad.size() ? loadWord(grid.colLoad[c]) : std::string(),
                    layout.cellWidth);
        out += "\n";
    }
    return out;
}

/// For more columns than fit: each row names what it chose, the largest value first.
std::string asLists(const RoutingGridFigure& grid, const Layout& layout, std::size_t width)
{
    std::string out = fmt::format("Each {} with its {}s and their {}, the largest first.\n",
        terminalText(grid.rowTitle), terminalText(grid.colTitle), terminalText(valueName(grid)));
    for (std::size_t r = 0; r < grid.rowLabels.size(); ++r) {
        std::vector<std::size_t> chosen;
        for (std::size_t c = 0; c < grid.colLabels.size(); ++c)
            if (const auto* cell = cellAt(grid, r, c);
                cell && (!std::isnan(cell->shade) || cell->mark != 0))
                chosen.push_back(c);
        std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
            const float left = cellAt(grid, r, a)->number();
            const float right = cellAt(grid, r, b)->number();
            return !std::isnan(left) && (std::isnan(right) || left > right);
        });
        std::string items;
        for (const std::size_t c : chosen) {
            const auto* cell = cellAt(grid, r, c);
            items += items.empty() ? "" : "  ";
            items += terminalText(grid.colLabels[c]);
            if (cell->mark & 3U)
                items += ":" + cellWord(*cell);
            if (!std::isnan(cell->shade))
                items += fmt::format(" {:.2f}", cell->number());
        }
        for (const auto& bar : grid.rowBars)
            items += fmt::format("  {} {}", barTitle(bar), barValue(bar, r));
        std::string lines = wrapText(items, width, layout.labelWidth + 2);
        if (lines.empty())
            lines = std::string(layout.labelWidth + 2, ' ') + "\n";
        out += label(grid.rowLabels[r], layout.labelWidth) + lines.substr(layout.labelWidth);
    }
    return out;
}

} // namespace

std::string figureBodyText(const RoutingGridFigure& grid, const TextStyle& style)
{
    if (grid.rowLabels.empty() || grid.colLabels.empty())
        return "(no data)\n";
    const Layout layout = layoutOf(grid);
    std::string out = layout.total <= style.width ? asGrid(grid, layout, style.colour)
                                                  : asLists(grid, layout, style.width);
    if (!grid.colLoad.empty())
        out += fmt::format("{} down, {} across; an even load is {} % of tokens\n",
            terminalText(grid.rowTitle), terminalText(grid.colTitle),
            displayNumber(100 * grid.evenLoad));
    return out;
}

} // namespace moescope
