// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/dtype.h"

#include <array>

#include "core/base/checked.h"
#include "core/tensor/decoders.h"
#include "core/tensor/half.h"

namespace moescope {

namespace {

enum class Kind { Float, Whole };

struct Entry {
    DType dtype;
    std::string_view name;
    std::string_view safetensors;
    std::size_t blockElements;
    std::size_t blockBytes;
    Kind kind;
    BlockDecoder decode;
};

// In the order of DType.
constexpr std::array<Entry, 22> kEntries = {{
    {DType::F64, "f64", "F64", 1, 8, Kind::Float, decodeF64},
    {DType::F32, "f32", "F32", 1, 4, Kind::Float, decodeF32},
    {DType::F16, "f16", "F16", 1, 2, Kind::Float, decodeF16},
    {DType::BF16, "bf16", "BF16", 1, 2, Kind::Float, decodeBF16},
    {DType::F8E4M3, "f8e4m3", "F8_E4M3", 1, 1, Kind::Float, decodeF8E4M3},
    {DType::F8E5M2, "f8e5m2", "F8_E5M2", 1, 1, Kind::Float, decodeF8E5M2},
    {DType::F8E4M3Fnuz, "f8e4m3fnuz", "F8_E4M3FNUZ", 1, 1, Kind::Float, decodeF8E4M3Fnuz},
    {DType::F8E5M2Fnuz, "f8e5m2fnuz", "F8_E5M2FNUZ", 1, 1, Kind::Float, decodeF8E5M2Fnuz},
    {DType::F8E8M0, "f8e8m0", "F8_E8M0", 1, 1, Kind::Float, decodeF8E8M0},
    {DType::F6E2M3, "f6e2m3", "F6_E2M3", 4, 3, Kind::Float, nullptr},
    {DType::F6E3M2, "f6e3m2", "F6_E3M2", 4, 3, Kind::Float, nullptr},
    {DType::F4, "f4", "F4", 2, 1, Kind::Float, decodeF4},
    {DType::C64, "c64", "C64", 1, 8, Kind::Float, nullptr},
    {DType::I64, "i64", "I64", 1, 8, Kind::Whole, decodeI64},
    {DType::I32, "i32", "I32", 1, 4, Kind::Whole, decodeI32},
    {DType::I16, "i16", "I16", 1, 2, Kind::Whole, decodeI16},
    {DType::I8, "i8", "I8", 1, 1, Kind::Whole, decodeI8},
    {DType::U64, "u64", "U64", 1, 8, Kind::Whole, decodeU64},
    {DType::U32, "u32", "U32", 1, 4, Kind::Whole, decodeU32},
    {DType::U16, "u16", "U16", 1, 2, Kind::Whole, decodeU16},
    {DType::U8, "u8", "U8", 1, 1, Kind::Whole, decodeU8},
    {DType::Bool, "bool", "BOOL", 1, 1, Kind::Whole, decodeU8},
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

BlockLayout blockLayout(DType dtype)
{
    return {entry(dtype).blockElements, entry(dtype).blockBytes};
}

std::size_t dtypeBytes(DType dtype)
{
    return entry(dtype).blockBytes;
}

std::optional<std::uint64_t> storedBytes(DType dtype, std::uint64_t elements)
{
    const auto [blockElements, blockBytes] = blockLayout(dtype);
    if (elements % blockElements != 0)
        return std::nullopt;
    return checkedMul(elements / blockElements, blockBytes);
}

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

BlockDecoder blockDecoder(DType dtype)
{
    return entry(dtype).decode;
}

bool dtypeIsFloat(DType dtype)
{
    return entry(dtype).kind == Kind::Float;
}

bool isDecodable(DType dtype)
{
    return entry(dtype).kind == Kind::Float && entry(dtype).decode != nullptr;
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
