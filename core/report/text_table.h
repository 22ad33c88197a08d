// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/report/figure.h"

namespace moescope {

/// A table for a terminal: numbers to the right, long texts in several lines, and, when it is still
/// too wide, blocks of columns one below the other that repeat the row's name. Nothing is left out.
std::string textTable(const TableFigure& table, std::size_t width);

/// Columns that stand side by side where a table is too wide for all of them.
struct ColumnBlock {
    std::vector<std::size_t> columns;
    std::size_t repeated = 0; ///< at its start, told in full by an earlier block
};
/// Every column in one block of at most `width`, or alone where it is wider than that; later
/// blocks repeat what names the row. `widths` is one a column, `gap` stands between two.
std::vector<ColumnBlock> columnBlocks(
    const TableFigure& table, std::span<const double> widths, double gap, double width);

/// One cell for people: text made safe for a terminal, numbers by the column's decimals.
std::string cellText(const TableFigure::Cell& cell, const TableFigure::Column& column);

} // namespace moescope
