// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "core/tensor/quant_blocks.h"
#include "core/tensor/small_floats.h"

namespace moescope {

/// Blocks of three values a code (TQ1_0, TQ2_0) and of four-bit floats (MXFP4, NVFP4).

namespace {

/// E2M1 doubled; here the code 8 is a plain zero, unlike in safetensors.
constexpr std::array<std::int8_t, 16> kFp4
    = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

float fp4(std::uint32_t code)
{
    return static_cast<float>(kFp4[code]);
}

/// Digit `n` of a byte that holds base-3 digits as a fraction of 256, minus one.
float ternaryDigit(std::uint32_t byte, std::size_t n)
{
    constexpr std::array<std::uint32_t, 5> kPowers = {1, 3, 9, 27, 81};
    return centred((((byte * kPowers[n]) & 255U) * 3U) >> 8U, 1);
}

/// Half the scale of NVFP4: E4M3 without sign, whose last code is zero here.
float halfScale(std::uint8_t bits)
{
    const std::uint8_t code = bits & 0x7FU;
    return code == 0x7F ? 0.0F : 0.5F * f8e4m3ToFloat(code);
}

} // namespace

void decodeTQ1_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block + 52);
        for (std::size_t j = 0; j < 160; ++j)
            values[j] = d * ternaryDigit(byteAt(block, j % 32), j / 32);
        for (std::size_t j = 0; j < 80; ++j)
            values[160 + j] = d * ternaryDigit(byteAt(block + 32, j % 16), j / 16);
        for (std::size_t j = 0; j < 16; ++j)
            values[240 + j] = d * ternaryDigit(byteAt(block + 48, j % 4), j / 4);
    });
}

void decodeTQ2_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block + 64);
        for (std::size_t j = 0; j < 256; ++j)
            values[j] = d * centred(twoBits(block, j), 1);
    });
}

void decodeMxfp4(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float half = halfPowerOfTwo(loadAs<std::uint8_t>(block));
        eachHalfByte<32>(
            block + 1, values, [&](std::uint32_t code, std::size_t) { return half * fp4(code); });
    });
}

void decodeNvfp4(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<64>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        for (std::size_t sub = 0; sub < 4; ++sub) {
            const float scale = halfScale(loadAs<std::uint8_t>(block + sub));
            eachHalfByte<16>(block + 4 + 8 * sub, values + 16 * sub,
                [&](std::uint32_t code, std::size_t) { return scale * fp4(code); });
        }
    });
}

} // namespace moescope
