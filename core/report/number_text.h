// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace moescope {

/// Shortest decimal that reads back as the same number; "" for NaN, "inf" and "-inf" for
/// infinities.
std::string exactNumber(double value);
/// The double whose shortest decimal is that of `value`: 0.3F becomes 0.3, not 0.30000001192092896.
double plainDouble(float value);

/// For people, with real minus signs (U+2212): `decimals` fixed ones, or four significant digits
/// when it is negative (whole numbers in full); "–" for NaN.
std::string displayNumber(double value, int decimals = -1);

/// "margin (logit)", or the title alone without a unit.
std::string titleWithUnit(std::string_view title, std::string_view unit);

} // namespace moescope
