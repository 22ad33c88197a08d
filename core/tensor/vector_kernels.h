// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/tensor/dtype.h"

namespace moescope {

/// Rows of one stored type, `stride` bytes apart.
struct StoredRows {
    const std::byte* data = nullptr;
    std::size_t stride = 0;
    std::size_t count = 0;
    std::size_t cols = 0;

    // Of F4, one E8M0 for 32 columns; of eight-bit floats, one float for scaleCols columns.
    const std::byte* scales = nullptr;
    std::size_t scaleStride = 0; ///< bytes from those of one row to the next
    std::size_t scaleCols = 0; ///< a multiple of 16, or at least cols
};

/// out[i * outStride + r] = row r · inputs[i].
using Products = void (*)(const StoredRows& rows, const float* const* inputs,
    std::size_t inputCount, float* out, std::size_t outStride);

/// Where the columns of some rows stand among `all` columns.
struct ColumnPart {
    std::size_t first = 0; ///< a multiple of kInterleavedCols
    std::size_t all = 0;
};
/// Many inputs, as VectorKernels::interleave() left them; `data` starts with a cache line.
struct InterleavedInputs {
    float* data = nullptr;
    std::size_t count = 0;
};
/// Inputs of the next tile of at most `most`, where `left` are left: tiles are nearly equal.
constexpr std::size_t tileInputs(std::size_t left, std::size_t most)
{
    const std::size_t tiles = (left + most - 1) / most;
    return (left + tiles - 1) / tiles;
}
inline constexpr std::size_t kInterleavedRows = 4;
/// Columns of so many rows, and of the inputs of one tile, that stay in the first-level cache.
inline constexpr std::size_t kInterleavedCols = 1024;

/// What can be done with rows of one type; null where they must be decoded first.
struct RowKernels {
    Products products = nullptr;
    void (*expand)(const StoredRows& rows, float* out) = nullptr; ///< to out[r * cols + c]
    /// Products for many inputs: of 1 to kInterleavedRows rows, whole or part after part of their
    /// columns; `out` is written with the last one. On the way it fetches `ahead`, the rows to
    /// come, into the cache. Null where rows must be expanded first.
    void (*interleaved)(const StoredRows& rows, const ColumnPart& part,
        const InterleavedInputs& inputs, float* out, std::size_t outStride,
        std::span<const std::byte> ahead)
        = nullptr;
};

/// Inner loops for the instruction set of this processor, chosen once at run time (Highway). A dot
/// product is one chain of fused multiply-adds per lane and one fixed sum over the lanes, whichever
/// function makes it: rows alone or many, inputs alone or many, stored or expanded give the same
/// bits.
struct VectorKernels {
    Products f32 = nullptr;
    /// By type: plain elements, blocks, and the small floats that need scales; expansion gives the
    /// decoders' bits.
    RowKernels (*rows)(DType dtype) = nullptr;

    /// Floats that InterleavedInputs need: the inputs, unfinished sums and expanded rows.
    std::size_t (*interleavedFloats)(std::size_t inputCount, std::size_t cols) = nullptr;
    /// Puts inputs of `cols` side by side, in the order in which they are read.
    void (*interleave)(
        const float* const* inputs, std::size_t inputCount, std::size_t cols, float* interleaved)
        = nullptr;

    /// outs[q][i] = sum over j of weights[q][j] * rows[j * stride + i], j ascending, for `count`
    /// rows of `width` and `sums` weight vectors; `stride` in floats.
    void (*weightedSums)(const float* rows, std::size_t stride, std::size_t count,
        std::size_t width, const float* const* weights, std::size_t sums, float* const* outs)
        = nullptr;

    const char* name = ""; ///< "AVX2", "AVX3", ...
};

const VectorKernels& vectorKernels();

/// Every set that this processor can run, the best first: for tests and benchmarks.
std::vector<VectorKernels> everyVectorKernels();

} // namespace moescope
