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
    // Masks from a borrowed bit: a comparison would become a branch, and the loop not vector code.
    const std::uint32_t isDenormal = 0U - ((magnitude - 0x0400U) >> 31);
    const std::uint32_t isInfinite = 0U - ((0x7BFFU - magnitude) >> 31);
    return std::bit_cast<float>(sign | (denormal & isDenormal)
        | (normal & ~isDenormal & ~isInfinite) | (infinite & isInfinite));
}

} // namespace moescope
