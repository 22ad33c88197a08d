// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/bf16_products.h"

#include <algorithm>
#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/base/aligned_vector.h"

namespace moescope {

#if defined(__x86_64__)

// The instruction is younger than the library behind vector_kernels.cpp, and not every processor
// has it: these functions alone are compiled for it.
#define MOESCOPE_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

namespace {

constexpr std::size_t kLanes = 32;

/// Inputs of one tile: with 4 rows their sums fill the registers.
constexpr std::size_t kTileInputs = 6;
constexpr std::size_t kTileRows = 4;

std::size_t padded(std::size_t cols)
{
    return (cols + kLanes - 1) / kLanes * kLanes;
}

/// `step` apart in vectors of kLanes, zeros behind the end up to a whole one.
MOESCOPE_BF16 void round(const float* from, std::size_t cols, std::uint16_t* to, std::size_t step)
{
    for (std::size_t c = 0; c < cols; c += kLanes, to += step * kLanes) {
        for (std::size_t half = 0; half < kLanes; half += kLanes / 2) {
            const std::size_t left = cols > c + half ? cols - c - half : 0;
            const __mmask16 mask
                = left >= kLanes / 2 ? __mmask16(0xFFFF) : __mmask16((1U << left) - 1);
            const __m512 values = _mm512_maskz_loadu_ps(mask, from + c + half);
            _mm256_storeu_si256(
                reinterpret_cast<__m256i*>(to + half), (__m256i)_mm512_cvtneps_pbh(values));
        }
    }
}

/// One half; the masked form, because gcc 12 warns of its own header's other one.
template <int Half>
MOESCOPE_BF16 __m256 half(__m512 lanes)
{
    return _mm256_castpd_ps(_mm512_maskz_extractf64x4_pd(0xF, _mm512_castps_pd(lanes), Half));
}

MOESCOPE_BF16 float total(__m512 lanes)
{
    const __m256 eight = _mm256_add_ps(half<0>(lanes), half<1>(lanes));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/// What the tiles fetch into the cache on their way: the rows to come.
struct Ahead {
    const std::byte* next;
    const std::byte* end;
};

/// One step of up to 32 columns for R rows by Q inputs, whose sums stay in registers: without the
/// pragmas gcc keeps them in memory at -O2.
template <int R, int Q>
MOESCOPE_BF16 inline __attribute__((always_inline)) void step(__m512 (&sums)[R][Q],
    const std::byte* row, std::size_t stride, __mmask32 mask, const std::uint16_t* input)
{
    __m512bh weights[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
        weights[r] = (__m512bh)_mm512_maskz_loadu_epi16(mask, row + r * stride);
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) {
        const __m512bh x = (__m512bh)_mm512_load_si512(input + q * kLanes);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
            sums[r][q] = _mm512_dpbf16_ps(sums[r][q], weights[r], x);
    }
}

template <int R, int Q>
MOESCOPE_BF16 void tile(const StoredRows& rows, std::size_t row, const std::uint16_t* input,
    float* out, std::size_t outStride, Ahead& ahead)
{
    __m512 sums[R][Q];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q)
            sums[r][q] = _mm512_setzero_ps();
    const std::byte* data = rows.data + row * rows.stride;
    const std::ptrdiff_t line = ahead.next < ahead.end ? 64 : 0;
    std::size_t c = 0;
    for (; c + kLanes <= rows.cols; c += kLanes, input += Q * kLanes) {
        __builtin_prefetch(ahead.next);
        ahead.next += line;
        step<R, Q>(sums, data + 2 * c, rows.stride, ~__mmask32{0}, input);
    }
    if (c < rows.cols)
        step<R, Q>(sums, data + 2 * c, rows.stride, (__mmask32{1} << (rows.cols - c)) - 1, input);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q)
            out[q * outStride + r] = total(sums[r][q]);
}

template <int R>
void strip(const StoredRows& rows, std::size_t row, const std::uint16_t* rounded,
    std::size_t inputs, float* out, std::size_t outStride)
{
    constexpr std::array<decltype(&tile<R, 1>), kTileInputs> kTiles{
        tile<R, 1>, tile<R, 2>, tile<R, 3>, tile<R, 4>, tile<R, 5>, tile<R, 6>};
    const std::byte* const next = rows.data + (row + R) * rows.stride;
    Ahead ahead{next, next + std::min<std::size_t>(R, rows.count - row - R) * rows.stride};
    for (std::size_t q = 0, end = 0; q < inputs; q = end) {
        end = q + tileInputs(inputs - q, kTileInputs);
        kTiles[end - q - 1](rows, row, rounded + q * padded(rows.cols), out + q * outStride + row,
            outStride, ahead);
    }
}

} // namespace

bool hasBf16Products()
{
    static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
    return has;
}

void bf16Products(const StoredRows& rows, const float* const* inputs, std::size_t inputCount,
    float* out, std::size_t outStride)
{
    thread_local AlignedVector<std::uint16_t> rounded;
    rounded.resize(inputCount * padded(rows.cols));
    for (std::size_t q = 0, end = 0; q < inputCount; q = end) {
        end = q + tileInputs(inputCount - q, kTileInputs);
        for (std::size_t i = q; i < end; ++i)
            round(inputs[i], rows.cols, rounded.data() + q * padded(rows.cols) + (i - q) * kLanes,
                end - q);
    }
    std::size_t r = 0;
    for (; r + kTileRows <= rows.count; r += kTileRows)
        strip<kTileRows>(rows, r, rounded.data(), inputCount, out, outStride);
    for (; r < rows.count; ++r)
        strip<1>(rows, r, rounded.data(), inputCount, out, outStride);
}

#else

bool hasBf16Products()
{
    return false;
}

void bf16Products(const StoredRows&, const float* const*, std::size_t, float*, std::size_t) { }

#endif

} // namespace moescope
