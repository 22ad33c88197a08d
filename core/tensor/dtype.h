// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace moescope {

/// Elements of safetensors files, then the packed blocks of GGUF files. What is known of each is in
/// the table of dtype.cpp.
enum class DType : std::uint8_t {
    F64,
    F32,
    F16,
    BF16,
    F8E4M3,
    F8E5M2,
    F8E4M3Fnuz,
    F8E5M2Fnuz,
    F8E8M0,
    F6E2M3,
    F6E3M2,
    F4,
    C64,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
    Q8_K,
    IQ1_S,
    IQ1_M,
    IQ2_XXS,
    IQ2_XS,
    IQ2_S,
    IQ3_XXS,
    IQ3_S,
    IQ4_NL,
    IQ4_XS,
    TQ1_0,
    TQ2_0,
    Mxfp4,
    Nvfp4
};

/// Elements that cannot be stored alone form blocks: two F4 share a byte, 256 Q4_K share 144 bytes.
/// Everything else is a block of one element.
struct BlockLayout {
    std::size_t elements = 1;
    std::size_t bytes = 1;
};
BlockLayout blockLayout(DType dtype);
/// Bytes of one block; of one element where a block is one element.
std::size_t dtypeBytes(DType dtype);
/// Bytes that so many elements take; nothing when they end inside a block or the size does not fit
/// 64 bits.
std::optional<std::uint64_t> storedBytes(DType dtype, std::uint64_t elements);

/// "bf16", "f32", ...
std::string_view dtypeName(DType dtype);
/// The names that files use ("BF16", "F8_E4M3", "Q4_K", ...).
std::string_view safetensorsName(DType dtype);
/// Knows safetensors' own types only.
std::optional<DType> dtypeFromSafetensors(std::string_view name);
/// By the number that GGUF files use.
std::optional<DType> dtypeFromGguf(std::uint32_t number);

/// Decodes `blocks` blocks that lie `stride` bytes apart, one after the other, to float.
using BlockDecoder
    = void (*)(const std::byte* from, std::size_t stride, std::size_t blocks, float* out);
/// Null for the types whose values have no float (complex) or no published packing (six bits).
BlockDecoder blockDecoder(DType dtype);
/// Floating-point numbers, complex ones included, however they are packed.
bool dtypeIsFloat(DType dtype);
/// True for the floating-point types that can be decoded to float here (f64 is rounded).
bool isDecodable(DType dtype);

inline float bf16ToFloat(std::uint16_t bits)
{
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}
/// IEEE half, denormals, infinities and NaN included.
float f16ToFloat(std::uint16_t bits);
/// Round to nearest even.
std::uint16_t floatToBf16(float value);
std::uint16_t floatToF16(float value);

} // namespace moescope
