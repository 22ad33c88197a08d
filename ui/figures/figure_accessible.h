// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace moescope::ui {

/// Lets assistive software read what the keyboard is on in a figure as the widget's value. Once per
/// program.
void installFigureAccessibility();

} // namespace moescope::ui
