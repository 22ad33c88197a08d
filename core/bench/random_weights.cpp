// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/bench/random_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/base/random.h"

namespace moescope::bench {

namespace {

template <typename T>
void store(std::byte* to, T value)
{
    std::memcpy(to, &value, sizeof value);
}

/// Stores `value` as a half and returns what that holds.
float storeHalf(std::byte* to, float value)
{
    const std::uint16_t bits = floatToF16(value);
    store(to, bits);
    return f16ToFloat(bits);
}

/// value / unit to the nearest whole number from `low` to `high`; 0 without a unit.
int nearest(float value, float unit, int low, int high)
{
    return unit > 0 ? std::clamp(static_cast<int>(std::lround(value / unit)), low, high) : 0;
}

float largestSize(std::span<const float> values)
{
    float largest = 0;
    for (const float value : values)
        largest = std::max(largest, std::abs(value));
    return largest;
}

void encodeQ8_0(std::span<const float> values, std::byte* block)
{
    const float d = storeHalf(block, largestSize(values) / 127);
    for (std::size_t j = 0; j < values.size(); ++j)
        block[2 + j] = static_cast<std::byte>(nearest(values[j], d, -127, 127));
}

void encodeQ4_K(std::span<const float> values, std::byte* block)
{
    constexpr std::size_t kSub = 32;
    std::array<float, 8> scales{};
    std::array<float, 8> mins{}; // subtracted, so that they count upwards from zero
    for (std::size_t sub = 0; sub < 8; ++sub) {
        const auto [low, high] = std::ranges::minmax(values.subspan(kSub * sub, kSub));
        mins[sub] = std::max(0.0F, -low);
        scales[sub] = (high + mins[sub]) / 15;
    }
    const float d = storeHalf(block, std::max(0.0F, *std::ranges::max_element(scales)) / 63);
    const float dmin = storeHalf(block + 2, *std::ranges::max_element(mins) / 63);
    std::fill(block + 4, block + 144, std::byte{});
    for (std::size_t sub = 0; sub < 8; ++sub) {
        const int scale = nearest(scales[sub], d, 0, 63);
        const int min = nearest(mins[sub], dmin, 0, 63);
        std::byte* const packed = block + 4 + sub % 4;
        if (sub < 4) {
            packed[0] |= static_cast<std::byte>(scale);
            packed[4] |= static_cast<std::byte>(min);
        } else {
            packed[8] |= static_cast<std::byte>((scale & 15) | (min & 15) << 4);
            packed[0] |= static_cast<std::byte>(scale >> 4 << 6);
            packed[4] |= static_cast<std::byte>(min >> 4 << 6);
        }
        std::byte* const codes = block + 16 + 32 * (sub / 2);
        for (std::size_t j = 0; j < kSub; ++j) {
            const float lifted = values[kSub * sub + j] + dmin * static_cast<float>(min);
            const int code = nearest(lifted, d * static_cast<float>(scale), 0, 15);
            codes[j] |= static_cast<std::byte>(sub % 2 == 0 ? code : code << 4);
        }
    }
}

void encodeMxfp4(std::span<const float> values, std::byte* block)
{
    constexpr std::array<float, 8> kSizes = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6};
    const float largest = largestSize(values);
    // The largest value is between 4 and 8 times the scale.
    const int exponent = largest > 0 ? std::ilogb(largest) - 2 : 0;
    const float scale = std::ldexp(1.0F, exponent);
    block[0] = static_cast<std::byte>(exponent + 127);
    for (std::size_t j = 0; j < values.size() / 2; ++j) {
        std::uint32_t pair = 0;
        for (const std::size_t half : {std::size_t{0}, std::size_t{1}}) {
            const float value = values[j + half * values.size() / 2] / scale;
            const auto off = [&](float size) { return std::abs(std::abs(value) - size); };
            const auto best = std::ranges::min_element(kSizes, {}, off) - kSizes.begin();
            const auto code = static_cast<std::uint32_t>(best) | (value < 0 ? 8U : 0U);
            pair |= code << (4 * half);
        }
        block[1 + j] = static_cast<std::byte>(pair);
    }
}

using Encode = void (*)(std::span<const float> values, std::byte* block);

Encode encoder(DType dtype)
{
    switch (dtype) {
    case DType::F32:
        return [](std::span<const float> values, std::byte* to) { store(to, values.front()); };
    case DType::BF16:
        return [](std::span<const float> values, std::byte* to) {
            store(to, floatToBf16(values.front()));
        };
    case DType::Q8_0:
        return encodeQ8_0;
    case DType::Q4_K:
        return encodeQ4_K;
    case DType::Mxfp4:
        return encodeMxfp4;
    default:
        return nullptr;
    }
}

} // namespace

bool canEncode(DType dtype)
{
    return encoder(dtype) != nullptr;
}

std::vector<std::byte> randomWeights(DType dtype, std::size_t count, double spread)
{
    Random random(11);
    const BlockLayout layout = blockLayout(dtype);
    const Encode encode = encoder(dtype);
    std::vector<float> values(layout.elements);
    std::vector<std::byte> stored(count / layout.elements * layout.bytes);
    for (std::size_t at = 0; at < stored.size(); at += layout.bytes) {
        for (float& value : values)
            value = static_cast<float>(spread * random.normal());
        encode(values, stored.data() + at);
    }
    return stored;
}

} // namespace moescope::bench
