// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/families/scaled_matrix.h"

#include <fmt/format.h>

#include "core/base/text.h"

namespace moescope::family {

namespace {

constexpr std::uint64_t kMxGroup = 32;
constexpr std::uint64_t kTile = 128;

using Shape = std::vector<std::uint64_t>;

constexpr std::uint64_t ceilDivide(std::uint64_t a, std::uint64_t b)
{
    return a / b + (a % b != 0 ? 1 : 0);
}

bool isByte(DType dtype)
{
    return dtype == DType::I8 || dtype == DType::U8;
}

} // namespace

Result<MatrixView> scaledMatrix(
    const Checkpoint& checkpoint, const std::string& name, std::uint64_t rows, std::uint64_t cols)
{
    const TensorInfo* weight = checkpoint.find(name + ".weight");
    const TensorInfo* scale = checkpoint.find(name + ".scale");
    if (!weight || !scale)
        return checkpoint.matrix(name + ".weight", rows, cols);

    const bool packed = isByte(weight->dtype) && cols % kMxGroup == 0
        && weight->shape == Shape{rows, cols / 2} && scale->shape == Shape{rows, cols / kMxGroup}
        && (scale->dtype == DType::F8E8M0 || isByte(scale->dtype));
    const bool tiled = weight->dtype == DType::F8E4M3 && weight->shape == Shape{rows, cols}
        && scale->shape == Shape{ceilDivide(rows, kTile), ceilDivide(cols, kTile)}
        && isDecodable(scale->dtype) && blockLayout(scale->dtype).elements == 1;
    if (!packed && !tiled)
        return fail(ErrorCode::Unsupported,
            fmt::format("{}: the tensor \"{}.weight\" is {} {} with scales {} {}, which is neither "
                        "MXFP4 nor E4M3 of a matrix {}.",
                displayPath(checkpoint.path()), displayName(name), dtypeName(weight->dtype),
                formatShape(weight->shape), dtypeName(scale->dtype), formatShape(scale->shape),
                formatShape(Shape{rows, cols})));

    MatrixView view = MatrixView::rowMajor(packed ? DType::F4 : weight->dtype,
        static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), weight->bytes.data());
    ScaleView& scales = view.scales;
    scales.dtype = packed ? DType::F8E8M0 : scale->dtype;
    scales.data = scale->bytes.data();
    scales.colStride = dtypeBytes(scales.dtype);
    scales.rowStride = static_cast<std::size_t>(scale->shape[1]) * scales.colStride;
    scales.blockRows = packed ? 1 : static_cast<std::size_t>(kTile);
    scales.blockCols = static_cast<std::size_t>(packed ? kMxGroup : kTile);
    return view;
}

} // namespace moescope::family
