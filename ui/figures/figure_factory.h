// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/report/figure.h"

class QWidget;

namespace moescope::ui {

class FigureView;
class Style;

/// The view for the figure's kind, already showing it. Owned by `parent`, or by the caller when
/// that is null.
FigureView* makeFigureView(std::shared_ptr<const Figure> figure, Style& style, QWidget* parent);

} // namespace moescope::ui
