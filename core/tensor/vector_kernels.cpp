// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/vector_kernels.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

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

/// Inputs of one tile: with 4 rows they fill 32 registers of 64 bytes, or 16 smaller ones.
constexpr std::size_t kTileInputs = hn::MaxLanes(Floats()) >= 16 ? 6 : 3;

constexpr std::size_t wholeVectors(std::size_t cols)
{
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    return (cols + kLanes - 1) / kLanes * kLanes;
}

std::size_t interleavedFloats(std::size_t inputCount, std::size_t cols)
{
    return inputCount * (wholeVectors(cols) + kInterleavedRows * hn::MaxLanes(Floats()))
        + kInterleavedRows * wholeVectors(cols);
}

/// Calls body(first, constant of the count) for tiles of nearly the same number of inputs.
template <typename Body>
HWY_INLINE void forTiles(std::size_t inputCount, const Body& body)
{
    for (std::size_t i = 0; i < inputCount;) {
        const std::size_t count = tileInputs(inputCount - i, kTileInputs);
        switch (count) {
        case 6:
            if constexpr (kTileInputs >= 6)
                body(i, std::integral_constant<std::size_t, 6>());
            break;
        case 5:
            if constexpr (kTileInputs >= 5)
                body(i, std::integral_constant<std::size_t, 5>());
            break;
        case 4:
            if constexpr (kTileInputs >= 4)
                body(i, std::integral_constant<std::size_t, 4>());
            break;
        case 3:
            body(i, std::integral_constant<std::size_t, 3>());
            break;
        case 2:
            body(i, std::integral_constant<std::size_t, 2>());
            break;
        default:
            body(i, std::integral_constant<std::size_t, 1>());
        }
        i += count;
    }
}

void interleave(
    const float* const* inputs, std::size_t inputCount, std::size_t cols, float* interleaved)
{
    const Floats d;
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    forTiles(inputCount, [&](std::size_t first, auto count) {
        float* to = interleaved + first * wholeVectors(cols);
        std::size_t c = 0;
        for (; c + kLanes <= cols; c += kLanes) {
            for (std::size_t i = 0; i < count; ++i, to += kLanes)
                hn::StoreU(hn::LoadU(d, inputs[first + i] + c), d, to);
        }
        for (std::size_t i = 0; c < cols && i < count; ++i, to += kLanes)
            hn::StoreU(loadTail<AsF32>(
                           reinterpret_cast<const std::byte*>(inputs[first + i] + c), cols - c),
                d, to);
    });
}

#if HWY_TARGET <= HWY_AVX3
/// SumOfLanes of four vectors: the same additions, four at a time.
HWY_INLINE void sumLanes(Vector a, Vector b, Vector c, Vector d, float* out)
{
    const Floats f;
    const auto halves = [&](Vector x, Vector y) {
        return hn::Add(hn::ConcatLowerLower(f, y, x), hn::ConcatUpperUpper(f, y, x));
    };
    const Vector ab = halves(a, b);
    const Vector cd = halves(c, d);
    const Vector quarters
        = hn::Add(hn::OddEvenBlocks(cd, ab), hn::SwapAdjacentBlocks(hn::OddEvenBlocks(ab, cd)));
    const Vector pairs = hn::Add(quarters, hn::Shuffle1032(quarters));
    alignas(64) float sums[16];
    hn::Store(hn::Add(pairs, hn::Shuffle2301(pairs)), f, sums);
    out[0] = sums[0];
    out[1] = sums[8];
    out[2] = sums[4];
    out[3] = sums[12];
}
#endif

