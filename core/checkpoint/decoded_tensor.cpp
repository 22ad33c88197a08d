// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/decoded_tensor.h"

#include <algorithm>
#include <utility>

namespace moescope {

namespace {

constexpr std::size_t kPieceElements = 1U << 20;
constexpr std::string_view kBlocksSuffix = "_blocks";
constexpr std::string_view kScalesSuffix = "_scales";
constexpr std::uint64_t kMxBytes = 16;

/// Name, without suffix, of the MXFP4 tensor that `tensor` is a half of; empty when it is none.
std::string mxfp4Name(const Checkpoint& checkpoint, const TensorInfo& tensor)
{
    const bool isBlocks = tensor.name.ends_with(kBlocksSuffix);
    if (!isBlocks && !tensor.name.ends_with(kScalesSuffix))
        return {};
    const std::string name = tensor.name.substr(0, tensor.name.size() - kBlocksSuffix.size());
    const TensorInfo* blocks = checkpoint.find(name + std::string(kBlocksSuffix));
    if (!blocks || blocks->shape.size() != 4 || blocks->shape[3] != kMxBytes
        || blocks->dtype != DType::U8 || checkpoint.find(name)
        || !checkpoint.find(name + std::string(kScalesSuffix)))
        return {};
    return name;
}

Result<DecodedTensor> decodedMxfp4(const Checkpoint& checkpoint, const std::string& name)
{
    const TensorInfo& blocks = *checkpoint.find(name + std::string(kBlocksSuffix));
    DecodedTensor decoded{
        name, {blocks.shape[0], blocks.shape[1], blocks.shape[2] * 2 * kMxBytes}, "mxfp4", {}};
    MOESCOPE_TRY(decoded.parts,
        checkpoint.mxfp4Stack(name, {decoded.shape[0], decoded.shape[1], decoded.shape[2]}));
    return decoded;
}

/// The stored elements in one run, whatever the shape.
MatrixView wholeTensor(const TensorInfo& tensor)
{
    return MatrixView::rowMajor(
        tensor.dtype, 1, static_cast<std::size_t>(tensor.elements()), tensor.bytes.data());
}

Result<DecodedTensor> decodedTensor(const Checkpoint& checkpoint, const TensorInfo& tensor)
{
    DecodedTensor decoded{tensor.name, tensor.shape, {}, {}};
    const auto& shape = tensor.shape;
    // Scales are looked for where there can be any.
    if (dtypeBytes(tensor.dtype) == 1 && isDecodable(tensor.dtype) && shape.size() == 2) {
        MOESCOPE_TRY(const MatrixView view, checkpoint.matrix(tensor.name, shape[0], shape[1]));
        decoded.parts = {view};
    } else if (dtypeBytes(tensor.dtype) == 1 && isDecodable(tensor.dtype) && shape.size() == 3) {
        MOESCOPE_TRY(decoded.parts, checkpoint.stack(tensor.name, {shape[0], shape[1], shape[2]}));
    }
    if (decoded.parts.empty() || decoded.parts.front().scales.data == nullptr)
        decoded.parts = {wholeTensor(tensor)};
    decoded.packing = packingName(decoded.parts.front());
    return decoded;
}

/// One row of any length, in pieces of whole blocks.
Status decodeRun(const MatrixView& run, std::vector<float>& values, const PieceSink& sink)
{
    const BlockLayout block = blockLayout(run.dtype);
    const std::size_t step = kPieceElements / block.elements * block.elements;
    for (std::size_t first = 0; first < run.cols; first += step) {
        const std::size_t count = std::min(step, run.cols - first);
        values.resize(count);
        blockDecoder(run.dtype)(run.data + first / block.elements * block.bytes, block.bytes,
            count / block.elements, values.data());
        MOESCOPE_CHECK(sink(values));
    }
    return {};
}

Status decodeMatrix(const MatrixView& matrix, std::vector<float>& values, const PieceSink& sink)
{
    const std::size_t step
        = std::max<std::size_t>(1, kPieceElements / std::max<std::size_t>(1, matrix.cols));
    for (std::size_t first = 0; first < matrix.rows; first += step) {
        const std::size_t count = std::min(step, matrix.rows - first);
        values.resize(count * matrix.cols);
        decodeRows(matrix, first, count, values);
        MOESCOPE_CHECK(sink(values));
    }
    return {};
}

} // namespace

std::uint64_t DecodedTensor::elements() const
{
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape)
        count *= size;
    return count;
}

Result<DecodedTensors> findDecodedTensors(
    const Checkpoint& checkpoint, const std::function<bool(std::string_view name)>& matches)
{
    DecodedTensors found;
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        const std::string packed = mxfp4Name(checkpoint, tensor);
        if (!packed.empty()) {
            // Of the two halves, the blocks come first.
            if (tensor.name.ends_with(kBlocksSuffix)
                && (matches(packed) || matches(tensor.name)
                    || matches(packed + std::string(kScalesSuffix)))) {
                MOESCOPE_TRY(auto decoded, decodedMxfp4(checkpoint, packed));
                found.tensors.push_back(std::move(decoded));
            }
            continue;
        }
        if (!matches(tensor.name))
            continue;
        if (blockDecoder(tensor.dtype) == nullptr) {
            found.skipped.push_back(&tensor);
            continue;
        }
        MOESCOPE_TRY(auto decoded, decodedTensor(checkpoint, tensor));
        found.tensors.push_back(std::move(decoded));
    }
    return found;
}

Status decodePieces(const DecodedTensor& tensor, const PieceSink& sink)
{
    std::vector<float> values;
    for (const MatrixView& part : tensor.parts)
        MOESCOPE_CHECK(part.scales.data == nullptr && part.rows == 1
                ? decodeRun(part, values, sink)
                : decodeMatrix(part, values, sink));
    return {};
}

} // namespace moescope
