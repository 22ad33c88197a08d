// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace moescope {

/// The eight-bit and four-bit floats, all exact.

/// Four bits of exponent (bias 7), three of mantissa; no infinity, 0x7F and 0xFF are NaN.
float f8e4m3ToFloat(std::uint8_t bits);
/// Five bits of exponent (bias 15), two of mantissa; infinities and NaN as in IEEE.
float f8e5m2ToFloat(std::uint8_t bits);
/// The variants without infinity and negative zero: bias 8 and 16, 0x80 is NaN.
float f8e4m3FnuzToFloat(std::uint8_t bits);
float f8e5m2FnuzToFloat(std::uint8_t bits);
/// A power of two, 2^(bits - 127); 255 is NaN.
float f8e8m0ToFloat(std::uint8_t bits);
/// Half of that as GGUF counts, where 255 is a number too: 2^(bits - 128).
float halfPowerOfTwo(std::uint8_t bits);
/// 0, 0.5, 1, 1.5, 2, 3, 4, 6 for the codes 0 to 7, and their negatives (-0 first) for 8 to 15.
float f4ToFloat(std::uint8_t code);

} // namespace moescope
