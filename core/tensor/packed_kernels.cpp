// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/tensor/half.h"
#include "core/tensor/vector_kernels.h"

// Included once for each target, the same ones as in vector_kernels.cpp.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/tensor/packed_kernels.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

RowKernels packedRows(DType dtype);

#if HWY_TARGET != HWY_SCALAR

namespace hn = hwy::HWY_NAMESPACE;

/// Expands packed blocks to the very floats of the scalar decoders. Each value there is an exact
/// product, less another exact product, so that a fused subtraction rounds to the same bits.

using PackedFloats = hn::ScalableTag<float>;
using PackedVector = hn::Vec<PackedFloats>;
using PackedInts = hn::Rebind<std::int32_t, PackedFloats>;
using Codes = hn::Vec<PackedInts>; ///< one small number for each float
using Bytes16 = hn::FixedTag<std::uint8_t, 16>;

constexpr std::size_t kFloats = hn::MaxLanes(PackedFloats());
/// A register holds a value for each of sixteen codes.
constexpr bool kWide = kFloats == 16;

HWY_INLINE PackedVector spread(float value)
{
    return hn::Set(PackedFloats(), value);
}

/// `kFloats` bytes, without and with sign.
HWY_INLINE Codes loadCodes(const void* from)
{
    const hn::Rebind<std::uint8_t, PackedFloats> bytes;
    return hn::PromoteTo(PackedInts(), hn::LoadU(bytes, static_cast<const std::uint8_t*>(from)));
}

HWY_INLINE Codes loadSigned(const void* from)
{
    const hn::Rebind<std::int8_t, PackedFloats> bytes;
    return hn::PromoteTo(PackedInts(), hn::LoadU(bytes, static_cast<const std::int8_t*>(from)));
}

HWY_INLINE PackedVector toFloats(Codes codes)
{
    return hn::ConvertTo(PackedFloats(), codes);
}

HWY_INLINE Codes lowHalf(Codes bytes)
{
    return hn::And(bytes, hn::Set(PackedInts(), 15));
}

HWY_INLINE Codes highHalf(Codes bytes)
{
    return hn::ShiftRight<4>(bytes);
}

/// Without instructions of its own for halves Highway does not know infinity and NaN.
HWY_INLINE float halfAt(const std::byte* from)
{
    std::uint16_t bits = 0;
    std::memcpy(&bits, from, sizeof bits);
    if constexpr (kFloats < 8)
        return expandHalf(bits);
    const hn::FixedTag<float, 4> four;
    const hn::FixedTag<std::uint16_t, 4> words;
    const hn::FixedTag<hwy::float16_t, 4> halves;
    return hn::GetLane(hn::PromoteTo(four, hn::BitCast(halves, hn::Set(words, bits))));
}

HWY_INLINE PackedVector lookUp(PackedVector table, Codes codes)
{
    return hn::TableLookupLanes(table, hn::IndicesFromVec(PackedFloats(), codes));
}

/// scale * (code - zero), less min.
template <bool kHasMin, int kZero = 0>
struct FourBitScale {
    PackedVector scale;
    PackedVector min;
    PackedVector table; ///< of wide registers: the value of each code

    HWY_INLINE FourBitScale(float factor, float subtracted)
        : scale(spread(factor))
        , min(spread(subtracted))
        , table(value(hn::Iota(PackedInts(), 0)))
    {
    }
    HWY_INLINE PackedVector value(Codes codes) const
    {
        if constexpr (kZero != 0)
            codes = hn::Sub(codes, hn::Set(PackedInts(), kZero));
        if constexpr (kHasMin)
            return hn::MulSub(scale, toFloats(codes), min);
        else
            return hn::Mul(scale, toFloats(codes));
    }
    HWY_INLINE PackedVector operator()(Codes codes) const
    {
        if constexpr (kWide)
            return lookUp(table, codes);
        else
            return value(codes);
    }
};

