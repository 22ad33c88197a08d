// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/tensor/decoders.h"
#include "core/tensor/half.h"

namespace moescope {

/// What the decoders of GGUF's blocks share. All of them form each value from exact float products
/// in the order that the format's own programs use, so that signed zeros and denormals agree too.

/// Calls decode(block, values) for each block of `elements` values.
template <std::size_t elements, typename Decode>
inline void eachBlock(
    const std::byte* from, std::size_t stride, std::size_t blocks, float* out, Decode decode)
{
    for (std::size_t b = 0; b < blocks; ++b)
        decode(from + b * stride, out + b * elements);
}

inline std::uint32_t byteAt(const std::byte* from, std::size_t index)
{
    return std::to_integer<std::uint32_t>(from[index]);
}

inline float halfAt(const std::byte* from)
{
    return expandHalf(loadAs<std::uint16_t>(from));
}

/// Half of byte `index / 2` that holds entry `index` of a packed list.
inline std::uint32_t nibbleAt(const std::byte* from, std::size_t index)
{
    return (byteAt(from, index / 2) >> (4 * (index % 2))) & 15U;
}

/// Two bits of value `j`, in the order of Q2_K, Q3_K and TQ2_0.
inline std::uint32_t twoBits(const std::byte* codes, std::size_t j)
{
    return (byteAt(codes, 32 * (j / 128) + j % 32) >> (2 * (j % 128 / 32))) & 3U;
}

inline float asFloat(std::uint32_t value)
{
    return static_cast<float>(value);
}

inline float asFloat(std::int32_t value)
{
    return static_cast<float>(value);
}

/// `code` minus `zero`, as float.
inline float centred(std::uint32_t code, std::int32_t zero)
{
    return asFloat(static_cast<std::int32_t>(code) - zero);
}

/// Codes of four bits where the low halves of the bytes come first: value(code, index).
template <std::size_t elements, typename Value>
inline void eachHalfByte(const std::byte* from, float* out, Value value)
{
    for (std::size_t j = 0; j < elements / 2; ++j) {
        const std::uint32_t pair = byteAt(from, j);
        out[j] = value(pair & 15U, j);
        out[j + elements / 2] = value(pair >> 4U, j + elements / 2);
    }
}

} // namespace moescope
