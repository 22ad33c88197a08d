// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/tensor/matrix_view.h"

namespace moescope {

class WorkerPool;

/// Products of stored rows with float vectors. Every dot product adds in the same fixed order (see
/// VectorKernels), so one vector alone, many together, and any thread count give the same bits on
/// one machine; another instruction set differs by rounding.

/// Bf16 acts where the processor has dot products of bfloat16 numbers (see bf16_products.h) and the
/// rows are stored so; elsewhere it changes nothing.
enum class Precision : std::uint8_t { Float32, Bf16 };

/// out[i * outStride + r] = row (first + r) of `matrix` · inputs[i], for r < count. Each input has
/// matrix.cols values. Runs on the calling thread.
void multiplyRows(const MatrixView& matrix, std::size_t first, std::size_t count,
    std::span<const float* const> inputs, float* out, std::size_t outStride,
    Precision precision = Precision::Float32);

struct RowProducts {
    const MatrixView* matrix = nullptr;
    float* out = nullptr;
    std::size_t outStride = 0;
};
/// The same for matrices of the same columns and the same inputs, which are made ready only once.
void multiplyRows(std::span<const RowProducts> products, std::size_t first, std::size_t count,
    std::span<const float* const> inputs, Precision precision = Precision::Float32);

/// out[i * matrix.rows + r] for all rows; `inputs` is [n, cols]. Row blocks run in parallel.
void multiply(const MatrixView& matrix, std::span<const float> inputs, std::size_t n,
    std::span<float> out, WorkerPool* pool, Precision precision = Precision::Float32);

/// The slow plain way (one double sum a product), for tests.
void multiplyReference(
    const MatrixView& matrix, std::span<const float> inputs, std::size_t n, std::span<float> out);

/// Sum of a[i]·b[i] in the order described above.
float dot(const float* a, const float* b, std::size_t n);

} // namespace moescope
