// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/report/figure.h"

namespace moescope::test {

using FigurePointer = std::shared_ptr<const Figure>;

/// Made-up figures to draw and to test renderers with; every caption says so. Nothing of this is
/// ever shipped.
FigurePointer exampleStrip();
FigurePointer exampleLongStrip(); ///< several scripts, bytes, line breaks, generated tokens
FigurePointer exampleGrid(); ///< 11 tokens by 16 experts, loads, row bars
FigurePointer exampleWideGrid(); ///< 40 tokens by 128 experts
FigurePointer exampleLayers(); ///< tokens by layers
FigurePointer exampleComparison(); ///< marks A, B, AB and changed
FigurePointer exampleSimilarity(); ///< square map with null, a missing cell and a clustered order
FigurePointer exampleDomains(); ///< diverging map with words as labels
FigurePointer exampleSpectrum(); ///< muted, emphasised and null series, vertical markers
FigurePointer exampleRanks(); ///< markers, level, pending part
FigurePointer exampleOverlap(); ///< intervals and a null band
FigurePointer exampleLogarithmic();
FigurePointer exampleLoads(); ///< upright bars
FigurePointer exampleBudgets(); ///< bars with long names and intervals
FigurePointer exampleTable();
FigurePointer exampleVerdict();
FigurePointer exampleVerdictAgainst();

std::vector<FigurePointer> allExampleFigures();

} // namespace moescope::test
