// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/matrix_view.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "core/tensor/half.h"

namespace moescope {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

namespace {

template <typename T>
T load(const std::byte* from)
{
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// A constant stride lets the compiler turn contiguous rows into vector code.
template <typename Stored, typename Convert>
void decodeRow(
    const std::byte* from, std::size_t stride, std::size_t count, float* out, Convert convert)
{
    if (stride == sizeof(Stored)) {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = convert(load<Stored>(from + i * sizeof(Stored)));
    } else {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = convert(load<Stored>(from + i * stride));
    }
}

template <typename Stored, typename Convert>
void decodeAs(
    const MatrixView& matrix, std::size_t first, std::size_t count, float* out, Convert convert)
{
    for (std::size_t r = 0; r < count; ++r)
        decodeRow<Stored>(matrix.data + (first + r) * matrix.rowStride, matrix.colStride,
            matrix.cols, out + r * matrix.cols, convert);
}

} // namespace

void decodeRows(
    const MatrixView& matrix, std::size_t first, std::size_t count, std::span<float> out)
{
    assert(first <= matrix.rows && count <= matrix.rows - first);
    assert(out.size() >= count * matrix.cols);
    switch (matrix.dtype) {
    case DType::F64:
        decodeAs<double>(
            matrix, first, count, out.data(), [](double v) { return static_cast<float>(v); });
        break;
    case DType::F32:
        decodeAs<float>(matrix, first, count, out.data(), [](float v) { return v; });
        break;
    case DType::F16:
        decodeAs<std::uint16_t>(
            matrix, first, count, out.data(), [](std::uint16_t v) { return expandHalf(v); });
        break;
    case DType::BF16:
        decodeAs<std::uint16_t>(
            matrix, first, count, out.data(), [](std::uint16_t v) { return bf16ToFloat(v); });
        break;
    default:
        assert(!"the dtype must be decodable");
    }
}

std::vector<float> decodeAll(const MatrixView& matrix)
{
    std::vector<float> values(matrix.elements());
    decodeRows(matrix, 0, matrix.rows, values);
    return values;
}

} // namespace moescope