/// One tile; sums that go on from or to other columns are kept in `kept`. What is not stored as
/// floats is written to `expanded` as such on the way, which hides behind the products.
template <typename Type, std::size_t kRows, std::size_t kInputs>
HWY_INLINE void interleavedTile(const StoredRows& rows, const ColumnPart& part, const float* packed,
    float* kept, float* expanded, float* out, std::size_t outStride, const std::byte*& ahead,
    const std::byte* aheadEnd)
{
    const Floats d;
    constexpr std::size_t kLanes = hn::MaxLanes(Floats());
    Vector sums[kRows][kInputs];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kInputs; ++i)
            sums[r][i]
                = part.first == 0 ? hn::Zero(d) : hn::Load(d, kept + (i * kRows + r) * kLanes);
    }
    constexpr std::size_t kSize = sizeof(typename Type::Stored);
    constexpr bool kExpands = !std::is_same_v<Type, AsF32>;
    const std::size_t width = wholeVectors(rows.cols);
    const std::byte* fetch = ahead;
    const std::ptrdiff_t step = fetch < aheadEnd ? 64 : 0;
    packed += part.first * kInputs;
    std::size_t c = 0;
    for (; c + kLanes <= rows.cols; c += kLanes, packed += kInputs * kLanes) {
        hwy::Prefetch(fetch);
        fetch += step;
        Vector x[kInputs];
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kInputs; ++i)
            x[i] = hn::Load(d, packed + i * kLanes);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r) {
            const Vector w = Type::load(rows.data + r * rows.stride + c * kSize);
            if constexpr (kExpands)
                hn::Store(w, d, expanded + r * width + c);
#pragma GCC unroll 8
            for (std::size_t i = 0; i < kInputs; ++i)
                sums[r][i] = hn::MulAdd(w, x[i], sums[r][i]);
        }
    }
    ahead = fetch;
    if (c < rows.cols) {
        for (std::size_t r = 0; r < kRows; ++r) {
            const Vector w = loadTail<Type>(rows.data + r * rows.stride + c * kSize, rows.cols - c);
            if constexpr (kExpands)
                hn::Store(w, d, expanded + r * width + c);
            for (std::size_t i = 0; i < kInputs; ++i)
                sums[r][i] = hn::MulAdd(w, hn::Load(d, packed + i * kLanes), sums[r][i]);
        }
    }
    if (part.first + rows.cols < part.all) {
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
            for (std::size_t i = 0; i < kInputs; ++i)
                hn::Store(sums[r][i], d, kept + (i * kRows + r) * kLanes);
        }
        return;
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kInputs; ++i) {
#if HWY_TARGET <= HWY_AVX3
        if constexpr (kRows == 4) {
            sumLanes(sums[0][i], sums[1][i], sums[2][i], sums[3][i], out + i * outStride);
            continue;
        }
#endif
#pragma GCC unroll 8
        for (std::size_t r = 0; r < kRows; ++r)
            out[i * outStride + r] = hn::GetLane(hn::SumOfLanes(d, sums[r][i]));
    }
}

template <typename Type, std::size_t kRows>
HWY_INLINE void interleavedRows(const StoredRows& rows, const ColumnPart& part,
    const InterleavedInputs& inputs, float* out, std::size_t outStride,
    std::span<const std::byte> ahead)
{
    const std::size_t width = wholeVectors(part.all);
    float* kept = inputs.data + inputs.count * width;
    float* expanded = kept + inputs.count * kInterleavedRows * hn::MaxLanes(Floats());
    StoredRows floats = rows;
    if constexpr (!std::is_same_v<Type, AsF32>) {
        floats.data = reinterpret_cast<const std::byte*>(expanded);
        floats.stride = wholeVectors(rows.cols) * sizeof(float);
    }
    const std::byte* fetch = ahead.data();
    const std::byte* fetchEnd = fetch + ahead.size();
    forTiles(inputs.count, [&](std::size_t i, auto count) {
        const float* from = inputs.data + i * width;
        float* sums = kept + i * kRows * hn::MaxLanes(Floats());
        float* to = out + i * outStride;
        if (i == 0)
            interleavedTile<Type, kRows, count.value>(
                rows, part, from, sums, expanded, to, outStride, fetch, fetchEnd);
        else
            interleavedTile<AsF32, kRows, count.value>(
                floats, part, from, sums, nullptr, to, outStride, fetch, fetchEnd);
    });
}

template <typename Type>
void interleavedProducts(const StoredRows& rows, const ColumnPart& part,
    const InterleavedInputs& inputs, float* out, std::size_t outStride,
    std::span<const std::byte> ahead)
{
    switch (rows.count) {
    case 4:
        interleavedRows<Type, 4>(rows, part, inputs, out, outStride, ahead);
        break;
    case 3:
        interleavedRows<Type, 3>(rows, part, inputs, out, outStride, ahead);
        break;
    case 2:
        interleavedRows<Type, 2>(rows, part, inputs, out, outStride, ahead);
        break;
    default:
        interleavedRows<Type, 1>(rows, part, inputs, out, outStride, ahead);
    }
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
        return {productsOf<AsF32>, expand<AsF32>, interleavedProducts<AsF32>};
    case DType::BF16:
        return {productsOf<AsBf16>, expand<AsBf16>, interleavedProducts<AsBf16>};
    case DType::F16:
        return {productsOf<AsF16>, expand<AsF16>, interleavedProducts<AsF16>};
    default:
        return packedRows(dtype);
    }
}

VectorKernels kernels()
{
    return {productsOf<AsF32>, rowKernels, interleavedFloats, interleave, weightedSums,
        hwy::TargetName(HWY_TARGET)};
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
