// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/quant_blocks.h"

namespace moescope {

/// Blocks of 32 values with one scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0.

void decodeQ4_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        eachHalfByte<32>(block + 2, values,
            [&](std::uint32_t code, std::size_t) { return d * centred(code, 8); });
    });
}

void decodeQ4_1(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        const float m = halfAt(block + 2);
        eachHalfByte<32>(block + 4, values,
            [&](std::uint32_t code, std::size_t) { return d * asFloat(code) + m; });
    });
}

void decodeQ5_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        const auto high = loadAs<std::uint32_t>(block + 2);
        eachHalfByte<32>(block + 6, values, [&](std::uint32_t code, std::size_t j) {
            return d * centred(code | ((high >> j) & 1U) << 4U, 16);
        });
    });
}

void decodeQ5_1(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        const float m = halfAt(block + 2);
        const auto high = loadAs<std::uint32_t>(block + 4);
        eachHalfByte<32>(block + 8, values, [&](std::uint32_t code, std::size_t j) {
            return d * asFloat(code | ((high >> j) & 1U) << 4U) + m;
        });
    });
}

void decodeQ8_0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    eachBlock<32>(from, stride, blocks, out, [](const std::byte* block, float* values) {
        const float d = halfAt(block);
        for (std::size_t j = 0; j < 32; ++j)
            values[j] = d * static_cast<float>(loadAs<std::int8_t>(block + 2 + j));
    });
}

} // namespace moescope
