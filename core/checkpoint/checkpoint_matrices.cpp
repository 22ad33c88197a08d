// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/config_file.h"
#include "core/io/json.h"

namespace moescope {

namespace {

constexpr std::uint64_t kUsualScaleBlock = 128;
constexpr std::uint64_t kMxBlock = 32;
constexpr std::uint64_t kMaxStack = 65536; ///< matrices in one tensor

bool isEightBitFloat(DType dtype)
{
    return dtypeBytes(dtype) == 1 && blockLayout(dtype).elements == 1 && isDecodable(dtype);
}

constexpr std::uint64_t ceilDivide(std::uint64_t a, std::uint64_t b)
{
    return a / b + (a % b != 0 ? 1 : 0);
}

/// How many of `size` elements share one of `scales` scales; 0 when no likely number does.
std::uint64_t inferBlock(std::uint64_t size, std::uint64_t scales)
{
    if (ceilDivide(size, kUsualScaleBlock) == scales)
        return kUsualScaleBlock;
    if (scales == 1)
        return size;
    for (std::uint64_t block = 1; block <= 4096; block *= 2)
        if (ceilDivide(size, block) == scales)
            return block;
    return 0;
}

/// The last two sizes of a scale tensor for `count` matrices; one size is one scale for each row.
std::optional<std::array<std::uint64_t, 2>> scaleGrid(const TensorInfo& scales, std::uint64_t count)
{
    std::vector<std::uint64_t> shape = scales.shape;
    if (shape.size() == 3 && shape.front() == count)
        shape.erase(shape.begin());
    else if (count != 1)
        return std::nullopt;
    shape.resize(std::max<std::size_t>(shape.size(), 2), 1);
    if (shape.size() != 2)
        return std::nullopt;
    return std::array{shape[0], shape[1]};
}

} // namespace

/// Different tiles can have the same number of scales, so that it does not say which they are.
Status Checkpoint::readScaleBlock()
{
    const Json* declared = config() ? quantizationConfig(*config()) : nullptr;
    const auto it = declared ? declared->find("weight_block_size") : Json::const_iterator();
    if (!declared || it == declared->end() || it->is_null())
        return {};
    const auto side = [&](std::size_t i) {
        const Json& value = (*it)[i];
        return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
    };
    constexpr std::uint64_t kMostSide = 1U << 20;
    const bool two = it->is_array() && it->size() == 2;
    for (std::size_t i = 0; i < 2; ++i) {
        if (!two || side(i) == 0 || side(i) > kMostSide)
            return fail(ErrorCode::BadFormat,
                fmt::format("{}: \"weight_block_size\" should list two numbers between 1 and {}.",
                    displayPath(m_folder / "config.json"), kMostSide));
    }
    m_scaleBlock = {side(0), side(1)};
    return {};
}

std::string Checkpoint::subject(const TensorInfo& tensor) const
{
    return fmt::format(
        "{}: tensor \"{}\"", displayPath(m_files[tensor.file]->path()), displayName(tensor.name));
}

/// The tensor of this name and shape; where a matrix of one row is allowed, a vector is one too.
Result<const TensorInfo*> Checkpoint::require(
    std::string_view name, std::span<const std::uint64_t> shape, bool allowRow) const
{
    const TensorInfo* tensor = find(name);
    if (!tensor)
        return fail(ErrorCode::NotFound,
            fmt::format("{} has no tensor \"{}\".", displayPath(m_path), displayName(name)));
    const auto wanted = allowRow && tensor->shape.size() + 1 == shape.size() && shape[0] == 1
        ? shape.subspan(1)
        : shape;
    if (!std::equal(tensor->shape.begin(), tensor->shape.end(), wanted.begin(), wanted.end()))
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has the shape {}, but the model needs {}.", subject(*tensor),
                formatShape(tensor->shape),
                formatShape(allowRow && shape[0] == 1 ? shape.subspan(1) : shape)));
    return tensor;
}

Status Checkpoint::checkDecodable(const TensorInfo& tensor, std::uint64_t cols) const
{
    const bool isFloat = dtypeIsFloat(tensor.dtype);
    if (!isDecodable(tensor.dtype))
        return fail(isFloat ? ErrorCode::Unsupported : ErrorCode::BadFormat,
            fmt::format("{} has the dtype {}, but the model needs {}.", subject(tensor),
                dtypeName(tensor.dtype),
                isFloat ? "a type that can be decoded to float" : "floating-point numbers"));
    if (const std::size_t block = blockLayout(tensor.dtype).elements; cols % block != 0)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has rows of {} values, which are no whole blocks of {} as {} needs.",
                subject(tensor), cols, block, dtypeName(tensor.dtype)));
    return {};
}

