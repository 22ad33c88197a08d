// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report/text_table.h"

#include <algorithm>

#include "core/report/display_width.h"
#include "core/report/number_text.h"

namespace moescope {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowestText = 12;

struct Grid {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;
    std::vector<std::size_t> widths;
    std::vector<bool> numeric;
};

Grid makeGrid(const TableFigure& table, std::size_t width)
{
    Grid grid;
    for (const auto& column : table.columns) {
        grid.header.push_back(terminalText(titleWithUnit(column.title, column.unit)));
        grid.numeric.push_back(column.numeric);
        const std::size_t wide = displayWidth(grid.header.back());
        grid.widths.push_back(column.numeric ? wide : std::min(wide, width));
    }
    for (const auto& row : table.rows) {
        std::vector<std::string> cells;
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            cells.push_back(c < row.size() ? cellText(row[c], table.columns[c]) : std::string());
            const std::size_t wide = displayWidth(cells.back());
            const std::size_t most = grid.numeric[c] ? wide : std::min(wide, width);
            grid.widths[c] = std::max(grid.widths[c], most);
        }
        grid.rows.push_back(std::move(cells));
    }
    return grid;
}

std::size_t totalWidth(const Grid& grid)
{
    std::size_t total = 0;
    for (const std::size_t w : grid.widths)
        total += w + kGap;
    return total - kGap;
}

/// Takes columns from the widest texts first; numbers are never cut.
void shrinkTexts(Grid& grid, std::size_t width)
{
    while (totalWidth(grid) > width) {
        std::size_t widest = grid.widths.size();
        for (std::size_t c = 0; c < grid.widths.size(); ++c)
            if (!grid.numeric[c] && grid.widths[c] > kNarrowestText
                && (widest == grid.widths.size() || grid.widths[c] > grid.widths[widest]))
                widest = c;
        if (widest == grid.widths.size())
            return;
        --grid.widths[widest];
    }
}

enum class LongText { Wrap, Cut };

/// One row, in as many lines as its longest text takes.
void appendRow(std::string& out, const Grid& grid, const std::vector<std::string>& cells,
    const std::vector<std::size_t>& columns, const std::vector<LongText>& handling)
{
    std::vector<std::vector<std::string>> parts;
    std::size_t lines = 1;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const std::string& text = cells[columns[i]];
        const std::size_t width = grid.widths[columns[i]];
        if (handling[i] == LongText::Wrap)
            parts.push_back(breakText(text, width));
        else
            parts.push_back({fitText(text, width)});
        lines = std::max(lines, parts.back().size());
    }
    for (std::size_t l = 0; l < lines; ++l) {
        std::string line;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const std::size_t width = grid.widths[columns[i]];
            line.append(i == 0 ? 0 : kGap, ' ');
            std::string text = l < parts[i].size() ? std::move(parts[i][l]) : std::string();
            line += grid.numeric[columns[i]] ? padLeft(std::move(text), width)
                                             : padRight(std::move(text), width);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
}

/// `repeated` columns at the start were told in full by an earlier block.
void appendBlock(std::string& out, const Grid& grid, const std::vector<std::size_t>& columns,
    std::size_t repeated)
{
    std::vector<LongText> handling(columns.size(), LongText::Wrap);
    std::fill_n(handling.begin(), repeated, LongText::Cut);
    appendRow(out, grid, grid.header, columns, handling);
    std::string rule;
    for (const std::size_t c : columns) {
        if (c != columns.front())
            rule.append(kGap, ' ');
        for (std::size_t i = 0; i < grid.widths[c]; ++i)
            rule += "─";
    }
    out += rule + "\n";
    for (const auto& row : grid.rows)
        appendRow(out, grid, row, columns, handling);
}

} // namespace

std::string cellText(const TableFigure::Cell& cell, const TableFigure::Column& column)
{
    if (const auto* number = std::get_if<double>(&cell))
        return displayNumber(*number, column.decimals);
    if (const auto* text = std::get_if<std::string>(&cell))
        return terminalText(*text);
    return {};
}

std::vector<ColumnBlock> columnBlocks(
    const TableFigure& table, std::span<const double> widths, double gap, double width)
{
    std::vector<ColumnBlock> blocks;
    if (widths.empty())
        return blocks;
    // What names the row is the first column, and the second one if it is a text.
    std::vector<std::size_t> names = {0};
    double named = widths[0];
    if (widths.size() > 2 && !table.columns[1].numeric && named + gap + widths[1] <= width / 3) {
        names.push_back(1);
        named += gap + widths[1];
    }
    for (std::size_t next = 0; next < widths.size();) {
        ColumnBlock block;
        double used = 0;
        if (next > 0) {
            block = {names, names.size()};
            used = named;
        }
        const std::size_t first = next;
        while (next < widths.size() && (next == first || used + gap + widths[next] <= width)) {
            used += widths[next] + (block.columns.empty() ? 0 : gap);
            block.columns.push_back(next++);
        }
        blocks.push_back(std::move(block));
    }
    return blocks;
}

std::string textTable(const TableFigure& table, std::size_t width)
{
    if (table.columns.empty())
        return {};
    Grid grid = makeGrid(table, width);
    shrinkTexts(grid, width);
    const std::vector<double> widths(grid.widths.begin(), grid.widths.end());
    std::string out;
    for (const ColumnBlock& block :
        columnBlocks(table, widths, static_cast<double>(kGap), static_cast<double>(width))) {
        out += out.empty() ? "" : "\n";
        appendBlock(out, grid, block.columns, block.repeated);
    }
    return out;
}

} // namespace moescope
