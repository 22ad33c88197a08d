// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/tensor/dtype.h"

namespace moescope {

/// Factors that are kept beside the elements of a matrix, one for each tile of blockRows x
/// blockCols elements; tiles at the far edges may be partial. Row r of the matrix is row firstRow +
/// r * rowStep of the tiled whole.
struct ScaleView {
    DType dtype = DType::F32;
    const std::byte* data = nullptr; ///< null: no scales
    std::size_t rowStride = 0; ///< bytes from one row of tiles to the next
    std::size_t colStride = 0;
    std::size_t blockRows = 1;
    std::size_t blockCols = 1;
    std::size_t firstRow = 0;
    std::size_t rowStep = 1;
};

/// A matrix [rows, cols] inside a mapped file, whatever its packing: row r, column c is the weight
/// from input c to output r. Borrows; the checkpoint that holds the mapping must outlive it.
/// Elements may be unaligned.
struct MatrixView {
    DType dtype = DType::F32;
    std::size_t rows = 0;
    std::size_t cols = 0; ///< a multiple of the elements of a block
    const std::byte* data = nullptr;
    std::size_t rowStride = 0; ///< bytes from one row to the next
    std::size_t colStride
        = 0; ///< bytes from one column (of types with blocks: one block) to the next
    ScaleView scales = {};

    bool empty() const { return data == nullptr; }
    std::size_t elements() const { return rows * cols; }
    /// Logical bytes of the stored elements, without scales beside them.
    std::size_t bytes() const
    {
        const BlockLayout block = blockLayout(dtype);
        return rows * (cols / block.elements) * block.bytes;
    }

    /// `count` rows from `first`, every `step`-th of them.
    MatrixView rowRange(std::size_t first, std::size_t count, std::size_t step = 1) const;

    static MatrixView rowMajor(
        DType dtype, std::size_t rows, std::size_t cols, const std::byte* data);
    /// The same bytes with rows and columns exchanged, for weights that are stored by input; only
    /// for types whose blocks are one element and without scales.
    MatrixView transposed() const;
};

/// What the elements are, for people: "bf16", "f8e4m3 with 128x128 scales", "mxfp4".
std::string packingName(const MatrixView& matrix);

/// Decodes `count` rows from `first` into out[count * cols]; the dtype must be decodable.
void decodeRows(
    const MatrixView& matrix, std::size_t first, std::size_t count, std::span<float> out);
/// The whole matrix, row-major.
std::vector<float> decodeAll(const MatrixView& matrix);

} // namespace moescope
