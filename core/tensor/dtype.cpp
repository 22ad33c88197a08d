// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/dtype.h"

#include <array>

#include "core/base/checked.h"
#include "core/tensor/decoders.h"
#include "core/tensor/half.h"

namespace moescope {

namespace {

enum class Kind { Float, Whole, Blocks };

struct Entry {
    DType dtype;
    std::string_view name;
    std::string_view fileName;
    int gguf; ///< its number in GGUF files
    std::size_t blockElements;
    std::size_t blockBytes;
    Kind kind;
    BlockDecoder decode;
};

constexpr int kNone = -1;

// In the order of DType.
constexpr std::array<Entry, 46> kEntries = {{
    {DType::F64, "f64", "F64", 28, 1, 8, Kind::Float, decodeF64},
    {DType::F32, "f32", "F32", 0, 1, 4, Kind::Float, decodeF32},
    {DType::F16, "f16", "F16", 1, 1, 2, Kind::Float, decodeF16},
    {DType::BF16, "bf16", "BF16", 30, 1, 2, Kind::Float, decodeBF16},
    {DType::F8E4M3, "f8e4m3", "F8_E4M3", kNone, 1, 1, Kind::Float, decodeF8E4M3},
    {DType::F8E5M2, "f8e5m2", "F8_E5M2", kNone, 1, 1, Kind::Float, decodeF8E5M2},
    {DType::F8E4M3Fnuz, "f8e4m3fnuz", "F8_E4M3FNUZ", kNone, 1, 1, Kind::Float, decodeF8E4M3Fnuz},
    {DType::F8E5M2Fnuz, "f8e5m2fnuz", "F8_E5M2FNUZ", kNone, 1, 1, Kind::Float, decodeF8E5M2Fnuz},
    {DType::F8E8M0, "f8e8m0", "F8_E8M0", kNone, 1, 1, Kind::Float, decodeF8E8M0},
    {DType::F6E2M3, "f6e2m3", "F6_E2M3", kNone, 4, 3, Kind::Float, nullptr},
    {DType::F6E3M2, "f6e3m2", "F6_E3M2", kNone, 4, 3, Kind::Float, nullptr},
    {DType::F4, "f4", "F4", kNone, 2, 1, Kind::Float, decodeF4},
    {DType::C64, "c64", "C64", kNone, 1, 8, Kind::Float, nullptr},
    {DType::I64, "i64", "I64", 27, 1, 8, Kind::Whole, decodeI64},
    {DType::I32, "i32", "I32", 26, 1, 4, Kind::Whole, decodeI32},
    {DType::I16, "i16", "I16", 25, 1, 2, Kind::Whole, decodeI16},
    {DType::I8, "i8", "I8", 24, 1, 1, Kind::Whole, decodeI8},
    {DType::U64, "u64", "U64", kNone, 1, 8, Kind::Whole, decodeU64},
    {DType::U32, "u32", "U32", kNone, 1, 4, Kind::Whole, decodeU32},
    {DType::U16, "u16", "U16", kNone, 1, 2, Kind::Whole, decodeU16},
    {DType::U8, "u8", "U8", kNone, 1, 1, Kind::Whole, decodeU8},
    {DType::Bool, "bool", "BOOL", kNone, 1, 1, Kind::Whole, decodeU8},
    {DType::Q4_0, "q4_0", "Q4_0", 2, 32, 18, Kind::Blocks, decodeQ4_0},
    {DType::Q4_1, "q4_1", "Q4_1", 3, 32, 20, Kind::Blocks, decodeQ4_1},
    {DType::Q5_0, "q5_0", "Q5_0", 6, 32, 22, Kind::Blocks, decodeQ5_0},
    {DType::Q5_1, "q5_1", "Q5_1", 7, 32, 24, Kind::Blocks, decodeQ5_1},
    {DType::Q8_0, "q8_0", "Q8_0", 8, 32, 34, Kind::Blocks, decodeQ8_0},
    {DType::Q2_K, "q2_k", "Q2_K", 10, 256, 84, Kind::Blocks, decodeQ2_K},
    {DType::Q3_K, "q3_k", "Q3_K", 11, 256, 110, Kind::Blocks, decodeQ3_K},
    {DType::Q4_K, "q4_k", "Q4_K", 12, 256, 144, Kind::Blocks, decodeQ4_K},
    {DType::Q5_K, "q5_k", "Q5_K", 13, 256, 176, Kind::Blocks, decodeQ5_K},
    {DType::Q6_K, "q6_k", "Q6_K", 14, 256, 210, Kind::Blocks, decodeQ6_K},
    {DType::Q8_K, "q8_k", "Q8_K", 15, 256, 292, Kind::Blocks, decodeQ8_K},
    {DType::IQ1_S, "iq1_s", "IQ1_S", 19, 256, 50, Kind::Blocks, decodeIQ1_S},
    {DType::IQ1_M, "iq1_m", "IQ1_M", 29, 256, 56, Kind::Blocks, decodeIQ1_M},
    {DType::IQ2_XXS, "iq2_xxs", "IQ2_XXS", 16, 256, 66, Kind::Blocks, decodeIQ2_XXS},
    {DType::IQ2_XS, "iq2_xs", "IQ2_XS", 17, 256, 74, Kind::Blocks, decodeIQ2_XS},
    {DType::IQ2_S, "iq2_s", "IQ2_S", 22, 256, 82, Kind::Blocks, decodeIQ2_S},
    {DType::IQ3_XXS, "iq3_xxs", "IQ3_XXS", 18, 256, 98, Kind::Blocks, decodeIQ3_XXS},
    {DType::IQ3_S, "iq3_s", "IQ3_S", 21, 256, 110, Kind::Blocks, decodeIQ3_S},
    {DType::IQ4_NL, "iq4_nl", "IQ4_NL", 20, 32, 18, Kind::Blocks, decodeIQ4_NL},
    {DType::IQ4_XS, "iq4_xs", "IQ4_XS", 23, 256, 136, Kind::Blocks, decodeIQ4_XS},
    {DType::TQ1_0, "tq1_0", "TQ1_0", 34, 256, 54, Kind::Blocks, decodeTQ1_0},
    {DType::TQ2_0, "tq2_0", "TQ2_0", 35, 256, 66, Kind::Blocks, decodeTQ2_0},
    {DType::Mxfp4, "mxfp4", "MXFP4", 39, 32, 17, Kind::Blocks, decodeMxfp4},
    {DType::Nvfp4, "nvfp4", "NVFP4", 40, 64, 36, Kind::Blocks, decodeNvfp4},
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
    return entry(dtype).fileName;
}

std::optional<DType> dtypeFromSafetensors(std::string_view name)
{
    for (const Entry& candidate : kEntries)
        if (candidate.kind != Kind::Blocks && candidate.fileName == name)
            return candidate.dtype;
    return std::nullopt;
}

std::optional<DType> dtypeFromGguf(std::uint32_t number)
{
    for (const Entry& candidate : kEntries)
        if (candidate.gguf != kNone && static_cast<std::uint32_t>(candidate.gguf) == number)
            return candidate.dtype;
    return std::nullopt;
}

BlockDecoder blockDecoder(DType dtype)
{
    return entry(dtype).decode;
}

bool dtypeIsFloat(DType dtype)
{
    return entry(dtype).kind != Kind::Whole;
}

bool isDecodable(DType dtype)
{
    return entry(dtype).kind != Kind::Whole && entry(dtype).decode != nullptr;
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
