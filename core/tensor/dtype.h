// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace moescope {

enum class DType : std::uint8_t {
    F64, F32, F16, BF16, F8E4M3, F8E5M2, I64, I32, I16, I8, U64, U32, U16, U8, Bool
};

/// "bf16", "f32", ...
std::string_view dtypeName(DType dtype);
/// The names that safetensors uses ("BF16", "F8_E4M3", ...).
std::string_view safetensorsName(DType dtype);
std::optional<DType> dtypeFromSafetensors(std::string_view name);
std::size_t dtypeBytes(DType dtype);
/// True for the types that can be decoded to float here: f64 (rounded), f32, f16, bf16.
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
