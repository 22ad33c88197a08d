// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFont>
#include <QString>

namespace moescope::ui {

/// True for scripts whose letters join, stack or reorder, such as Arabic or Devanagari, and for
/// combining marks.
bool needsShaping(const QString& text);

/// The font with shaping on where the text needs it. Style::mono() goes without, since ligatures
/// would draw "<|" or "->" as one sign that the text does not hold.
QFont fontFor(QFont font, const QString& text);

} // namespace moescope::ui