/// Looks for the scales of an eight-bit tensor and gives each matrix its part of them.
Status Checkpoint::attachScales(
    const TensorInfo& tensor, ScaleBlock block, std::span<MatrixView> matrices) const
{
    if (!isEightBitFloat(tensor.dtype) || matrices.empty())
        return {};
    const TensorInfo* found = find(tensor.name + "_scale_inv");
    if (!found)
        found = find(tensor.name + "_scale");
    if (!found)
        return {};
    if (!isDecodable(found->dtype) || blockLayout(found->dtype).elements != 1)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has the dtype {}, but scales should be floating-point numbers.",
                subject(*found), dtypeName(found->dtype)));
    const std::uint64_t rows = matrices.front().rows;
    const std::uint64_t cols = matrices.front().cols;
    const auto grid = scaleGrid(*found, matrices.size());
    if (block.rows == 0 && block.cols == 0)
        block = m_scaleBlock;
    if (grid && block.rows == 0)
        block.rows = inferBlock(rows, (*grid)[0]);
    if (grid && block.cols == 0)
        block.cols = inferBlock(cols, (*grid)[1]);
    if (!grid || block.rows == 0 || block.cols == 0 || ceilDivide(rows, block.rows) != (*grid)[0]
        || ceilDivide(cols, block.cols) != (*grid)[1])
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has the shape {}, which does not fit the shape {} of the weights{}.",
                subject(*found), formatShape(found->shape), formatShape(tensor.shape),
                block.rows != 0 && block.cols != 0
                    ? fmt::format(" in blocks of {}x{}", block.rows, block.cols)
                    : ""));
    const std::size_t scaleBytes = dtypeBytes(found->dtype);
    const auto rowStride = static_cast<std::size_t>((*grid)[1]) * scaleBytes;
    for (std::size_t i = 0; i < matrices.size(); ++i) {
        ScaleView& scales = matrices[i].scales;
        scales.dtype = found->dtype;
        scales.data = found->bytes.data() + i * static_cast<std::size_t>((*grid)[0]) * rowStride;
        scales.rowStride = rowStride;
        scales.colStride = scaleBytes;
        scales.blockRows = static_cast<std::size_t>(block.rows);
        scales.blockCols = static_cast<std::size_t>(block.cols);
    }
    return {};
}

Result<MatrixView> Checkpoint::matrix(
    std::string_view name, std::uint64_t rows, std::uint64_t cols, ScaleBlock block) const
{
    MOESCOPE_TRY(const TensorInfo* tensor, require(name, std::array{rows, cols}, true));
    MOESCOPE_CHECK(checkDecodable(*tensor, cols));
    MatrixView view = MatrixView::rowMajor(tensor->dtype, static_cast<std::size_t>(rows),
        static_cast<std::size_t>(cols), tensor->bytes.data());
    MOESCOPE_CHECK(attachScales(*tensor, block, std::span(&view, 1)));
    return view;
}

Status Checkpoint::checkStack(std::string_view name, std::uint64_t count) const
{
    if (count <= kMaxStack)
        return {};
    return fail(ErrorCode::BadFormat,
        fmt::format("{}: \"{}\" should hold {} matrices, more than the {} that are accepted.",
            displayPath(m_path), displayName(name), count, kMaxStack));
}

Result<std::vector<MatrixView>> Checkpoint::stack(
    std::string_view name, std::array<std::uint64_t, 3> shape, ScaleBlock block) const
{
    MOESCOPE_CHECK(checkStack(name, shape[0]));
    MOESCOPE_TRY(const TensorInfo* tensor, require(name, shape));
    MOESCOPE_CHECK(checkDecodable(*tensor, shape[2]));
    const auto rows = static_cast<std::size_t>(shape[1]);
    const auto cols = static_cast<std::size_t>(shape[2]);
    std::vector<MatrixView> matrices;
    for (std::size_t i = 0; i < shape[0]; ++i) {
        matrices.push_back(MatrixView::rowMajor(tensor->dtype, rows, cols, tensor->bytes.data()));
        matrices.back().data += i * matrices.back().bytes();
    }
    MOESCOPE_CHECK(attachScales(*tensor, block, matrices));
    return matrices;
}

Result<std::vector<MatrixView>> Checkpoint::mxfp4Stack(
    std::string_view name, std::array<std::uint64_t, 3> shape) const
{
    const auto [count, rows, cols] = shape;
    MOESCOPE_CHECK(checkStack(name, count));
    if (cols % kMxBlock != 0)
        return fail(ErrorCode::BadFormat,
            fmt::format(
                "{}: \"{}\" should have rows of {} values, which are no whole groups of {}.",
                displayPath(m_path), displayName(name), cols, kMxBlock));
    const std::uint64_t groups = cols / kMxBlock;
    const std::string blocksName = std::string(name) + "_blocks";
    const std::string scalesName = std::string(name) + "_scales";
    MOESCOPE_TRY(const TensorInfo* blocks,
        require(blocksName, std::array{count, rows, groups, kMxBlock / 2}));
    MOESCOPE_TRY(const TensorInfo* scales, require(scalesName, std::array{count, rows, groups}));
    const bool goodScales = scales->dtype == DType::U8 || scales->dtype == DType::F8E8M0;
    if (const TensorInfo* wrong = blocks->dtype != DType::U8 ? blocks : scales;
        blocks->dtype != DType::U8 || !goodScales)
        return fail(ErrorCode::BadFormat,
            fmt::format("{} has the dtype {}, but MXFP4 is kept in u8.", subject(*wrong),
                dtypeName(wrong->dtype)));
    std::vector<MatrixView> matrices;
    for (std::size_t i = 0; i < count; ++i) {
        MatrixView& view = matrices.emplace_back(MatrixView::rowMajor(DType::F4,
            static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), blocks->bytes.data()));
        view.data += i * view.bytes();
        view.scales.dtype = DType::F8E8M0;
        view.scales.rowStride = static_cast<std::size_t>(groups);
        view.scales.colStride = 1;
        view.scales.blockCols = static_cast<std::size_t>(kMxBlock);
        view.scales.data = scales->bytes.data() + i * view.rows * view.scales.rowStride;
    }
    return matrices;
}

Result<std::vector<float>> Checkpoint::vector(std::string_view name, std::uint64_t size) const
{
    MOESCOPE_TRY(const MatrixView view, matrix(name, 1, size));
    try {
        return decodeAll(view);
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("There is not enough memory for tensor \"{}\" of {}.", displayName(name),
                displayPath(m_path)));
    }
}

} // namespace moescope
