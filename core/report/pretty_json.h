// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/io/json_fwd.h"

namespace moescope {

/// Indented JSON in which an array of plain values stays on one line, so that a matrix reads as rows. Ends with a line
/// break; NaN is null and broken UTF-8 becomes U+FFFD, as in dumpJson.
std::string prettyJson(const Json& value);

} // namespace moescope
