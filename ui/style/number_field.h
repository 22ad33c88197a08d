// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QAbstractSpinBox;

namespace moescope::ui {

/// Undo and redo stay with the field only while something typed into it was not taken over; else
/// they are the window's, as its menu says.
void handOnUndo(QAbstractSpinBox* field);

} // namespace moescope::ui
