// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QByteArray>

namespace moescope {
struct Figure;
struct Report;
} // namespace moescope

namespace moescope::ui {

class Style;

/// The report on A4 pages: findings, then every figure as large as the page is wide, drawn as
/// vectors in the colours of paper. Tables end after their first 36 rows and say so; figures higher
/// than a page go on on the next.
QByteArray reportPdf(const Report& report, Style& style);

/// What of a figure is printed one after the other on paper of `width`: a wide table in parts that
/// repeat its first columns, since numbers that are shrunk to fit cannot be read.
std::vector<std::shared_ptr<const Figure>> paperParts(
    const Figure& figure, Style& style, double width);

} // namespace moescope::ui
