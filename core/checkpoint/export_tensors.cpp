// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/export_tensors.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/text.h"
#include "core/checkpoint/safetensors.h"
#include "core/io/file_write.h"

namespace moescope {

namespace fs = std::filesystem;

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

class PieceWriter {
public:
    PieceWriter(std::ostream& stream, std::uint64_t total, TaskContext& task)
        : m_stream(stream)
        , m_total(total)
        , m_task(task)
    {
    }

    Status write(const DecodedTensor& tensor)
    {
        for (const MatrixView& part : tensor.parts)
            MOESCOPE_CHECK(part.scales.data == nullptr && part.rows == 1
                    ? writeRun(part, tensor.name)
                    : writeRows(part, tensor.name));
        return {};
    }

private:
    /// One row of any length, in pieces of whole blocks.
    Status writeRun(const MatrixView& run, const std::string& name)
    {
        const BlockLayout block = blockLayout(run.dtype);
        const std::size_t step = kPieceElements / block.elements * block.elements;
        for (std::size_t first = 0; first < run.cols; first += step) {
            const std::size_t count = std::min(step, run.cols - first);
            m_values.resize(count);
            blockDecoder(run.dtype)(run.data + first / block.elements * block.bytes, block.bytes,
                count / block.elements, m_values.data());
            MOESCOPE_CHECK(flush(name));
        }
        return {};
    }

    Status writeRows(const MatrixView& matrix, const std::string& name)
    {
        const std::size_t step
            = std::max<std::size_t>(1, kPieceElements / std::max<std::size_t>(1, matrix.cols));
        for (std::size_t first = 0; first < matrix.rows; first += step) {
            const std::size_t count = std::min(step, matrix.rows - first);
            m_values.resize(count * matrix.cols);
            decodeRows(matrix, first, count, m_values);
            MOESCOPE_CHECK(flush(name));
        }
        return {};
    }

    Status flush(const std::string& name)
    {
        MOESCOPE_CHECK(m_task.check());
        const std::size_t bytes = m_values.size() * sizeof(float);
        m_stream.write(
            reinterpret_cast<const char*>(m_values.data()), static_cast<std::streamsize>(bytes));
        m_written += bytes;
        m_task.progress(static_cast<double>(m_written)
                / static_cast<double>(std::max<std::uint64_t>(1, m_total)),
            displayName(name));
        // What is wrong is said by the caller, who sees the stream.
        return m_stream ? Status() : fail(ErrorCode::CannotWrite, {});
    }

    std::ostream& m_stream;
    std::uint64_t m_total;
    std::uint64_t m_written = 0;
    TaskContext& m_task;
    std::vector<float> m_values;
};

/// Bytes of all values; nothing when no file can hold them.
std::optional<std::uint64_t> totalBytes(std::span<const DecodedTensor> tensors)
{
    std::optional<std::uint64_t> total = 0;
    for (const DecodedTensor& tensor : tensors) {
        const auto bytes = checkedMul(tensor.elements(), sizeof(float));
        total = total && bytes ? checkedAdd(*total, *bytes) : std::nullopt;
    }
    return total;
}

Status checkTarget(const Checkpoint& checkpoint, const fs::path& path, std::uint64_t bytes)
{
    std::error_code error;
    if (fs::exists(path, error) && !fs::is_regular_file(path, error))
        return {};
    for (const auto& file : checkpoint.files())
        if (fs::equivalent(file->path(), path, error))
            return fail(ErrorCode::CannotWrite,
                fmt::format(
                    "{} is a file of the model itself; choose another name.", displayPath(path)));
    const fs::space_info space = fs::space(fs::absolute(path, error).parent_path(), error);
    if (!error && space.available < bytes)
        return fail(ErrorCode::CannotWrite,
            fmt::format("{} cannot be written: it needs {}, but only {} are free.",
                displayPath(path), formatBytes(bytes), formatBytes(space.available)));
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

Status exportTensors(const Checkpoint& checkpoint, std::span<const DecodedTensor> tensors,
    const fs::path& path, TaskContext& task)
{
    const auto total = totalBytes(tensors);
    if (!total)
        return fail(ErrorCode::CannotWrite,
            fmt::format(
                "{} cannot be written: no file can hold so many values.", displayPath(path)));
    MOESCOPE_CHECK(checkTarget(checkpoint, path, *total));
    std::vector<SafetensorsEntry> entries;
    for (const DecodedTensor& tensor : tensors)
        entries.push_back({tensor.name, DType::F32, tensor.shape});
    MOESCOPE_TRY(const std::string prefix, safetensorsPrefix(entries, {}, path));
    Status written = writeFileAtomically(path, [&](std::ostream& stream) -> Status {
        stream.write(prefix.data(), static_cast<std::streamsize>(prefix.size()));
        PieceWriter writer(stream, *total, task);
        for (const DecodedTensor& tensor : tensors)
            MOESCOPE_CHECK(writer.write(tensor));
        return checkpoint.status();
    });
    if (!written && written.error().code == ErrorCode::CannotWrite
        && written.error().message.empty())
        return fail(ErrorCode::CannotWrite,
            fmt::format("{} cannot be written: the disk is full or failed.", displayPath(path)));
    return written;
}

} // namespace moescope
