// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace moescope {

/// Columns that a terminal gives this UTF-8 text: 2 for CJK and most emoji, 0 for combining marks.
std::size_t displayWidth(std::string_view text);

/// Text that cannot steer a terminal: control characters, escapes and direction overrides as
/// "‹1b›", broken bytes as U+FFFD.
std::string terminalText(std::string_view text);

/// At most `width` columns; a cut is marked with "…".
std::string fitText(std::string_view text, std::size_t width);
std::string padRight(std::string text, std::size_t width);
std::string padLeft(std::string text, std::size_t width);
/// Lines of at most `width` columns, broken at spaces where there are any, each beginning with
/// `indent` spaces.
std::string wrapText(std::string_view text, std::size_t width, std::size_t indent = 0);
/// The same as a list, without a margin; words that are too long are broken too. At least one line.
std::vector<std::string> breakText(std::string_view text, std::size_t width);

} // namespace moescope
