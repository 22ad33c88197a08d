// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QImage>
#include <QString>

#include "core/base/result.h"
#include "core/report/figure.h"

class QMimeData;

namespace moescope::ui {

class FigureView;
class Style;
struct Theme;

/// Writes the figure to `path`; the suffix chooses png (twice the screen's resolution), svg, pdf,
/// csv or tsv. An older file survives any failure. Errors are one sentence that names the path.
/// `theme` null means the one on the screen.
Status exportFigure(const FigureView& view, const QString& path, const Theme* theme = nullptr);
/// Same, for a figure without a widget. Needs a QApplication.
Status exportFigure(const std::shared_ptr<const Figure>& figure, Style& style, const QString& path,
    const Theme* theme = nullptr);

/// The whole figure at `scale` device pixels a pixel.
Result<QImage> figureImage(const FigureView& view, double scale = 2, const Theme* theme = nullptr);
/// Picture and data together: image, text/plain and text/tab-separated-values (TSV), text/csv.
/// Owned by the caller.
std::unique_ptr<QMimeData> figureMimeData(const FigureView& view);

} // namespace moescope::ui
