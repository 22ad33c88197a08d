// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/linear.h"

#include <algorithm>
#include <vector>

#include "core/base/aligned_vector.h"
#include "core/task/worker_pool.h"
#include "core/tensor/bf16_products.h"
#include "core/tensor/vector_kernels.h"

namespace moescope {

namespace {

/// Inputs that pass at once stay in the second-level cache.
constexpr std::size_t kInputBytes = 512U << 10;
/// With fewer inputs expanding a row costs more than converting it on the way.
constexpr std::size_t kFewInputs = 4;

/// With scales these many rows go at once, their scales beside them as floats.
constexpr std::size_t kScaledRows = 64;
constexpr std::size_t kMxBlock = 32; ///< columns of one E8M0 scale

/// Nulls where rows must be decoded first.
RowKernels kernelsFor(const MatrixView& matrix)
{
    const ScaleView& scales = matrix.scales;
    if (matrix.colStride != dtypeBytes(matrix.dtype))
        return {};
    switch (matrix.dtype) {
    case DType::F4:
        if (!scales.data || scales.dtype != DType::F8E8M0 || scales.blockRows != 1
            || scales.blockCols != kMxBlock || scales.colStride != 1 || matrix.cols % kMxBlock != 0)
            return {};
        break;
    case DType::F8E4M3:
        if (scales.data && scales.blockCols % 16 != 0 && scales.blockCols < matrix.cols)
            return {};
        break;
    default:
        if (scales.data)
            return {};
    }
    return vectorKernels().rows(matrix.dtype);
}

/// Rows from `first` with their scales, which `floats` may have to hold.
StoredRows storedRows(
    const MatrixView& matrix, std::size_t first, std::size_t count, std::vector<float>& floats)
{
    StoredRows rows{matrix.data + first * matrix.rowStride, matrix.rowStride, count, matrix.cols};
    const ScaleView& scales = matrix.scales;
    if (!scales.data)
        return rows;
    const std::size_t firstScaled = scales.firstRow + first * scales.rowStep;
    if (matrix.dtype == DType::F4) {
        rows.scales = scales.data + firstScaled * scales.rowStride;
        rows.scaleStride = scales.rowStep * scales.rowStride;
        return rows;
    }
    const std::size_t tiles = (matrix.cols + scales.blockCols - 1) / scales.blockCols;
    floats.resize(count * tiles);
    for (std::size_t r = 0; r < count; ++r) {
        const std::size_t row = (firstScaled + r * scales.rowStep) / scales.blockRows;
        blockDecoder(scales.dtype)(scales.data + row * scales.rowStride, scales.colStride, tiles,
            floats.data() + r * tiles);
    }
    rows.scales = reinterpret_cast<const std::byte*>(floats.data());
    rows.scaleStride = tiles * sizeof(float);
    rows.scaleCols = scales.blockCols;
    return rows;
}

/// Some columns of the rows, from the beginning of a block and of a scale.
StoredRows columnsOf(
    StoredRows rows, const BlockLayout& layout, std::size_t first, std::size_t count)
{
    rows.data += first / layout.elements * layout.bytes;
    rows.cols = count;
    if (rows.scaleCols > 0)
        rows.scales += first / rows.scaleCols * sizeof(float);
    else if (rows.scales)
        rows.scales += first / kMxBlock;
    return rows;
}

const std::byte* bytesOf(const float* values)
{
    return reinterpret_cast<const std::byte*>(values);
}

/// What needs no inputs side by side: a few inputs, bfloat16, nothing. False for the rest.
bool multiplyDirectly(const RowProducts& product, std::size_t first, std::size_t count,
    std::span<const float* const> inputs, Precision precision)
{
    const MatrixView& matrix = *product.matrix;
    if (matrix.cols == 0) {
        for (std::size_t i = 0; i < inputs.size(); ++i)
            std::fill_n(product.out + i * product.outStride, count, 0.0F);
        return true;
    }
    const RowKernels kernels = kernelsFor(matrix);
    thread_local std::vector<float> scales;
    if (precision == Precision::Bf16 && matrix.dtype == DType::BF16 && kernels.products
        && hasBf16Products()) {
        bf16Products(storedRows(matrix, first, count, scales), inputs.data(), inputs.size(),
            product.out, product.outStride);
        return true;
    }
    if (!kernels.products || inputs.size() >= kFewInputs)
        return false;
    const std::size_t rowsAtOnce = matrix.scales.data ? kScaledRows : count;
    for (std::size_t done = 0; done < count; done += rowsAtOnce) {
        const std::size_t rows = std::min(rowsAtOnce, count - done);
        kernels.products(storedRows(matrix, first + done, rows, scales), inputs.data(),
            inputs.size(), product.out + done, product.outStride);
    }
    return true;
}

/// A part of a few rows stays in the first-level cache while all inputs pass.
void multiplyInterleaved(const MatrixView& matrix, std::size_t first, std::size_t count,
    const InterleavedInputs& inputs, float* out, std::size_t outStride)
{
    const RowKernels kernels = kernelsFor(matrix);
    const std::size_t cols = matrix.cols;
    const BlockLayout layout = blockLayout(matrix.dtype);
    const bool hasParts = kernels.expand && kInterleavedCols % layout.elements == 0
        && (!matrix.scales.data || matrix.scales.blockCols >= cols
            || kInterleavedCols % matrix.scales.blockCols == 0);
    const std::size_t partCols = hasParts ? kInterleavedCols : cols;
    thread_local std::vector<float> scales;
    thread_local AlignedVector<float> decoded;
    decoded.resize(kInterleavedRows * std::min(partCols, cols));
    const auto products
        = kernels.interleaved ? kernels.interleaved : vectorKernels().rows(DType::F32).interleaved;
    for (std::size_t done = 0; done < count; done += kInterleavedRows) {
        const std::size_t rows = std::min(kInterleavedRows, count - done);
        const std::size_t next = std::min(kInterleavedRows, count - done - rows);
        std::span<const std::byte> ahead;
        if (next > 0)
            ahead
                = {matrix.data + (first + done + rows) * matrix.rowStride, next * matrix.rowStride};
        const StoredRows stored
            = kernels.expand ? storedRows(matrix, first + done, rows, scales) : StoredRows();
        for (std::size_t c = 0; c < cols; c += partCols) {
            const std::size_t width = std::min(partCols, cols - c);
            StoredRows part = columnsOf(stored, layout, c, width);
            if (!kernels.interleaved) {
                if (kernels.expand)
                    kernels.expand(part, decoded.data());
                else
                    decodeRows(matrix, first + done, rows, decoded);
                part = {bytesOf(decoded.data()), width * sizeof(float), rows, width};
            }
            products(part, {c, cols}, inputs, out + done, outStride, ahead);
            ahead = {};
        }
    }
}

} // namespace

float dot(const float* a, const float* b, std::size_t n)
{
    float result = 0;
    vectorKernels().f32({bytesOf(a), n * sizeof(float), 1, n}, &b, 1, &result, 1);
    return result;
}

void multiplyRows(std::span<const RowProducts> products, std::size_t first, std::size_t count,
    std::span<const float* const> inputs, Precision precision)
{
    if (inputs.empty() || count == 0)
        return;
    std::vector<const RowProducts*> many;
    for (const RowProducts& product : products) {
        if (!multiplyDirectly(product, first, count, inputs, precision))
            many.push_back(&product);
    }
    if (many.empty())
        return;
    const VectorKernels& vectors = vectorKernels();
    const std::size_t cols = many.front()->matrix->cols;
    const std::size_t inputsAtOnce = std::max<std::size_t>(24, kInputBytes / sizeof(float) / cols);
    thread_local AlignedVector<float> interleaved;
    interleaved.resize(vectors.interleavedFloats(std::min(inputsAtOnce, inputs.size()), cols));
    for (std::size_t i = 0; i < inputs.size(); i += inputsAtOnce) {
        const std::size_t n = std::min(inputsAtOnce, inputs.size() - i);
        vectors.interleave(inputs.data() + i, n, cols, interleaved.data());
        for (const RowProducts* product : many)
            multiplyInterleaved(*product->matrix, first, count, {interleaved.data(), n},
                product->out + i * product->outStride, product->outStride);
    }
}

void multiplyRows(const MatrixView& matrix, std::size_t first, std::size_t count,
    std::span<const float* const> inputs, float* out, std::size_t outStride, Precision precision)
{
    const RowProducts product{&matrix, out, outStride};
    multiplyRows({&product, 1}, first, count, inputs, precision);
}

void multiply(const MatrixView& matrix, std::span<const float> inputs, std::size_t n,
    std::span<float> out, WorkerPool* pool, Precision precision)
{
    std::vector<const float*> pointers(n);
    for (std::size_t i = 0; i < n; ++i)
        pointers[i] = inputs.data() + i * matrix.cols;
    // Below about 100,000 products waking threads costs more than it saves. Many inputs are put
    // side by side anew for each task.
    const std::size_t work = std::max<std::size_t>(1, matrix.cols * n);
    const std::size_t tasksWanted = 4 * std::size_t{pool ? pool->threads() : 1};
    const std::size_t fewest
        = n < kFewInputs ? 32 : std::clamp<std::size_t>(matrix.rows / tasksWanted, 32, 512);
    const std::size_t rowsPerTask
        = std::clamp<std::size_t>(100'000 / work, fewest, std::max(fewest, matrix.rows));
    const std::size_t tasks = (matrix.rows + rowsPerTask - 1) / rowsPerTask;
    parallelFor(pool, tasks, [&](std::size_t task) {
        const std::size_t first = task * rowsPerTask;
        multiplyRows(matrix, first, std::min(rowsPerTask, matrix.rows - first), pointers,
            out.data() + first, matrix.rows, precision);
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
