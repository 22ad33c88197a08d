// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>

namespace moescope {

/// An IEEE half as float, without branches, so that loops over it become vector code. Exact: signs,
/// denormals, infinities and the payload of NaN are kept.
inline float expandHalf(std::uint16_t bits)
{
    const std::uint32_t sign = (bits & 0x8000U) << 16;
    const std::uint32_t magnitude = bits & 0x7FFFU;
    const std::uint32_t infinite = (magnitude << 13) | 0x7F800000U;
    const std::uint32_t normal = (magnitude << 13) + (112U << 23);
    // 0.5 + n * 2^-24 holds the denormal n exactly in its last places.
    const float shifted = std::bit_cast<float>(magnitude | 0x3F000000U) - 0.5F;
    const auto denormal = std::bit_cast<std::uint32_t>(shifted);
    const std::uint32_t finite = magnitude < 0x0400U ? denormal : normal;
    return std::bit_cast<float>(sign | (magnitude >= 0x7C00U ? infinite : finite));
}

} // namespace moescope
