// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/tensor/dtype.h"

namespace moescope {

/// A matrix [rows, cols] inside a mapped file, whatever its packing: row r, column c is the weight from input c to
/// output r. Borrows; the checkpoint that holds the mapping must outlive it. Elements may be unaligned.
struct MatrixView {
    DType dtype = DType::F32;
    std::size_t rows = 0;
    std::size_t cols = 0;
    const std::byte* data = nullptr;
    std::size_t rowStride = 0; ///< bytes from one row to the next
    std::size_t colStride = 0; ///< bytes from one column to the next

    bool empty() const { return data == nullptr; }
    std::size_t elements() const { return rows * cols; }
    /// Logical bytes of the stored elements.
    std::size_t bytes() const { return rows * cols * dtypeBytes(dtype); }

    static MatrixView rowMajor(DType dtype, std::size_t rows, std::size_t cols, const std::byte* data)
    {
        const std::size_t element = dtypeBytes(dtype);
        return {dtype, rows, cols, data, cols * element, element};
    }
};

/// Decodes `count` rows from `first` into out[count * cols]; the dtype must be decodable.
void decodeRows(const MatrixView& matrix, std::size_t first, std::size_t count, std::span<float> out);
/// The whole matrix, row-major.
std::vector<float> decodeAll(const MatrixView& matrix);

} // namespace moescope
