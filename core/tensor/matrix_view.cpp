// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/matrix_view.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace moescope {

namespace {

constexpr std::size_t kMxBlock = 32; ///< elements that share a scale in the MX formats

/// Multiplies row `row` of the tiled whole by its factors.
void applyScales(const ScaleView& scales, std::size_t row, std::span<float> values)
{
    const BlockDecoder decode = blockDecoder(scales.dtype);
    const std::byte* from = scales.data + row / scales.blockRows * scales.rowStride;
    for (std::size_t c = 0; c < values.size(); c += scales.blockCols, from += scales.colStride) {
        float scale = 0;
        decode(from, scales.colStride, 1, &scale);
        const std::size_t end = std::min(values.size(), c + scales.blockCols);
        for (std::size_t i = c; i < end; ++i)
            values[i] *= scale;
    }
}

} // namespace

MatrixView MatrixView::rowMajor(
    DType dtype, std::size_t rows, std::size_t cols, const std::byte* data)
{
    const BlockLayout block = blockLayout(dtype);
    assert(cols % block.elements == 0);
    return {dtype, rows, cols, data, cols / block.elements * block.bytes, block.bytes};
}

MatrixView MatrixView::rowRange(std::size_t first, std::size_t count, std::size_t step) const
{
    assert(count == 0 || first + (count - 1) * step < rows);
    MatrixView part = *this;
    part.rows = count;
    part.data += first * rowStride;
    part.rowStride *= step;
    part.scales.firstRow += first * scales.rowStep;
    part.scales.rowStep *= step;
    return part;
}

MatrixView MatrixView::transposed() const
{
    assert(blockLayout(dtype).elements == 1 && scales.data == nullptr);
    return {dtype, cols, rows, data, colStride, rowStride};
}

std::string packingName(const MatrixView& matrix)
{
    const ScaleView& scales = matrix.scales;
    if (scales.data == nullptr)
        return std::string(dtypeName(matrix.dtype));
    if (matrix.dtype == DType::F4 && scales.dtype == DType::F8E8M0 && scales.blockRows == 1
        && scales.blockCols == kMxBlock)
        return "mxfp4";
    return fmt::format(
        "{} with {}x{} scales", dtypeName(matrix.dtype), scales.blockRows, scales.blockCols);
}

void decodeRows(
    const MatrixView& matrix, std::size_t first, std::size_t count, std::span<float> out)
{
    assert(first <= matrix.rows && count <= matrix.rows - first);
    assert(out.size() >= count * matrix.cols);
    const BlockDecoder decode = blockDecoder(matrix.dtype);
    assert(decode != nullptr);
    const std::size_t blocks = matrix.cols / blockLayout(matrix.dtype).elements;
    const ScaleView& scales = matrix.scales;
    for (std::size_t r = 0; r < count; ++r) {
        const std::span<float> row = out.subspan(r * matrix.cols, matrix.cols);
        decode(matrix.data + (first + r) * matrix.rowStride, matrix.colStride, blocks, row.data());
        if (scales.data != nullptr)
            applyScales(scales, scales.firstRow + (first + r) * scales.rowStep, row);
    }
}

std::vector<float> decodeAll(const MatrixView& matrix)
{
    std::vector<float> values(matrix.elements());
    decodeRows(matrix, 0, matrix.rows, values);
    return values;
}

} // namespace moescope
