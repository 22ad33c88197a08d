// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "core/base/result.h"

namespace moescope {
struct Report;
}

namespace moescope::ui {

class Page;
class Style;

/// Writes what the page found to `path`; the suffix chooses json, md, html or pdf (the report) or
/// png (the page as it looks, twice the screen's resolution). An older file survives any failure.
/// Unfinished reports say so in themselves.
Status exportPage(Page& page, Style& style, const QString& path);
/// Every figure of the page as PNG, SVG and CSV in `folder`, which is made if it is missing.
Status exportFigures(const Page& page, Style& style, const QString& folder);
/// Name for an exported file, without suffix: "explore-native".
QString exportStem(const Report& report);

} // namespace moescope::ui
