// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include <QColor>

namespace moescope::ui {

/// 256 colours from low to high.
using ColourMap = std::array<QRgb, 256>;

const ColourMap& cividis(); ///< sequential, readable with every colour vision
const ColourMap& viridis(); ///< sequential
const ColourMap& blueWhiteRed(); ///< diverging: low blue, middle white, high red

/// Entry for `t` clamped to 0..1; NaN gives the first entry.
QColor colourAt(const ColourMap& map, double t);

} // namespace moescope::ui
