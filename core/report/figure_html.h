// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "core/report/figure.h"

namespace moescope {

/// Text for HTML content and quoted attributes: markup escaped, control characters and direction
/// overrides made visible.
std::string htmlText(std::string_view text);

/// The figure's data as tables and chips; the classes are those of reportToHtml's style sheet. Long
/// ones are cut with a note.
std::string figureToHtml(const Figure& figure);

} // namespace moescope
