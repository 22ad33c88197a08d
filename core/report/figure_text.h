// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/report/figure.h"

namespace moescope {

struct TextStyle {
    std::size_t width = 100;
    bool colour = false;
};

/// The body of a figure for a terminal, without its title and caption; ends with a line break.
std::string figureBodyText(const HeatMapFigure& map, const TextStyle& style);
std::string figureBodyText(const RoutingGridFigure& grid, const TextStyle& style);
std::string figureBodyText(const LineFigure& figure, const TextStyle& style);
std::string figureBodyText(const BarFigure& figure, const TextStyle& style);

/// `text` on a background of this grey, in a readable ink; `level` in [0, 1], negative levels are
/// blue, positive ones of a diverging scale red.
std::string onShade(const std::string& text, double level, bool diverging);

} // namespace moescope
