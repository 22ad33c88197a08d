// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Included once for each target, so that the guard alternates where others have #pragma once.
#if defined(MOESCOPE_CORE_TENSOR_PACKED_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef MOESCOPE_CORE_TENSOR_PACKED_ROWS_INL_H
#undef MOESCOPE_CORE_TENSOR_PACKED_ROWS_INL_H
#else
#define MOESCOPE_CORE_TENSOR_PACKED_ROWS_INL_H
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/tensor/half.h"
#include "core/tensor/vector_kernels.h"

#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR

/// What the kernels of packed rows share. They expand blocks to the very floats of the scalar
/// decoders: each value there is an exact product, less another exact product, so that a fused
/// subtraction rounds to the same bits.

namespace hn = hwy::HWY_NAMESPACE;

using PackedFloats = hn::ScalableTag<float>;
using PackedVector = hn::Vec<PackedFloats>;
using PackedInts = hn::Rebind<std::int32_t, PackedFloats>;
using Codes = hn::Vec<PackedInts>; ///< one small number for each float
using Bytes16 = hn::FixedTag<std::uint8_t, 16>;

constexpr std::size_t kFloats = hn::MaxLanes(PackedFloats());
/// A register holds a value for each of sixteen codes.
constexpr bool kWide = kFloats == 16;
/// Columns that a row has to itself before the next row's turn.
constexpr std::size_t kPart = 32;

constexpr std::size_t kFetchAhead = 12U << 10; ///< bytes

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
HWY_INLINE PackedVector spreadHalf(const std::byte* from)
{
    std::uint16_t bits = 0;
    std::memcpy(&bits, from, sizeof bits);
    if constexpr (kFloats < 8) {
        return spread(expandHalf(bits));
    } else {
        const hn::Rebind<std::uint16_t, PackedFloats> words;
        const hn::Rebind<hwy::float16_t, PackedFloats> halves;
        return hn::PromoteTo(PackedFloats(), hn::BitCast(halves, hn::Set(words, bits)));
    }
}

/// The value of the lower four bits of each code, of wide registers.
HWY_INLINE PackedVector lookUp(PackedVector table, Codes codes)
{
#if HWY_TARGET <= HWY_AVX3
    return hn::TableLookupLanes(table, hn::Indices512<float>{codes.raw}); // ignores upper bits
#else
    return hn::TableLookupLanes(table, hn::IndicesFromVec(PackedFloats(), lowHalf(codes)));
#endif
}

/// scale * (code - zero), less min.
template <bool kHasMin, int kZero = 0>
struct FourBitScale {
    PackedVector scale;
    PackedVector min;
    PackedVector table; ///< of wide registers: the value of each code

    HWY_INLINE FourBitScale(PackedVector factor, PackedVector subtracted)
        : scale(factor)
        , min(subtracted)
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
    /// The values of the lower halves of bytes, then of the upper ones.
    HWY_INLINE PackedVector low(Codes bytes) const
    {
        if constexpr (kWide)
            return lookUp(table, bytes);
        else
            return value(lowHalf(bytes));
    }
    HWY_INLINE PackedVector high(Codes bytes) const
    {
        if constexpr (kWide)
            return lookUp(table, highHalf(bytes));
        else
            return value(highHalf(bytes));
    }
};

/// Products of kRows rows with kInputs inputs.
template <std::size_t kRows, std::size_t kInputs>
struct Accumulate {
    const float* inputs[kInputs];
    PackedVector sums[kRows][kInputs];

    HWY_INLINE void operator()(std::size_t row, std::size_t column, PackedVector values)
    {
#pragma GCC unroll 4
        for (std::size_t i = 0; i < kInputs; ++i)
            sums[row][i]
                = hn::MulAdd(values, hn::LoadU(PackedFloats(), inputs[i] + column), sums[row][i]);
    }
    /// Zeros behind the last `count` values and inputs, as in products of floats.
    HWY_INLINE void tail(
        std::size_t row, std::size_t column, PackedVector values, std::size_t count)
    {
        const PackedFloats d;
        const PackedVector kept = hn::IfThenElseZero(hn::FirstN(d, count), values);
        for (std::size_t i = 0; i < kInputs; ++i) {
            alignas(64) float padded[kFloats] = {};
            std::copy_n(inputs[i] + column, count, padded);
            sums[row][i] = hn::MulAdd(kept, hn::Load(d, padded), sums[row][i]);
        }
    }
};

struct WriteTo {
    float* out;

    HWY_INLINE void operator()(std::size_t, std::size_t column, PackedVector values)
    {
        hn::StoreU(values, PackedFloats(), out + column);
    }
    HWY_INLINE void tail(std::size_t, std::size_t column, PackedVector values, std::size_t count)
    {
        alignas(64) float padded[kFloats];
        hn::Store(values, PackedFloats(), padded);
        std::copy_n(padded, count, out + column);
    }
};

