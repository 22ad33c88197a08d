// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace moescope::ui {

class Style;

/// The application's style sheet for the style's theme and sizes. Dynamic properties it knows:
/// `role` of a QPushButton
/// ("primary", "segment", "flat") and of a QLabel ("title", "heading", "section", "muted", "null",
/// "number").
QString makeStyleSheet(const Style& style);

} // namespace moescope::ui
