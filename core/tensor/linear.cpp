// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/linear.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/task/worker_pool.h"

namespace moescope {

namespace {

// Two vectors of four lanes, written out so that the order of additions does not depend on the
// optimiser.
using Lanes = float __attribute__((vector_size(16)));

inline Lanes load(const float* p)
{
    Lanes lanes;
    std::memcpy(&lanes, p, sizeof lanes);
    return lanes;
}

inline float finish(Lanes low, Lanes high)
{
    const Lanes sum = low + high;
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/// kRows x kInputs dot products at once, so that each loaded vector is used several times.
template <std::size_t kRows, std::size_t kInputs>
void tile(const float* rows, std::size_t cols, const float* const* inputs, float* out,
    std::size_t outStride)
{
    Lanes low[kRows][kInputs] = {};
    Lanes high[kRows][kInputs] = {};
    std::size_t c = 0;
    for (; c + 8 <= cols; c += 8) {
        for (std::size_t i = 0; i < kInputs; ++i) {
            const Lanes x0 = load(inputs[i] + c);
            const Lanes x1 = load(inputs[i] + c + 4);
            for (std::size_t r = 0; r < kRows; ++r) {
                low[r][i] += load(rows + r * cols + c) * x0;
                high[r][i] += load(rows + r * cols + c + 4) * x1;
            }
        }
    }
    for (std::size_t i = 0; i < kInputs; ++i) {
        for (std::size_t r = 0; r < kRows; ++r) {
            float sum = finish(low[r][i], high[r][i]);
            for (std::size_t rest = c; rest < cols; ++rest)
                sum += rows[r * cols + rest] * inputs[i][rest];
            out[i * outStride + r] = sum;
        }
    }
}

template <std::size_t kRows>
void tileInputs(const float* rows, std::size_t cols, std::span<const float* const> inputs,
    float* out, std::size_t outStride)
{
    std::size_t i = 0;
    for (; i + 2 <= inputs.size(); i += 2)
        tile<kRows, 2>(rows, cols, inputs.data() + i, out + i * outStride, outStride);
    if (i < inputs.size())
        tile<kRows, 1>(rows, cols, inputs.data() + i, out + i * outStride, outStride);
}

constexpr std::size_t kBlockFloats
    = 16384; // decoded rows of one step stay in the first-level cache's neighbour

} // namespace

float dot(const float* a, const float* b, std::size_t n)
{
    float result = 0;
    const float* const input = b;
    tile<1, 1>(a, n, &input, &result, 1);
    return result;
}

void multiplyRows(const MatrixView& matrix, std::size_t first, std::size_t count,
    std::span<const float* const> inputs, float* out, std::size_t outStride)
{
    if (inputs.empty() || count == 0)
        return;
    const std::size_t cols = matrix.cols;
    const std::size_t step
        = std::max<std::size_t>(2, kBlockFloats / std::max<std::size_t>(1, cols) / 2 * 2);
    thread_local std::vector<float> decoded;
    decoded.resize(std::min(step, count) * cols);
    for (std::size_t done = 0; done < count; done += step) {
        const std::size_t rows = std::min(step, count - done);
        decodeRows(matrix, first + done, rows, decoded);
        std::size_t r = 0;
        for (; r + 2 <= rows; r += 2)
            tileInputs<2>(decoded.data() + r * cols, cols, inputs, out + done + r, outStride);
        if (r < rows)
            tileInputs<1>(decoded.data() + r * cols, cols, inputs, out + done + r, outStride);
    }
}

void multiply(const MatrixView& matrix, std::span<const float> inputs, std::size_t n,
    std::span<float> out, WorkerPool* pool)
{
    std::vector<const float*> pointers(n);
    for (std::size_t i = 0; i < n; ++i)
        pointers[i] = inputs.data() + i * matrix.cols;
    // Below about 100,000 products waking threads costs more than it saves.
    const std::size_t work = std::max<std::size_t>(1, matrix.cols * n);
    const std::size_t rowsPerTask
        = std::clamp<std::size_t>(100'000 / work, 32, std::max<std::size_t>(32, matrix.rows));
    const std::size_t tasks = (matrix.rows + rowsPerTask - 1) / rowsPerTask;
    parallelFor(pool, tasks, [&](std::size_t task) {
        const std::size_t first = task * rowsPerTask;
        multiplyRows(matrix, first, std::min(rowsPerTask, matrix.rows - first), pointers,
            out.data() + first, matrix.rows);
    });
}

void multiplyReference(
    const MatrixView& matrix, std::span<const float> inputs, std::size_t n, std::span<float> out)
{
    std::vector<float> row(matrix.cols);
    for (std::size_t r = 0; r < matrix.rows; ++r) {
        decodeRows(matrix, r, 1, row);
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0;
            for (std::size_t c = 0; c < matrix.cols; ++c)
                sum += static_cast<double>(row[c])
                    * static_cast<double>(inputs[i * matrix.cols + c]);
            out[i * matrix.rows + r] = static_cast<float>(sum);
        }
    }
}

} // namespace moescope