/// sink(column, values) for each vector of columns in ascending order.
struct BlocksOfQ8_0 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 34;
    template <typename Sink>
    static HWY_INLINE void visit(const std::byte* block, std::size_t column, Sink& sink)
    {
        const PackedVector scale = spread(halfAt(block));
#pragma GCC unroll 8
        for (std::size_t j = 0; j < kElements; j += kFloats)
            sink(column + j, hn::Mul(scale, toFloats(loadSigned(block + 2 + j))));
    }
};

struct BlocksOfQ4_0 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 18;
    template <typename Sink>
    static HWY_INLINE void visit(const std::byte* block, std::size_t column, Sink& sink)
    {
        const FourBitScale<false, 8> scale(halfAt(block), 0);
#pragma GCC unroll 4
        for (std::size_t j = 0; j < 16; j += kFloats)
            sink(column + j, scale(lowHalf(loadCodes(block + 2 + j))));
#pragma GCC unroll 4
        for (std::size_t j = 0; j < 16; j += kFloats)
            sink(column + 16 + j, scale(highHalf(loadCodes(block + 2 + j))));
    }
};

/// The eight scales of a block of Q4_K or Q5_K, multiplied out, then its eight minima.
HWY_INLINE void factorsOfK(const std::byte* block, float* factors)
{
    const hn::FixedTag<std::uint32_t, 4> words;
    // Six bits of numbers 0 to 3 in the first two words (scales, minima); their upper two bits and
    // the halves of the third make numbers 4 to 7.
    const auto packed = hn::LoadU(words, reinterpret_cast<const std::uint32_t*>(block + 4));
    const auto first = hn::And(packed, hn::Set(words, 0x3F3F3F3FU));
    const auto upper
        = hn::ShiftLeft<4>(hn::And(hn::ShiftRight<6>(packed), hn::Set(words, 0x03030303U)));
    const auto third = hn::Shuffle2301(hn::ShiftRightLanes<2>(words, packed));
    const auto halves
        = hn::OddEven(hn::ShiftRight<4>(third), hn::ShiftRightLanes<2>(words, packed));
    const auto second = hn::Or(upper, hn::And(halves, hn::Set(words, 0x0F0F0F0FU)));
    alignas(16) std::uint8_t numbers[16];
    hn::Store(
        hn::BitCast(Bytes16(), hn::InterleaveLower(words, first, second)), Bytes16(), numbers);
    const PackedVector d = spread(halfAt(block));
    const PackedVector dmin = spread(halfAt(block + 2));
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 16; i += kFloats) {
        PackedVector unit = i < 8 ? d : dmin;
        if constexpr (kWide)
            unit = hn::IfThenElse(hn::FirstN(PackedFloats(), 8), d, dmin);
        hn::Store(hn::Mul(unit, toFloats(loadCodes(numbers + i))), PackedFloats(), factors + i);
    }
}

struct BlocksOfQ4_K {
    static constexpr std::size_t kElements = 256;
    static constexpr std::size_t kBytes = 144;
    template <typename Sink>
    static HWY_INLINE void visit(const std::byte* block, std::size_t column, Sink& sink)
    {
        alignas(64) float factors[16];
        factorsOfK(block, factors);
        const std::byte* codes = block + 16;
#pragma GCC unroll 4
        for (std::size_t sub = 0; sub < 8; sub += 2, codes += 32, column += 64) {
            const FourBitScale<true> low(factors[sub], factors[8 + sub]);
            const FourBitScale<true> high(factors[sub + 1], factors[9 + sub]);
#pragma GCC unroll 8
            for (std::size_t j = 0; j < 32; j += kFloats)
                sink(column + j, low(lowHalf(loadCodes(codes + j))));
#pragma GCC unroll 8
            for (std::size_t j = 0; j < 32; j += kFloats)
                sink(column + 32 + j, high(highHalf(loadCodes(codes + j))));
        }
    }
};

