// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/dtype.h"

#include <array>

#include "core/tensor/half.h"

namespace moescope {

namespace {

struct Entry {
    DType dtype;
    std::string_view name;
    std::string_view safetensors;
    std::size_t bytes;
};

// In the order of DType.
constexpr std::array<Entry, 15> kEntries = {{
    {DType::F64, "f64", "F64", 8},
    {DType::F32, "f32", "F32", 4},
    {DType::F16, "f16", "F16", 2},
    {DType::BF16, "bf16", "BF16", 2},
    {DType::F8E4M3, "f8e4m3", "F8_E4M3", 1},
    {DType::F8E5M2, "f8e5m2", "F8_E5M2", 1},
    {DType::I64, "i64", "I64", 8},
    {DType::I32, "i32", "I32", 4},
    {DType::I16, "i16", "I16", 2},
    {DType::I8, "i8", "I8", 1},
    {DType::U64, "u64", "U64", 8},
    {DType::U32, "u32", "U32", 4},
    {DType::U16, "u16", "U16", 2},
    {DType::U8, "u8", "U8", 1},
    {DType::Bool, "bool", "BOOL", 1},
}};

constexpr bool inOrder()
{
    for (std::size_t i = 0; i < kEntries.size(); ++i)
        if (static_cast<std::size_t>(kEntries[i].dtype) != i)
            return false;
    return true;
}
static_assert(inOrder());

const Entry& entry(DType dtype)
{
    return kEntries[static_cast<std::size_t>(dtype)];
}

} // namespace

std::string_view dtypeName(DType dtype)
{
    return entry(dtype).name;
}

std::string_view safetensorsName(DType dtype)
{
    return entry(dtype).safetensors;
}

std::optional<DType> dtypeFromSafetensors(std::string_view name)
{
    for (const Entry& candidate : kEntries)
        if (candidate.safetensors == name)
            return candidate.dtype;
    return std::nullopt;
}

std::size_t dtypeBytes(DType dtype)
{
    return entry(dtype).bytes;
}

bool isDecodable(DType dtype)
{
    return dtype == DType::F64 || dtype == DType::F32 || dtype == DType::F16
        || dtype == DType::BF16;
}

float f16ToFloat(std::uint16_t bits)
{
    return expandHalf(bits);
}

std::uint16_t floatToBf16(float value)
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) {
        const std::uint32_t kept = bits >> 16;
        // A NaN whose payload is all in the lost half would turn into an infinity.
        return static_cast<std::uint16_t>((kept & 0x7F) != 0 ? kept : kept | 0x40);
    }
    return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

std::uint16_t floatToF16(float value)
{
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000;
    std::uint32_t magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) {
        const std::uint32_t payload = (magnitude >> 13) & 0x3FF;
        return static_cast<std::uint16_t>(sign | 0x7C00 | (payload != 0 ? payload : 0x200));
    }
    if (magnitude
        >= std::bit_cast<std::uint32_t>(65520.0F)) // half way to the first number beyond the range
        return static_cast<std::uint16_t>(sign | 0x7C00);
    if (magnitude < std::bit_cast<std::uint32_t>(0x1p-14F)) {
        // The last place of a float in [0.5, 1) is the smallest half, so that the addition rounds
        // for us.
        const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
        return static_cast<std::uint16_t>(
            sign | (std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0.5F)));
    }
    magnitude += 0xFFF + ((magnitude >> 13) & 1);
    return static_cast<std::uint16_t>(sign | ((magnitude - (112U << 23)) >> 13));
}

} // namespace moescope
