// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/bf16_products.h"

#include <cstdint>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace moescope {

#if defined(__x86_64__)

// The instruction is younger than the library behind vector_kernels.cpp, and not every processor
// has it: these functions alone are compiled for it.
#define MOESCOPE_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

namespace {

constexpr std::size_t kLanes = 32;

std::size_t padded(std::size_t cols)
{
    return (cols + kLanes - 1) / kLanes * kLanes;
}

/// Zeros behind the end, up to whole vectors.
MOESCOPE_BF16 void round(const float* from, std::size_t cols, std::uint16_t* to)
{
    for (std::size_t c = 0; c < cols; c += kLanes / 2) {
        const std::size_t left = cols - c;
        const __mmask16 mask = left >= kLanes / 2 ? __mmask16(0xFFFF) : __mmask16((1U << left) - 1);
        const __m512 values = _mm512_maskz_loadu_ps(mask, from + c);
        _mm256_storeu_si256(
            reinterpret_cast<__m256i*>(to + c), (__m256i)_mm512_cvtneps_pbh(values));
    }
    const std::size_t written = (cols + kLanes / 2 - 1) / (kLanes / 2) * (kLanes / 2);
    for (std::size_t c = written; c < padded(cols); ++c)
        to[c] = 0;
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

/// One step of up to 32 columns for R rows by Q inputs, whose sums stay in registers: without the
/// pragmas gcc keeps them in memory at -O2.
template <int R, int Q>
MOESCOPE_BF16 inline __attribute__((always_inline)) void step(__m512 (&sums)[R][Q],
    const std::byte* row, std::size_t stride, __mmask32 mask, const std::uint16_t* input,
    std::size_t inputStride)
{
    __m512bh weights[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
        weights[r] = (__m512bh)_mm512_maskz_loadu_epi16(mask, row + r * stride);
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) {
        const __m512bh x = (__m512bh)_mm512_loadu_si512(input + q * inputStride);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
            sums[r][q] = _mm512_dpbf16_ps(sums[r][q], weights[r], x);
    }
}

template <int R, int Q>
MOESCOPE_BF16 void tile(const std::byte* row, std::size_t stride, std::size_t cols,
    const std::uint16_t* input, std::size_t inputStride, float* out, std::size_t outStride)
{
    __m512 sums[R][Q];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q)
            sums[r][q] = _mm512_setzero_ps();
    std::size_t c = 0;
    for (; c + kLanes <= cols; c += kLanes)
        step<R, Q>(sums, row + 2 * c, stride, ~__mmask32{0}, input + c, inputStride);
    if (c < cols)
        step<R, Q>(
            sums, row + 2 * c, stride, (__mmask32{1} << (cols - c)) - 1, input + c, inputStride);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q)
            out[q * outStride + r] = total(sums[r][q]);
}

template <int R>
void strip(const std::byte* row, std::size_t stride, std::size_t cols, const std::uint16_t* input,
    std::size_t inputStride, std::size_t inputs, float* out, std::size_t outStride)
{
    std::size_t q = 0;
    for (; q + 6 <= inputs; q += 6)
        tile<R, 6>(row, stride, cols, input + q * inputStride, inputStride, out + q * outStride,
            outStride);
    for (; q + 3 <= inputs; q += 3)
        tile<R, 3>(row, stride, cols, input + q * inputStride, inputStride, out + q * outStride,
            outStride);
    for (; q < inputs; ++q)
        tile<R, 1>(row, stride, cols, input + q * inputStride, inputStride, out + q * outStride,
            outStride);
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
    const std::size_t inputStride = padded(rows.cols);
    thread_local std::vector<std::uint16_t> rounded;
    rounded.resize(inputCount * inputStride);
    for (std::size_t i = 0; i < inputCount; ++i)
        round(inputs[i], rows.cols, rounded.data() + i * inputStride);
    std::size_t r = 0;
    for (; r + 4 <= rows.count; r += 4)
        strip<4>(rows.data + r * rows.stride, rows.stride, rows.cols, rounded.data(), inputStride,
            inputCount, out + r, outStride);
    for (; r < rows.count; ++r)
        strip<1>(rows.data + r * rows.stride, rows.stride, rows.cols, rounded.data(), inputStride,
            inputCount, out + r, outStride);
}

#else

bool hasBf16Products()
{
    return false;
}

void bf16Products(const StoredRows&, const float* const*, std::size_t, float*, std::size_t) { }

#endif

} // namespace moescope