struct BlocksOfQ5_K {
    static constexpr std::size_t kElements = 256;
    static constexpr std::size_t kBytes = 176;
    template <typename Sink>
    static HWY_INLINE void visit(const std::byte* block, std::size_t column, Sink& sink)
    {
        alignas(64) float factors[16];
        factorsOfK(block, factors);
        for (std::size_t sub = 0; sub < 8; ++sub) {
            const PackedVector scale = spread(factors[sub]);
            const PackedVector min = spread(factors[8 + sub]);
            const std::byte* codes = block + 48 + sub / 2 * 32;
            const Codes bit = hn::Set(PackedInts(), 1 << sub);
#pragma GCC unroll 8
            for (std::size_t j = 0; j < 32; j += kFloats) {
                const Codes bytes = loadCodes(codes + j);
                const Codes low = sub % 2 == 0 ? lowHalf(bytes) : highHalf(bytes);
                const auto isHigh = hn::TestBit(loadCodes(block + 16 + j), bit);
                const Codes high = hn::IfThenElseZero(isHigh, hn::Set(PackedInts(), 16));
                sink(column + 32 * sub + j, hn::MulSub(scale, toFloats(hn::Or(low, high)), min));
            }
        }
    }
};

struct BlocksOfQ6_K {
    static constexpr std::size_t kElements = 256;
    static constexpr std::size_t kBytes = 210;

    template <int kQuarter, typename Sink>
    static HWY_INLINE void quarter(const std::byte* low, const std::byte* high,
        const float* factors, std::size_t column, Sink& sink)
    {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < 32; j += kFloats) {
            const Codes bytes = loadCodes(low + 32 * (kQuarter % 2) + j);
            const Codes first = kQuarter < 2 ? lowHalf(bytes) : highHalf(bytes);
            const Codes two = hn::And(
                hn::ShiftRight<2 * kQuarter>(loadCodes(high + j)), hn::Set(PackedInts(), 3));
            const Codes code = hn::Or(first, hn::ShiftLeft<4>(two));
            const Codes centred = hn::Sub(code, hn::Set(PackedInts(), 32));
            sink(column + 32 * kQuarter + j,
                hn::Mul(spread(factors[2 * kQuarter + j / 16]), toFloats(centred)));
        }
    }

    template <typename Sink>
    static HWY_INLINE void visit(const std::byte* block, std::size_t column, Sink& sink)
    {
        alignas(64) float factors[16];
        const PackedVector d = spread(halfAt(block + 208));
#pragma GCC unroll 4
        for (std::size_t i = 0; i < 16; i += kFloats)
            hn::Store(
                hn::Mul(d, toFloats(loadSigned(block + 192 + i))), PackedFloats(), factors + i);
        for (std::size_t half128 = 0; half128 < 2; ++half128, column += 128) {
            const std::byte* low = block + 64 * half128;
            const std::byte* high = block + 128 + 32 * half128;
            const float* of = factors + 8 * half128;
            quarter<0>(low, high, of, column, sink);
            quarter<1>(low, high, of, column, sink);
            quarter<2>(low, high, of, column, sink);
            quarter<3>(low, high, of, column, sink);
        }
    }
};

constexpr std::uint8_t kTwiceE2M1[16]
    = {0, 1, 2, 3, 4, 6, 8, 12, 0, 1, 2, 3, 4, 6, 8, 12}; ///< sizes only

/// 2^(bits - 128): half of a scale E8M0, since the sizes above are doubled.
constexpr float halfOfE8M0(std::uint32_t bits)
{
    return std::bit_cast<float>(bits < 2 ? 0x00200000U << bits : (bits - 1) << 23);
}

/// Values of four-bit floats of one scale.
template <bool kNegativeZero>
struct Fp4Scale {
    PackedVector half;
    PackedVector table;

