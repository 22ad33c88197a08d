// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/small_floats.h"

#include <array>
#include <bit>
#include <cstddef>

#include "core/tensor/decoders.h"

namespace moescope {

namespace {

using Values = std::array<float, 256>;

constexpr float kNan = std::bit_cast<float>(0x7FC00000U);

/// 2^exponent for exponents from -149 to 127.
constexpr float powerOfTwo(int exponent)
{
    return std::bit_cast<float>(exponent < -126 ? 1U << (exponent + 149)
                                                : static_cast<std::uint32_t>(exponent + 127) << 23);
}

/// A float of one sign bit and these fields in which every pattern is a finite number.
constexpr float finiteValue(std::uint32_t bits, int exponentBits, int mantissaBits, int bias)
{
    const auto mantissa = static_cast<float>(bits & ((1U << mantissaBits) - 1));
    const int exponent = static_cast<int>((bits >> mantissaBits) & ((1U << exponentBits) - 1));
    const float magnitude = exponent == 0 ? mantissa * powerOfTwo(1 - bias - mantissaBits)
                                          : (mantissa + static_cast<float>(1U << mantissaBits))
            * powerOfTwo(exponent - bias - mantissaBits);
    return (bits >> (exponentBits + mantissaBits)) != 0 ? -magnitude : magnitude;
}

constexpr Values tableOf(int exponentBits, int mantissaBits, int bias)
{
    Values values{};
    for (std::uint32_t bits = 0; bits < 256; ++bits)
        values[bits] = finiteValue(bits, exponentBits, mantissaBits, bias);
    return values;
}

constexpr Values e4m3Table()
{
    Values values = tableOf(4, 3, 7);
    values[0x7F] = values[0xFF] = kNan;
    return values;
}

constexpr Values e5m2Table()
{
    Values values = tableOf(5, 2, 15);
    for (const std::size_t sign : {0x00U, 0x80U}) {
        const std::uint32_t infinity = 0x7F800000U | static_cast<std::uint32_t>(sign << 24);
        values[sign | 0x7C] = std::bit_cast<float>(infinity);
        for (std::size_t code = 0x7D; code <= 0x7F; ++code)
            values[sign | code] = kNan;
    }
    return values;
}

constexpr Values fnuzTable(int exponentBits, int mantissaBits, int bias)
{
    Values values = tableOf(exponentBits, mantissaBits, bias);
    values[0x80] = kNan;
    return values;
}

constexpr Values e8m0Table()
{
    Values values{};
    for (int bits = 0; bits < 255; ++bits)
        values[static_cast<std::size_t>(bits)] = powerOfTwo(bits - 127);
    values[255] = kNan;
    return values;
}

constexpr Values kE4M3 = e4m3Table();
constexpr Values kE5M2 = e5m2Table();
constexpr Values kE4M3Fnuz = fnuzTable(4, 3, 8);
constexpr Values kE5M2Fnuz = fnuzTable(5, 2, 16);
constexpr Values kE8M0 = e8m0Table();
constexpr std::array<float, 16> kE2M1 = {0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 3.0F, 4.0F, 6.0F, -0.0F,
    -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F, -6.0F};

void lookUp(
    const Values& values, const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeElements<std::uint8_t>(
        from, stride, blocks, out, [&](std::uint8_t bits) { return values[bits]; });
}

} // namespace

float f8e4m3ToFloat(std::uint8_t bits)
{
    return kE4M3[bits];
}

float f8e5m2ToFloat(std::uint8_t bits)
{
    return kE5M2[bits];
}

float f8e4m3FnuzToFloat(std::uint8_t bits)
{
    return kE4M3Fnuz[bits];
}

float f8e5m2FnuzToFloat(std::uint8_t bits)
{
    return kE5M2Fnuz[bits];
}

float f8e8m0ToFloat(std::uint8_t bits)
{
    return kE8M0[bits];
}

float halfPowerOfTwo(std::uint8_t bits)
{
    return powerOfTwo(bits - 128);
}

float f4ToFloat(std::uint8_t code)
{
    return kE2M1[code & 15U];
}

void decodeF8E4M3(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    lookUp(kE4M3, from, stride, blocks, out);
}

void decodeF8E5M2(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    lookUp(kE5M2, from, stride, blocks, out);
}

void decodeF8E4M3Fnuz(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    lookUp(kE4M3Fnuz, from, stride, blocks, out);
}

void decodeF8E5M2Fnuz(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    lookUp(kE5M2Fnuz, from, stride, blocks, out);
}

void decodeF8E8M0(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    lookUp(kE8M0, from, stride, blocks, out);
}

void decodeF4(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    for (std::size_t i = 0; i < blocks; ++i) {
        const auto pair = std::to_integer<std::uint8_t>(from[i * stride]);
        out[2 * i] = kE2M1[pair & 15U];
        out[2 * i + 1] = kE2M1[pair >> 4U];
    }
}

} // namespace moescope
