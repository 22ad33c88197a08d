// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>

#include "core/tensor/iq_grids.h"
#include "core/tensor/quant_blocks.h"

namespace moescope {

/// Blocks whose codes are places in a codebook: IQ1_S to IQ4_XS.

namespace {

/// Seven stored signs and an eighth that makes the number of minus signs even.
std::uint32_t evenSigns(std::uint32_t code)
{
    code &= 127U;
    return code | (static_cast<std::uint32_t>(std::popcount(code)) & 1U) << 7U;
}

/// factor * grid[j], negative where bit j of `signs` is set.
template <std::size_t count>
void signedValues(float factor, const std::int8_t* grid, std::uint32_t signs, float* values)
{
    for (std::size_t j = 0; j < count; ++j) {
        const float value = factor * static_cast<float>(grid[j]);
        values[j] = ((signs >> j) & 1U) != 0 ? -value : value;
    }
}

void shiftedValues(float factor, const std::int8_t* grid, float shift, float* values)
{
    for (std::size_t j = 0; j < 8; ++j)
        values[j] = factor * (static_cast<float>(grid[j]) + shift);
}

constexpr float kIq1Shift = 0.125F;

} // namespace

void decodeIQ2_XXS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t g = 0; g < 32; ++g) {
            const std::byte* const sub = block + 2 + 8 * (g / 4);
            const auto word = loadAs<std::uint32_t>(sub + 4);
            const float factor = d * (0.5F + asFloat(word >> 28U)) * 0.25F;
            signedValues<8>(factor, grids.iq2xxs[byteAt(sub, g % 4)].data(),
                evenSigns(word >> (7 * (g % 4))), values + 8 * g);
        }
    });
}

void decodeIQ2_XS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t g = 0; g < 32; ++g) {
            const std::uint32_t code = loadAs<std::uint16_t>(block + 2 + 2 * g);
            const float factor = d * (0.5F + asFloat(nibbleAt(block + 66, g / 2))) * 0.25F;
            signedValues<8>(
                factor, grids.iq2xs[code & 511U].data(), evenSigns(code >> 9U), values + 8 * g);
        }
    });
}

void decodeIQ2_S(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t g = 0; g < 32; ++g) {
            const std::uint32_t high = (byteAt(block + 66, g / 4) >> (2 * (g % 4))) & 3U;
            const float factor = d * (0.5F + asFloat(nibbleAt(block + 74, g / 2))) * 0.25F;
            signedValues<8>(factor, grids.iq2s[byteAt(block + 2, g) | high << 8U].data(),
                byteAt(block + 34, g), values + 8 * g);
        }
    });
}

void decodeIQ3_XXS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t g = 0; g < 64; ++g) {
            const auto word = loadAs<std::uint32_t>(block + 66 + 4 * (g / 8));
            const float factor = d * (0.5F + asFloat(word >> 28U)) * 0.5F;
            const std::uint32_t signs = evenSigns(word >> (7 * (g % 8 / 2)));
            signedValues<4>(factor, grids.iq3xxs[byteAt(block + 2, g)].data(),
                signs >> (4 * (g % 2)), values + 4 * g);
        }
    });
}

void decodeIQ3_S(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t g = 0; g < 64; ++g) {
            const std::uint32_t high = (byteAt(block + 66, g / 8) >> (g % 8)) & 1U;
            const float factor = d * asFloat(1U + 2U * nibbleAt(block + 106, g / 8));
            signedValues<4>(factor, grids.iq3s[byteAt(block + 2, g) | high << 8U].data(),
                nibbleAt(block + 74, g), values + 4 * g);
        }
    });
}

void decodeIQ1_S(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t g = 0; g < 32; ++g) {
            const std::uint32_t high = loadAs<std::uint16_t>(block + 34 + 2 * (g / 4));
            const std::uint32_t place = byteAt(block + 2, g) | ((high >> (3 * (g % 4))) & 7U) << 8U;
            const float factor = d * asFloat(2U * ((high >> 12U) & 7U) + 1U);
            shiftedValues(factor, grids.iq1s[place].data(),
                (high & 0x8000U) != 0 ? -kIq1Shift : kIq1Shift, values + 8 * g);
        }
    });
}

void decodeIQ1_M(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    const IqGrids& grids = iqGrids();
    eachBlock<256>(from, stride, blocks, out, [&](const std::byte* block, float* values) {
        // The scale of the block is spread over the top bits of the four words of scales.
        const auto word = [&](std::size_t i) {
            return std::uint32_t{loadAs<std::uint16_t>(block + 48 + 2 * i)};
        };
        const std::uint32_t bits = (word(0) >> 12U) | (word(1) >> 12U) << 4U
            | (word(2) >> 12U) << 8U | (word(3) >> 12U) << 12U;
        const float d = expandHalf(static_cast<std::uint16_t>(bits));
        for (std::size_t g = 0; g < 32; ++g) {
            const std::uint32_t high = nibbleAt(block + 32, g);
            const std::size_t u = g / 2;
            const float factor = d * asFloat(2U * ((word(u / 4) >> (3 * (u % 4))) & 7U) + 1U);
            shiftedValues(factor, grids.iq1s[byteAt(block, g) | (high & 7U) << 8U].data(),
                (high & 8U) != 0 ? -kIq1Shift : kIq1Shift, values + 8 * g);
        }
    });
}

void decodeIQ4_NL(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        eachHalfByte<32>(block + 2, values, [&](std::uint32_t code, std::size_t) {
            return d * static_cast<float>(kIq4Values[code]);
        });
    });
}

void decodeIQ4_XS(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<256>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        const std::uint32_t high = loadAs<std::uint16_t>(block + 2);
        for (std::size_t sub = 0; sub < 8; ++sub) {
            const std::uint32_t bits = nibbleAt(block + 4, sub) | ((high >> (2 * sub)) & 3U) << 4U;
            const float scale = d * centred(bits, 32);
            eachHalfByte<32>(
                block + 8 + 16 * sub, values + 32 * sub, [&](std::uint32_t code, std::size_t) {
                    return scale * static_cast<float>(kIq4Values[code]);
                });
        }
    });
}

} // namespace moescope