    HWY_INLINE explicit Fp4Scale(float halfScale)
        : half(spread(halfScale))
        , table(half)
    {
        if constexpr (kWide) {
            alignas(64) static constexpr float kValues[16] = {
                0, 1, 2, 3, 4, 6, 8, 12, kNegativeZero ? -0.0F : 0.0F, -1, -2, -3, -4, -6, -8, -12};
            table = hn::Mul(half, hn::Load(PackedFloats(), kValues));
        }
    }
    /// The values of sixteen codes, for sixteen columns.
    template <typename SixteenBytes, typename Sink>
    HWY_INLINE void operator()(SixteenBytes codes, std::size_t column, Sink& sink) const
    {
        if constexpr (kWide) {
            sink(column, lookUp(table, hn::PromoteTo(PackedInts(), codes)));
        } else {
            const Bytes16 bytes;
            const auto sizes = hn::TableLookupBytes(hn::LoadU(bytes, kTwiceE2M1), codes);
            alignas(16) std::uint8_t size[16];
            alignas(16) std::uint8_t code[16];
            hn::Store(sizes, bytes, size);
            hn::Store(codes, bytes, code);
#pragma GCC unroll 4
            for (std::size_t j = 0; j < 16; j += kFloats) {
                const Codes sign
                    = hn::ShiftLeft<28>(hn::And(loadCodes(code + j), hn::Set(PackedInts(), 8)));
                PackedVector value = hn::Mul(half, toFloats(loadCodes(size + j)));
                value = hn::Xor(value, hn::BitCast(PackedFloats(), sign));
                if constexpr (!kNegativeZero) // x + 0 is x, and 0 for both zeros
                    value = hn::Add(value, hn::Zero(PackedFloats()));
                sink(column + j, value);
            }
        }
    }
};

struct BlocksOfMxfp4 {
    static constexpr std::size_t kElements = 32;
    static constexpr std::size_t kBytes = 17;
    template <typename Sink>
    static HWY_INLINE void visit(const std::byte* block, std::size_t column, Sink& sink)
    {
        const Bytes16 bytes;
        const Fp4Scale<false> scale(halfOfE8M0(std::to_integer<std::uint32_t>(*block)));
        const auto codes = hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(block + 1));
        scale(hn::And(codes, hn::Set(bytes, 15)), column, sink);
        scale(hn::ShiftRight<4>(codes), column + 16, sink);
    }
};

/// A row and its scales, columns `from` to `to` of it; both are ends of blocks.
template <typename Blocks>
struct RowOf {
    static constexpr std::size_t kStep = 256; ///< columns between changes of the row
    template <typename Sink>
    static HWY_INLINE void visit(
        const StoredRows& rows, std::size_t row, std::size_t from, std::size_t to, Sink& sink)
    {
        const std::byte* block
            = rows.data + row * rows.stride + from / Blocks::kElements * Blocks::kBytes;
        // Short turns of many rows keep the processor from seeing the streams.
        constexpr std::size_t kTurn = kStep / Blocks::kElements * Blocks::kBytes;
#pragma GCC unroll 8
        for (std::size_t ahead = 0; ahead < kTurn; ahead += 64)
            hwy::Prefetch(block + 2 * kTurn + ahead);
        for (; from < to; from += Blocks::kElements, block += Blocks::kBytes)
            Blocks::visit(block, from, sink);
    }
};

