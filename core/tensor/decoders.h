// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace moescope {

/// The decoders that the table in dtype.cpp lists; `stride` is the distance of the blocks in bytes.

template <typename T>
inline T loadAs(const std::byte* from)
{
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// Calls convert(stored) for elements of a plain type. The constant stride lets the compiler turn
/// contiguous rows into vector code.
template <typename Stored, typename Convert>
inline void decodeElements(
    const std::byte* from, std::size_t stride, std::size_t count, float* out, Convert convert)
{
    if (stride == sizeof(Stored)) {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = convert(loadAs<Stored>(from + i * sizeof(Stored)));
    } else {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = convert(loadAs<Stored>(from + i * stride));
    }
}

// plain_decoders.cpp
void decodeF64(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF32(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeBF16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeI64(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeI32(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeI16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeI8(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeU64(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeU32(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeU16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeU8(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);

// small_floats.cpp
void decodeF8E4M3(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF8E5M2(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF8E4M3Fnuz(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF8E5M2Fnuz(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF8E8M0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeF4(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);

// legacy_quants.cpp
void decodeQ4_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ4_1(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ5_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ5_1(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ8_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);

// k_quants.cpp
void decodeQ2_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ3_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ4_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ5_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ6_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeQ8_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);

// iq_quants.cpp
void decodeIQ1_S(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ1_M(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ2_XXS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ2_XS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ2_S(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ3_XXS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ3_S(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ4_NL(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeIQ4_XS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);

// ternary_and_fp4.cpp
void decodeTQ1_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeTQ2_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeMxfp4(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
void decodeNvfp4(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);

} // namespace moescope
