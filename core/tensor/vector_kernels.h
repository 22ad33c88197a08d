// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
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

/// What can be done with rows of one type; null where they must be decoded first.
struct RowKernels {
    Products products = nullptr;
    void (*expand)(const StoredRows& rows, float* out) = nullptr; ///< to out[r * cols + c]
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
