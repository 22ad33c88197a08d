// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/vector_kernels.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/tensor/half.h"

// Vectors of unknown size cannot stand in arrays, as the tiles below need. Included once for each
// target.
#ifndef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/tensor/vector_kernels.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace moescope::HWY_NAMESPACE {

RowKernels packedRows(DType dtype); // packed_kernels.cpp

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// How a stored type becomes a vector of floats.
struct AsF32 {
    using Stored = float;
    static HWY_INLINE Vector load(const std::byte* from)
    {
        return hn::LoadU(Floats(), reinterpret_cast<const float*>(from));
    }
};

struct AsBf16 {
    using Stored = std::uint16_t;
    static HWY_INLINE Vector load(const std::byte* from)
    {
        const Floats d;
        const hn::Rebind<std::uint16_t, Floats> half;
        const hn::Rebind<std::uint32_t, Floats> word;
        const auto bits = hn::LoadU(half, reinterpret_cast<const std::uint16_t*>(from));
        return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(word, bits)));
    }
};

struct AsF16 {
    using Stored = std::uint16_t;
    static HWY_INLINE Vector load(const std::byte* from)
    {
        // Without instructions of its own for halves Highway does not know infinity and NaN.
        if constexpr (hn::MaxLanes(Floats()) < 8) {
            alignas(64) float values[hn::MaxLanes(Floats())];
            for (float& value : values) {
                Stored bits = 0;
                std::memcpy(&bits, from, sizeof bits);
                value = expandHalf(bits);
                from += sizeof bits;
            }
            return hn::Load(Floats(), values);
        } else {
            const hn::Rebind<hwy::float16_t, Floats> half;
            return hn::PromoteTo(
                Floats(), hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(from)));
        }
    }
};

/// The last `count` elements of a row, zeros behind them.
template <typename Type>
HWY_INLINE Vector loadTail(const std::byte* from, std::size_t count)
{
    alignas(64) std::byte padded[hn::MaxLanes(Floats()) * sizeof(typename Type::Stored)] = {};
    std::memcpy(padded, from, count * sizeof(typename Type::Stored));
    return Type::load(padded);
}

/// kRows x kInputs dot products at once, so that each loaded vector is used several times.
template <typename Type, std::size_t kRows, std::size_t kInputs>
HWY_INLINE void tile(const std::byte* rows, std::size_t stride, std::size_t cols,
    const float* const* inputs, float* out, std::size_t outStride)
{
    const Floats d;
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    constexpr std::size_t kSize = sizeof(typename Type::Stored);
    Vector sums[kRows][kInputs];
    for (std::size_t r = 0; r < kRows; ++r) {
        for (std::size_t i = 0; i < kInputs; ++i)
            sums[r][i] = hn::Zero(d);
    }
    std::size_t c = 0;
    for (; c + kLanes <= cols; c += kLanes) {
        // A kilobyte later in the row, or as far into the row that follows the tile's.
        std::size_t ahead = c * kSize + 1024;
        if (ahead >= cols * kSize)
            ahead += kRows * stride - cols * kSize;
        Vector x[kInputs];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kInputs; ++i)
            x[i] = hn::LoadU(d, inputs[i] + c);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r) {
            // Short rows keep the processor from seeing the streams.
            if (kInputs == 1 && kRows > 1 && c * kSize % 64 == 0)
                hwy::Prefetch(rows + r * stride + ahead);
            const Vector row = Type::load(rows + r * stride + c * kSize);
#pragma GCC unroll 8
            for (std::size_t i = 0; i < kInputs; ++i)
                sums[r][i] = hn::MulAdd(row, x[i], sums[r][i]);
        }
    }
    if (c < cols) {
        const std::size_t rest = cols - c;
        for (std::size_t i = 0; i < kInputs; ++i) {
            const Vector x
                = loadTail<AsF32>(reinterpret_cast<const std::byte*>(inputs[i] + c), rest);
            for (std::size_t r = 0; r < kRows; ++r) {
                const Vector row = loadTail<Type>(rows + r * stride + c * kSize, rest);
                sums[r][i] = hn::MulAdd(row, x, sums[r][i]);
            }
        }
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kInputs; ++i) {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r)
            out[i * outStride + r] = hn::GetLane(hn::SumOfLanes(d, sums[r][i]));
    }
}

template <typename Type, std::size_t kInputs>
HWY_INLINE void tileRows(
    const StoredRows& rows, const float* const* inputs, float* out, std::size_t outStride)
{
    // Few inputs need more rows in flight to hide the latency of the additions.
    constexpr std::size_t kRows = kInputs == 1 ? 8 : 4;
    std::size_t r = 0;
    for (; r + kRows <= rows.count; r += kRows)
        tile<Type, kRows, kInputs>(
            rows.data + r * rows.stride, rows.stride, rows.cols, inputs, out + r, outStride);
    for (; r < rows.count; ++r)
        tile<Type, 1, kInputs>(
            rows.data + r * rows.stride, rows.stride, rows.cols, inputs, out + r, outStride);
}

template <typename Type>
HWY_INLINE void products(const StoredRows& rows, const float* const* inputs, std::size_t inputCount,
    float* out, std::size_t outStride)
{
    // 4 rows of that many inputs fill the registers: 32 of 64 bytes, or 16 smaller ones.
    constexpr std::size_t kInputs = hn::MaxLanes(Floats()) >= 16 ? 6 : 3;
    std::size_t i = 0;
    for (; i + kInputs <= inputCount; i += kInputs)
        tileRows<Type, kInputs>(rows, inputs + i, out + i * outStride, outStride);
    for (; i + 2 <= inputCount; i += 2)
        tileRows<Type, 2>(rows, inputs + i, out + i * outStride, outStride);
    if (i < inputCount)
        tileRows<Type, 1>(rows, inputs + i, out + i * outStride, outStride);
}