/// Two codes a byte, the scales of 32 in bytes beside them.
struct RowOfF4 {
    static constexpr std::size_t kStep = 256;
    template <typename Sink>
    static HWY_INLINE void visit(
        const StoredRows& rows, std::size_t row, std::size_t from, std::size_t to, Sink& sink)
    {
        const Bytes16 bytes;
        const std::byte* block = rows.data + row * rows.stride + from / 2;
        const std::byte* scaleByte = rows.scales + row * rows.scaleStride + from / 32;
        for (; from < to; from += 32, block += 16, ++scaleByte) {
            const auto bits = std::to_integer<std::uint32_t>(*scaleByte);
            const Fp4Scale<true> scale(
                bits == 255 ? std::bit_cast<float>(0x7FC00000U) : halfOfE8M0(bits));
            const auto codes = hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(block));
            const auto low = hn::And(codes, hn::Set(bytes, 15));
            const auto high = hn::ShiftRight<4>(codes);
            scale(hn::InterleaveLower(bytes, low, high), from, sink);
            scale(hn::InterleaveUpper(bytes, low, high), from + 16, sink);
        }
    }
};

/// Eight-bit floats, with or without float scales for every scaleCols columns.
struct RowOfF8E4M3 {
    static constexpr std::size_t kStep = 256;

    static HWY_INLINE PackedVector load(const std::byte* from)
    {
        const PackedFloats d;
        const hn::Rebind<std::uint16_t, PackedFloats> words;
        const hn::Rebind<std::uint8_t, PackedFloats> bytes;
        const hn::Rebind<hwy::float16_t, PackedFloats> half;
        const auto code
            = hn::PromoteTo(words, hn::LoadU(bytes, reinterpret_cast<const std::uint8_t*>(from)));
        // A half has the same fields, but its exponents stand for 2^8 less.
        const auto size = hn::ShiftLeft<7>(hn::And(code, hn::Set(words, 0x7F)));
        const auto sign = hn::ShiftLeft<8>(hn::And(code, hn::Set(words, 0x80)));
        const PackedVector value
            = hn::Mul(hn::PromoteTo(d, hn::BitCast(half, hn::Or(size, sign))), spread(256));
        return hn::IfThenElse(
            hn::Eq(hn::Abs(value), spread(480)), spread(std::bit_cast<float>(0x7FC00000U)), value);
    }

    template <typename Sink>
    static HWY_INLINE void visit(
        const StoredRows& rows, std::size_t row, std::size_t from, std::size_t to, Sink& sink)
    {
        const std::byte* values = rows.data + row * rows.stride;
        while (from < to) {
            float factor = 1;
            std::size_t end = to;
            if (rows.scales) {
                const std::size_t tile = from / rows.scaleCols;
                std::memcpy(&factor, rows.scales + row * rows.scaleStride + tile * sizeof factor,
                    sizeof factor);
                end = std::min(to, (tile + 1) * rows.scaleCols);
            }
            const PackedVector scale = spread(factor);
#pragma GCC unroll 4
            for (; from + kFloats <= end; from += kFloats)
                sink(from, hn::Mul(load(values + from), scale));
            if (from < end) {
                alignas(64) std::byte padded[kFloats] = {};
                std::memcpy(padded, values + from, end - from);
                sink.tail(from, hn::Mul(load(padded), scale), end - from);
                from = end;
            }
        }
    }
};

template <std::size_t kInputs>
struct Accumulate {
    const float* inputs[kInputs];
    PackedVector sums[kInputs];

    HWY_INLINE void operator()(std::size_t column, PackedVector values)
    {
#pragma GCC unroll 4
        for (std::size_t i = 0; i < kInputs; ++i)
            sums[i] = hn::MulAdd(values, hn::LoadU(PackedFloats(), inputs[i] + column), sums[i]);
    }
    /// Zeros behind the last `count` values and inputs, as in products of floats.
    HWY_INLINE void tail(std::size_t column, PackedVector values, std::size_t count)
    {
        const PackedFloats d;
        const PackedVector kept = hn::IfThenElseZero(hn::FirstN(d, count), values);
        for (std::size_t i = 0; i < kInputs; ++i) {
            alignas(64) float padded[kFloats] = {};
            std::copy_n(inputs[i] + column, count, padded);
            sums[i] = hn::MulAdd(kept, hn::Load(d, padded), sums[i]);
        }
    }
};

struct WriteTo {
    float* out;

