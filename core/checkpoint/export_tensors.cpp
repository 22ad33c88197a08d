// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/export_tensors.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/text.h"
#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/tensor_file.h"
#include "core/io/file_write.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kTextPiece = 1U << 16; ///< values that are put into words at a time

/// Sends the values of tensors to a stream and says how far it is.
class Writer {
public:
    Writer(std::ostream& stream, std::uint64_t values, TaskContext& task)
        : m_stream(stream)
        , m_values(std::max<std::uint64_t>(1, values))
        , m_task(task)
    {
    }

    Status write(std::string_view bytes)
    {
        m_stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        // What is wrong is said by the caller, who sees the stream.
        return m_stream ? Status() : fail(ErrorCode::CannotWrite, {});
    }

    Status writeFloats(const DecodedTensor& tensor)
    {
        return decodePieces(tensor, [&](std::span<const float> values) -> Status {
            MOESCOPE_CHECK(m_task.check());
            MOESCOPE_CHECK(write(
                {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}));
            count(values.size(), tensor);
            return {};
        });
    }

    Status writeLines(const DecodedTensor& tensor)
    {
        CsvLines lines(tensor.shape);
        std::string text;
        return decodePieces(tensor, [&](std::span<const float> values) -> Status {
            for (std::size_t first = 0; first < values.size(); first += kTextPiece) {
                MOESCOPE_CHECK(m_task.check());
                const auto piece
                    = values.subspan(first, std::min(kTextPiece, values.size() - first));
                text.clear();
                lines.append(piece, text);
                MOESCOPE_CHECK(write(text));
                count(piece.size(), tensor);
            }
            return {};
        });
    }

private:
    void count(std::size_t values, const DecodedTensor& tensor)
    {
        m_written += values;
        m_task.progress(static_cast<double>(m_written) / static_cast<double>(m_values),
            displayName(tensor.name));
    }

    std::ostream& m_stream;
    std::uint64_t m_values;
    std::uint64_t m_written = 0;
    TaskContext& m_task;
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

/// Bytes that the file takes at least.
std::uint64_t leastBytes(TensorFile format, std::uint64_t asFloats)
{
    return format == TensorFile::Csv ? asFloats / 2 : asFloats; // "0" and a comma
}

} // namespace

std::optional<TensorFile> tensorFileFor(const fs::path& path)
{
    std::string ending = path.extension().string();
    std::ranges::transform(ending, ending.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (ending == ".npy")
        return TensorFile::Npy;
    if (ending == ".csv")
        return TensorFile::Csv;
    if (ending == ".safetensors")
        return TensorFile::Safetensors;
    return std::nullopt;
}

Status exportTensors(const Checkpoint& checkpoint, std::span<const DecodedTensor> tensors,
    const fs::path& path, TaskContext& task)
{
    const auto ending = tensorFileFor(path);
    std::error_code ignored;
    const bool isDevice = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
    if (!ending && !isDevice)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("Tensors are written to .safetensors, .npy and .csv files, but the name {} "
                        "has another ending.",
                displayPath(path)));
    const TensorFile format = ending.value_or(TensorFile::Safetensors);
    if (format != TensorFile::Safetensors && tensors.size() != 1)
        return fail(ErrorCode::InvalidArgument,
            fmt::format("{} holds one tensor, but {} are to be written; choose one by its name, or "
                        "a file that ends in .safetensors.",
                displayPath(path), tensors.size()));
    const auto total = totalBytes(tensors);
    if (!total)
        return fail(ErrorCode::CannotWrite,
            fmt::format(
                "{} cannot be written: no file can hold so many values.", displayPath(path)));
    MOESCOPE_CHECK(checkTarget(checkpoint, path, leastBytes(format, *total)));
    std::string prefix;
    if (format == TensorFile::Npy) {
        prefix = npyPrefix(tensors.front().shape);
    } else if (format == TensorFile::Safetensors) {
        std::vector<SafetensorsEntry> entries;
        for (const DecodedTensor& tensor : tensors)
            entries.push_back({tensor.name, DType::F32, tensor.shape});
        MOESCOPE_TRY(prefix, safetensorsPrefix(entries, {}, path));
    }
    Status written = writeFileAtomically(path, [&](std::ostream& stream) -> Status {
        Writer writer(stream, *total / sizeof(float), task);
        MOESCOPE_CHECK(writer.write(prefix));
        for (const DecodedTensor& tensor : tensors)
            MOESCOPE_CHECK(
                format == TensorFile::Csv ? writer.writeLines(tensor) : writer.writeFloats(tensor));
        return checkpoint.status();
    });
    if (!written && written.error().code == ErrorCode::CannotWrite
        && written.error().message.empty())
        return fail(ErrorCode::CannotWrite,
            fmt::format("{} cannot be written: the disk is full or failed.", displayPath(path)));
    return written;
}

} // namespace moescope
