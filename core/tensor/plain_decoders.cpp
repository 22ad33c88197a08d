// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>

#include "core/tensor/decoders.h"
#include "core/tensor/dtype.h"
#include "core/tensor/half.h"

namespace moescope {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

namespace {

template <typename Stored>
void decodeNumbers(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeElements<Stored>(
        from, stride, blocks, out, [](Stored value) { return static_cast<float>(value); });
}

} // namespace

void decodeF64(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<double>(from, stride, blocks, out);
}

void decodeF32(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeElements<float>(from, stride, blocks, out, [](float value) { return value; });
}

void decodeF16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeElements<std::uint16_t>(
        from, stride, blocks, out, [](std::uint16_t bits) { return expandHalf(bits); });
}

void decodeBF16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeElements<std::uint16_t>(
        from, stride, blocks, out, [](std::uint16_t bits) { return bf16ToFloat(bits); });
}

void decodeI64(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::int64_t>(from, stride, blocks, out);
}

void decodeI32(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::int32_t>(from, stride, blocks, out);
}

void decodeI16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::int16_t>(from, stride, blocks, out);
}

void decodeI8(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::int8_t>(from, stride, blocks, out);
}

void decodeU64(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::uint64_t>(from, stride, blocks, out);
}

void decodeU32(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::uint32_t>(from, stride, blocks, out);
}

void decodeU16(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::uint16_t>(from, stride, blocks, out);
}

void decodeU8(const std::byte* from, std::size_t stride, std::size_t blocks, float* out)
{
    decodeNumbers<std::uint8_t>(from, stride, blocks, out);
}

} // namespace moescope
