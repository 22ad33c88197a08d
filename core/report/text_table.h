// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/report/figure.h"

namespace moescope {

/// A table for a terminal: numbers to the right, long texts in several lines, and, when it is still
/// too wide, blocks of columns one below the other that repeat the row's name. Nothing is left out.
std::string textTable(const TableFigure& table, std::size_t width);

/// One cell for people: text made safe for a terminal, numbers by the column's decimals.
std::string cellText(const TableFigure::Cell& cell, const TableFigure::Column& column);

} // namespace moescope