/// Where the vectors of one row's turn go.
template <typename Sink>
struct Turn {
    Sink& sink;
    std::size_t row;
    std::size_t column;

    HWY_INLINE void operator()(std::size_t offset, PackedVector values) const
    {
        sink(row, column + offset, values);
    }
};

/// Rows of blocks, each of `kGroups` times `kParts` parts of 32 columns; what the parts share is
/// read into `Header` first. Rows take turns after each part, so that their chains of additions
/// overlap.
template <typename Blocks>
struct RowsOf {
    template <std::size_t kRows, typename Sink>
    static HWY_INLINE void visit(const StoredRows& rows, std::size_t first, Sink& sink)
    {
        const std::size_t stride = rows.stride;
        const std::byte* block = rows.data + first * stride;
        const std::byte* scale = rows.scales + first * rows.scaleStride;
        // Short rows keep the processor from seeing the streams: the same place is fetched in later
        // rows, far enough for the memory to answer.
        const std::size_t ahead
            = (kFetchAhead + kRows * stride - 1) / (kRows * stride) * kRows * stride;
        for (std::size_t column = 0; column < rows.cols; column += Blocks::kElements) {
            typename Blocks::Header headers[kRows];
#pragma GCC unroll 8
            for (std::size_t r = 0; r < kRows; ++r) {
                for (std::size_t line = 0; line < Blocks::kBytes; line += 64)
                    hwy::Prefetch(block + ahead + r * stride + line);
                Blocks::read(block + r * stride, scale + r * rows.scaleStride, headers[r]);
            }
            for (std::size_t group = 0; group < Blocks::kGroups; ++group)
                parts<kRows>(block, stride, headers, column + group * Blocks::kParts * kPart, group,
                    sink, std::make_index_sequence<Blocks::kParts>());
            block += Blocks::kBytes;
            scale += Blocks::kScaleBytes;
        }
    }

private:
    template <std::size_t kRows, typename Sink, std::size_t... kIndex>
    static HWY_INLINE void parts(const std::byte* block, std::size_t stride,
        const typename Blocks::Header* headers, std::size_t column, std::size_t group, Sink& sink,
        std::index_sequence<kIndex...>)
    {
        (turns<kIndex, kRows>(block, stride, headers, column + kIndex * kPart, group, sink), ...);
    }
    template <std::size_t kIndex, std::size_t kRows, typename Sink>
    static HWY_INLINE void turns(const std::byte* block, std::size_t stride,
        const typename Blocks::Header* headers, std::size_t column, std::size_t group, Sink& sink)
    {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r)
            Blocks::template part<kIndex>(
                block + r * stride, headers[r], group, Turn<Sink>{sink, r, column});
    }
};

template <typename Rows, std::size_t kRows, std::size_t kInputs>
HWY_INLINE void packedTile(const StoredRows& rows, std::size_t first, const float* const* inputs,
    float* out, std::size_t outStride)
{
    const PackedFloats d;
    Accumulate<kRows, kInputs> accumulate;
    std::copy_n(inputs, kInputs, accumulate.inputs);
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t i = 0; i < kInputs; ++i)
            accumulate.sums[r][i] = hn::Zero(d);
    }
    Rows::template visit<kRows>(rows, first, accumulate);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kInputs; ++i) {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r)
            out[i * outStride + first + r] = hn::GetLane(hn::SumOfLanes(d, accumulate.sums[r][i]));
    }
}

template <typename Rows, std::size_t kInputs>
HWY_INLINE void packedTiles(
    const StoredRows& rows, const float* const* inputs, float* out, std::size_t outStride)
{
    constexpr std::size_t kRows = kInputs == 1 ? 8 : 4;
    std::size_t r = 0;
    for (; r + kRows <= rows.count; r += kRows)
        packedTile<Rows, kRows, kInputs>(rows, r, inputs, out, outStride);
    for (; r < rows.count; ++r)
        packedTile<Rows, 1, kInputs>(rows, r, inputs, out, outStride);
}

template <typename Rows>
void packedProducts(const StoredRows& rows, const float* const* inputs, std::size_t inputCount,
    float* out, std::size_t outStride)
{
    std::size_t i = 0;
    for (; i + 3 <= inputCount; i += 3)
        packedTiles<Rows, 3>(rows, inputs + i, out + i * outStride, outStride);
    if (i + 2 == inputCount)
        packedTiles<Rows, 2>(rows, inputs + i, out + i * outStride, outStride);
    else if (i < inputCount)
        packedTiles<Rows, 1>(rows, inputs + i, out + i * outStride, outStride);
}

template <typename Rows>
void packedExpand(const StoredRows& rows, float* out)
{
    for (std::size_t r = 0; r < rows.count; ++r) {
        WriteTo write{out + r * rows.cols};
        Rows::template visit<1>(rows, r, write);
    }
}

template <typename Rows>
RowKernels kernelsOf()
{
    return {packedProducts<Rows>, packedExpand<Rows>};
}

#endif

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