template <typename Type>
void productsOf(const StoredRows& rows, const float* const* inputs, std::size_t inputCount,
    float* out, std::size_t outStride)
{
    products<Type>(rows, inputs, inputCount, out, outStride);
}

template <typename Type>
void expand(const StoredRows& rows, float* out)
{
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    constexpr std::size_t kBytes = sizeof(typename Type::Stored);
    for (std::size_t r = 0; r < rows.count; ++r, out += rows.cols) {
        const std::byte* from = rows.data + r * rows.stride;
        std::size_t c = 0;
        for (; c + kLanes <= rows.cols; c += kLanes)
            hn::StoreU(Type::load(from + c * kBytes), Floats(), out + c);
        if (c < rows.cols) {
            alignas(64) float padded[kLanes];
            hn::StoreU(loadTail<Type>(from + c * kBytes, rows.cols - c), Floats(), padded);
            std::copy_n(padded, rows.cols - c, out + c);
        }
    }
}

/// kVectors vectors of columns of kSums sums at once.
template <std::size_t kVectors, std::size_t kSums>
HWY_INLINE void weightedColumns(const float* rows, std::size_t stride, std::size_t count,
    std::size_t column, const float* const* weights, float* const* outs)
{
    const Floats d;
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    Vector sums[kSums][kVectors];
    for (std::size_t q = 0; q < kSums; ++q) {
        for (std::size_t v = 0; v < kVectors; ++v)
            sums[q][v] = hn::Zero(d);
    }
    rows += column;
    for (std::size_t j = 0; j < count; ++j, rows += stride) {
        Vector row[kVectors];
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kVectors; ++v)
            row[v] = hn::LoadU(d, rows + v * kLanes);
#pragma GCC unroll 8
        for (std::size_t q = 0; q < kSums; ++q) {
            const Vector weight = hn::Set(d, weights[q][j]);
#pragma GCC unroll 8
            for (std::size_t v = 0; v < kVectors; ++v)
                sums[q][v] = hn::MulAdd(weight, row[v], sums[q][v]);
        }
    }
#pragma GCC unroll 8
    for (std::size_t q = 0; q < kSums; ++q) {
#pragma GCC unroll 8
        for (std::size_t v = 0; v < kVectors; ++v)
            hn::StoreU(sums[q][v], d, outs[q] + column + v * kLanes);
    }
}

/// The last `rest` columns, in vectors too: plain loops may or may not be fused by the compiler.
template <std::size_t kSums>
HWY_INLINE void weightedTail(const float* rows, std::size_t stride, std::size_t count,
    std::size_t rest, std::size_t column, const float* const* weights, float* const* outs)
{
    const Floats d;
    Vector sums[kSums];
    for (std::size_t q = 0; q < kSums; ++q)
        sums[q] = hn::Zero(d);
    for (std::size_t j = 0; j < count; ++j, rows += stride) {
        const Vector row = loadTail<AsF32>(reinterpret_cast<const std::byte*>(rows), rest);
        for (std::size_t q = 0; q < kSums; ++q)
            sums[q] = hn::MulAdd(hn::Set(d, weights[q][j]), row, sums[q]);
    }
    alignas(64) float padded[hn::MaxLanes(Floats())];
    for (std::size_t q = 0; q < kSums; ++q) {
        hn::StoreU(sums[q], d, padded);
        std::copy_n(padded, rest, outs[q] + column);
    }
}

template <std::size_t kSums>
HWY_INLINE void weightedRows(const float* rows, std::size_t stride, std::size_t count,
    std::size_t width, const float* const* weights, float* const* outs)
{
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    constexpr std::size_t kVectors = kSums == 1 ? 8 : kLanes >= 16 ? 4 : 2;
    std::size_t c = 0;
    for (; c + kVectors * kLanes <= width; c += kVectors * kLanes)
        weightedColumns<kVectors, kSums>(rows, stride, count, c, weights, outs);
    for (; c + kLanes <= width; c += kLanes)
        weightedColumns<1, kSums>(rows, stride, count, c, weights, outs);
    if (c < width)
        weightedTail<kSums>(rows + c, stride, count, width - c, c, weights, outs);
}

void weightedSums(const float* rows, std::size_t stride, std::size_t count, std::size_t width,
    const float* const* weights, std::size_t sums, float* const* outs)
{
    std::size_t q = 0;
    for (; q + 4 <= sums; q += 4)
        weightedRows<4>(rows, stride, count, width, weights + q, outs + q);
    for (; q < sums; ++q)
        weightedRows<1>(rows, stride, count, width, weights + q, outs + q);
}

RowKernels rowKernels(DType dtype)
{
    switch (dtype) {
    case DType::F32:
        return {productsOf<AsF32>, expand<AsF32>};
    case DType::BF16:
        return {productsOf<AsBf16>, expand<AsBf16>};
    case DType::F16:
        return {productsOf<AsF16>, expand<AsF16>};
    default:
        return packedRows(dtype);
    }
}

VectorKernels kernels()
{
    return {productsOf<AsF32>, rowKernels, weightedSums, hwy::TargetName(HWY_TARGET)};
}

} // namespace moescope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moescope {

HWY_EXPORT(kernels);

const VectorKernels& vectorKernels()
{
    static const VectorKernels chosen = HWY_DYNAMIC_DISPATCH(kernels)();
    return chosen;
}

std::vector<VectorKernels> everyVectorKernels()
{
    std::vector<VectorKernels> all;
    for (std::int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
        hwy::ChosenTarget target;
        target.Update(left & -left);
        all.push_back(HWY_DISPATCH_TABLE(kernels)[target.GetIndex()]());
    }
    return all;
}

} // namespace moescope
#endif
