// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/experiments/tensor_glance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>

#include <fmt/format.h>

namespace moescope {

namespace {

constexpr std::uint64_t kMostRows = 1024;
constexpr std::uint64_t kMostElements = 16U << 20U;
constexpr std::uint64_t kPictureSide = 96;
/// Colours reach this many standard deviations, so that one large element does not fade the rest.
constexpr double kColourReach = 3;

std::vector<std::uint64_t> spread(std::uint64_t count, std::uint64_t most)
{
    const std::uint64_t taken = std::min(count, std::max<std::uint64_t>(most, 1));
    std::vector<std::uint64_t> indices;
    for (std::uint64_t i = 0; i < taken; ++i)
        indices.push_back(i * count / taken);
    return indices;
}

/// The matrices that the tensor consists of, one below the other.
Result<std::vector<MatrixView>> matricesOf(const Checkpoint& checkpoint, const TensorInfo& tensor)
{
    const auto& shape = tensor.shape;
    if (!isDecodable(tensor.dtype))
        return fail(ErrorCode::Unsupported,
            fmt::format("The elements of tensor \"{}\" are {}: there are no numbers to show.",
                tensor.name, dtypeName(tensor.dtype)));
    if (shape.size() == 3)
        return checkpoint.stack(tensor.name, {shape[0], shape[1], shape[2]});
    if (shape.size() > 3 || shape.empty())
        return fail(ErrorCode::Unsupported,
            fmt::format("Tensor \"{}\" has the shape {}: only vectors, matrices and stacks of "
                        "matrices are drawn.",
                tensor.name, formatShape(shape)));
    const std::uint64_t rows = shape.size() == 2 ? shape[0] : 1;
    MOESCOPE_TRY(MatrixView matrix, checkpoint.matrix(tensor.name, rows, shape.back()));
    return std::vector<MatrixView>{matrix};
}

void addRow(TensorGlance& glance, std::span<const float> row, double& sum, double& squares)
{
    for (const float element : row) {
        const auto value = static_cast<double>(element);
        if (!std::isfinite(value)) {
            ++glance.notFinite;
            continue;
        }
        glance.zeros += value == 0;
        glance.lo = std::min(glance.lo, value);
        glance.hi = std::max(glance.hi, value);
        sum += value;
        squares += value * value;
    }
}

} // namespace

Result<TensorGlance> glanceAtTensor(
    const Checkpoint& checkpoint, std::string_view name, TaskContext& context)
{
    const TensorInfo* tensor = checkpoint.find(name);
    if (!tensor)
        return fail(ErrorCode::NotFound, fmt::format("There is no tensor \"{}\".", name));
    try {
        MOESCOPE_TRY(const auto matrices, matricesOf(checkpoint, *tensor));
        TensorGlance glance;
        if (matrices.empty() || matrices.front().elements() == 0)
            return fail(ErrorCode::Unsupported, fmt::format("Tensor \"{}\" is empty.", name));
        const std::uint64_t rowsEach = matrices.front().rows;
        glance.rows = rowsEach * matrices.size();
        glance.cols = matrices.front().cols;
        const auto rows = spread(glance.rows, std::min(kMostRows, kMostElements / glance.cols));
        glance.rowsRead = rows.size();
        glance.pictureCols = spread(glance.cols, kPictureSide);
        const auto pictured = spread(rows.size(), kPictureSide);
        glance.lo = std::numeric_limits<double>::infinity();
        glance.hi = -glance.lo;
        double sum = 0;
        double squares = 0;
        std::vector<float> row(glance.cols);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            MOESCOPE_CHECK(context.check());
            decodeRows(matrices[rows[i] / rowsEach], rows[i] % rowsEach, 1, row);
            addRow(glance, row, sum, squares);
            if (!std::ranges::binary_search(pictured, i))
                continue;
            glance.pictureRows.push_back(rows[i]);
            for (const std::uint64_t col : glance.pictureCols)
                glance.picture.push_back(row[col]);
        }
        MOESCOPE_CHECK(checkpoint.status());
        const auto count = static_cast<double>(glance.rowsRead * glance.cols - glance.notFinite);
        if (count > 0) {
            glance.mean = sum / count;
            glance.sd = std::sqrt(std::max(0.0, squares / count - glance.mean * glance.mean));
        } else {
            glance.lo = glance.hi = glance.mean = glance.sd
                = std::numeric_limits<double>::quiet_NaN();
        }
        return glance;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("There is not enough memory to look at tensor \"{}\".", name));
    }
}

Figure glanceFigure(const TensorGlance& glance, std::string_view name)
{
    HeatMapFigure map;
    map.valueTitle = "value";
    map.rowAxis.title = "row";
    map.colAxis.title = "column";
    map.rows = glance.pictureRows.size();
    map.cols = glance.pictureCols.size();
    map.values.assign(glance.picture.begin(), glance.picture.end());
    for (const std::uint64_t row : glance.pictureRows)
        map.rowLabels.push_back(std::to_string(row));
    for (const std::uint64_t col : glance.pictureCols)
        map.colLabels.push_back(std::to_string(col));
    map.scale = ColourScale::Diverging;
    const double reach = std::abs(glance.mean) + kColourReach * glance.sd;
    if (reach > 0)
        map.range = Interval{-reach, reach};
    return {"tensor", std::string(name),
        fmt::format(
            "{} of {} rows, {} of {} columns", map.rows, glance.rows, map.cols, glance.cols),
        "Single elements, evenly spread.", std::move(map)};
}

} // namespace moescope
