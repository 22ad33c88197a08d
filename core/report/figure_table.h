// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/report/figure.h"

namespace moescope {

/// A figure's data as one plain table, which CSV, Markdown and HTML share:
/// heat map: a row per row, a column per column (never in clustered order); lines: a row per point
/// of every series, band, marker, level and gap; bars: a row per bar; token strip: a row per token;
/// routing grid: a row per cell that is chosen, marked or has a probability; verdict: a row for
/// the answer and one per test, its numbers in columns of their own.
TableFigure figureTable(const Figure& figure);

/// The same for readers of a page: a routing grid keeps its shape (label, else number, of every
/// chosen or marked cell), or, when it has more than `widest` columns, names in each row what was
/// chosen; a verdict is its verdictWords().
TableFigure readableTable(const Figure& figure, std::size_t widest = 32);

/// The tests of a verdict as people read them: test, value, null, what it points to.
TableFigure verdictWords(const VerdictFigure& figure);

/// A row per finding, its numbers in columns of their own.
TableFigure findingsTable(const std::vector<Finding>& findings);

/// What a grid's cell says: its label, else which sides chose it, else its number; and whether an
/// intervention changed it.
std::string cellWords(const RoutingGridFigure::Cell& cell);

/// What a test says about the claim: "as random", "too small to count", "unlike random, but does
/// not decide".
std::string standingText(const VerdictFigure::Row& row);
/// The row's direction, and beside it how a test without a vote stands to its null.
std::string directionText(const VerdictFigure::Row& row);

/// A note of several lines on one.
std::string oneLine(const std::string& note);
/// Label of row or column `index`, or its number when there are no labels.
std::string labelAt(const std::vector<std::string>& labels, std::size_t index);
/// "A", "B", "both", each with "changed" where an intervention changed the cell; empty without a
/// mark.
std::string markText(std::uint8_t mark);

} // namespace moescope