    HWY_INLINE void operator()(std::size_t column, PackedVector values)
    {
        hn::StoreU(values, PackedFloats(), out + column);
    }
    HWY_INLINE void tail(std::size_t column, PackedVector values, std::size_t count)
    {
        alignas(64) float padded[kFloats];
        hn::Store(values, PackedFloats(), padded);
        std::copy_n(padded, count, out + column);
    }
};

/// Rows take turns every few blocks, so that their chains of additions overlap.
template <typename Row, std::size_t kInputs>
HWY_INLINE void packedTile(
    const StoredRows& rows, const float* const* inputs, float* out, std::size_t outStride)
{
    constexpr std::size_t kRows = 8;
    const PackedFloats d;
    for (std::size_t first = 0; first < rows.count; first += kRows, out += kRows) {
        const std::size_t together = std::min(kRows, rows.count - first);
        alignas(64) float sums[kRows][kInputs][kFloats] = {};
        Accumulate<kInputs> accumulate;
        std::copy_n(inputs, kInputs, accumulate.inputs);
        for (std::size_t c = 0; c < rows.cols; c += Row::kStep) {
            const std::size_t end = std::min(c + Row::kStep, rows.cols);
            for (std::size_t r = 0; r < together; ++r) {
#pragma GCC unroll 4
                for (std::size_t i = 0; i < kInputs; ++i)
                    accumulate.sums[i] = hn::Load(d, sums[r][i]);
                Row::visit(rows, first + r, c, end, accumulate);
#pragma GCC unroll 4
                for (std::size_t i = 0; i < kInputs; ++i)
                    hn::Store(accumulate.sums[i], d, sums[r][i]);
            }
        }
        for (std::size_t i = 0; i < kInputs; ++i) {
            for (std::size_t r = 0; r < together; ++r)
                out[i * outStride + r] = hn::GetLane(hn::SumOfLanes(d, hn::Load(d, sums[r][i])));
        }
    }
}

template <typename Row>
void packedProducts(const StoredRows& rows, const float* const* inputs, std::size_t inputCount,
    float* out, std::size_t outStride)
{
    std::size_t i = 0;
    for (; i + 3 <= inputCount; i += 3)
        packedTile<Row, 3>(rows, inputs + i, out + i * outStride, outStride);
    if (i + 2 == inputCount)
        packedTile<Row, 2>(rows, inputs + i, out + i * outStride, outStride);
    else if (i < inputCount)
        packedTile<Row, 1>(rows, inputs + i, out + i * outStride, outStride);
}

template <typename Row>
void packedExpand(const StoredRows& rows, float* out)
{
    for (std::size_t r = 0; r < rows.count; ++r) {
        WriteTo write{out + r * rows.cols};
        Row::visit(rows, r, 0, rows.cols, write);
    }
}

template <typename Row>
RowKernels kernelsOf()
{
    return {packedProducts<Row>, packedExpand<Row>};
}

RowKernels packedRows(DType dtype)
{
    switch (dtype) {
    case DType::Q8_0:
        return kernelsOf<RowOf<BlocksOfQ8_0>>();
    case DType::Q4_0:
        return kernelsOf<RowOf<BlocksOfQ4_0>>();
    case DType::Q4_K:
        return kernelsOf<RowOf<BlocksOfQ4_K>>();
    case DType::Q5_K:
        return kernelsOf<RowOf<BlocksOfQ5_K>>();
    case DType::Q6_K:
        return kernelsOf<RowOf<BlocksOfQ6_K>>();
    case DType::Mxfp4:
        return kernelsOf<RowOf<BlocksOfMxfp4>>();
    case DType::F4:
        return kernelsOf<RowOfF4>();
    case DType::F8E4M3:
        return kernelsOf<RowOfF8E4M3>();
    default:
        return {};
    }
}

#else

RowKernels packedRows(DType)
{
    return {};
}

#endif

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
