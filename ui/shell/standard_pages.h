// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace moescope::ui {

class Program;

/// Puts the pages that work into the program's window, in the order of the rail.
void addStandardPages(Program& program);

} // namespace moescope::ui
