// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/quant_blocks.h"

namespace moescope {

/// Blocks of 256 values with scales of their own for each 16 or 32: Q2_K to Q6_K, Q8_K.

namespace {

struct ScaleAndMin {
    float scale;
    float min;
};

/// The six-bit pair `i` of the eight that Q4_K and Q5_K keep in twelve bytes.
ScaleAndMin scaleAndMin(const std::byte* b, std::size_t i)
{
    if (i < 4)
        return {asFloat(byteAt(b, i) & 63U), asFloat(byteAt(b, i + 4) & 63U)};
    const std::uint32_t low = byteAt(b, i + 4);
    return {asFloat((low & 15U) | (byteAt(b, i - 4) >> 6U) << 4U),
        asFloat((low >> 4U) | (byteAt(b, i) >> 6U) << 4U)};
}

/// Six-bit scale `i` of the sixteen that Q3_K keeps in twelve bytes, minus its zero.
float scaleOfQ3(const std::byte* b, std::size_t i)
{
    const std::uint32_t low = i < 8 ? byteAt(b, i) & 15U : byteAt(b, i - 8) >> 4U;
    const std::uint32_t high = (byteAt(b, 8 + i % 4) >> (2 * (i / 4))) & 3U;
    return centred(low | high << 4U, 32);
}

/// Four bits of value `j`, in the order of Q4_K and Q5_K.
std::uint32_t fourBits(const std::byte* codes, std::size_t j)
{
    return (byteAt(codes, 32 * (j / 64) + j % 32) >> (4 * (j % 64 / 32))) & 15U;
}

} // namespace

void decodeQ2_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block + 80);
        const float dmin = halfAt(block + 82);
        for (std::size_t sub = 0; sub < 16; ++sub) {
            const float scale = d * asFloat(byteAt(block, sub) & 15U);
            const float min = dmin * asFloat(byteAt(block, sub) >> 4U);
            for (std::size_t j = 16 * sub; j < 16 * sub + 16; ++j)
                values[j] = scale * asFloat(twoBits(block + 16, j)) - min;
        }
    });
}

void decodeQ3_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block + 108);
        for (std::size_t sub = 0; sub < 16; ++sub) {
            const float scale = d * scaleOfQ3(block + 96, sub);
            for (std::size_t j = 16 * sub; j < 16 * sub + 16; ++j) {
                const std::uint32_t high = (byteAt(block, j % 32) >> (j / 32)) & 1U;
                values[j] = scale * centred(twoBits(block + 32, j) | high << 2U, 4);
            }
        }
    });
}

void decodeQ4_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        const float dmin = halfAt(block + 2);
        for (std::size_t sub = 0; sub < 8; ++sub) {
            const auto [scale, min] = scaleAndMin(block + 4, sub);
            for (std::size_t j = 32 * sub; j < 32 * sub + 32; ++j)
                values[j] = d * scale * asFloat(fourBits(block + 16, j)) - dmin * min;
        }
    });
}

void decodeQ5_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        const float dmin = halfAt(block + 2);
        for (std::size_t sub = 0; sub < 8; ++sub) {
            const auto [scale, min] = scaleAndMin(block + 4, sub);
            for (std::size_t j = 32 * sub; j < 32 * sub + 32; ++j) {
                const std::uint32_t high = (byteAt(block + 16, j % 32) >> sub) & 1U;
                values[j] = d * scale * asFloat(fourBits(block + 48, j) | high << 4U) - dmin * min;
            }
        }
    });
}

void decodeQ6_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block + 208);
        for (std::size_t sub = 0; sub < 16; ++sub) {
            const float scale = d * static_cast<float>(loadAs<std::int8_t>(block + 192 + sub));
            for (std::size_t j = 16 * sub; j < 16 * sub + 16; ++j) {
                const std::size_t half = j / 128;
                const std::size_t r = j % 128;
                const std::uint32_t low
                    = (byteAt(block, 64 * half + r % 64) >> (4 * (r / 64))) & 15U;
                const std::uint32_t high
                    = (byteAt(block + 128, 32 * half + r % 32) >> (2 * (r / 32))) & 3U;
                values[j] = scale * centred(low | high << 4U, 32);
            }
        }
    });
}

void decodeQ8_K(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const auto d = loadAs<float>(block);
        for (std::size_t j = 0; j < 256; ++j)
            values[j] = d * static_cast<float>(loadAs<std::int8_t>(block + 4 + j));
    });
}

} // namespace moescope
