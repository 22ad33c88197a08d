// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiments/explore_grids.h"

namespace moescope::ui {

class RoutingGridView;

/// Shows another grid without losing the place: scroll position, column order and current cell
/// stay.
void replaceGrid(RoutingGridView& view, LazyGrid grid);

/// The selection gesture that a click or a held arrow key belongs to: keys make one step of the
/// history, clicks one each.
bool isKeyGesture();

} // namespace moescope::ui
