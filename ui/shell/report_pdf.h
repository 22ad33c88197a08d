// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace moescope {
struct Report;
}

namespace moescope::ui {

class Style;

/// The report on A4 pages: findings, then every figure as large as the page is wide, drawn as
/// vectors in the colours of paper. Tables end after their first 40 rows and say so; figures higher
/// than a page go on on the next.
QByteArray reportPdf(const Report& report, Style& style);

} // namespace moescope::ui
