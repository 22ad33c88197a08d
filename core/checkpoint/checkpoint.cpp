// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/config_file.h"
#include "core/checkpoint/gguf.h"
#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/weight_files.h"
#include "core/io/json.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

using Files = std::vector<std::shared_ptr<const MappedFile>>;

/// What the files of a model hold together; the tensors of the first file come first.
struct Contents {
    Files files;
    std::vector<TensorInfo> tensors;
    Metadata metadata;
};

void append(std::vector<TensorInfo>& all, std::vector<TensorInfo>&& tensors, std::size_t file)
{
    for (TensorInfo& tensor : tensors)
        tensor.file = static_cast<std::uint32_t>(file);
    if (all.empty())
        all = std::move(tensors);
    else
        std::move(tensors.begin(), tensors.end(), std::back_inserter(all));
}

/// Maps one more file and parses its header.
template <typename Parse>
auto openHeader(const fs::path& path, Files& files, Parse parse)
    -> decltype(parse(std::span<const std::byte>(), std::string_view()))
{
    MOESCOPE_TRY(auto file, MappedFile::open(path));
    auto header = parse(file->bytes(), displayPath(path));
    // A file that shrank meanwhile reads as zeros: then its header is not the thing to complain
    // about.
    MOESCOPE_CHECK(file->status());
    files.push_back(std::move(file));
    return header;
}

Result<Contents> openSafetensors(const WeightFiles& found)
{
    Contents contents;
    for (const fs::path& path : found.files) {
        MOESCOPE_TRY(auto header, openHeader(path, contents.files, parseSafetensors));
        append(contents.tensors, std::move(header.tensors), contents.files.size() - 1);
    }
    return contents;
}

Result<Contents> openGguf(const WeightFiles& found)
{
    Contents contents;
    std::vector<GgufHeader> headers;
    for (const fs::path& path : found.files) {
        MOESCOPE_TRY(auto header, openHeader(path, contents.files, parseGguf));
        headers.push_back(std::move(header));
    }
    MOESCOPE_CHECK(checkGgufParts(found.files, headers));
    contents.metadata = std::move(headers.front().metadata);
    for (std::size_t i = 0; i < headers.size(); ++i)
        append(contents.tensors, std::move(headers[i].tensors), i);
    return contents;
}

/// The index and its shards must tell the same story.
Status checkAgainstIndex(const WeightIndex& index, const Checkpoint& checkpoint)
{
    for (const auto& [name, file] : index.tensors) {
        const TensorInfo* tensor = checkpoint.find(name);
        const std::string place = displayName(index.files[file]);
        if (!tensor)
            return fail(ErrorCode::BadFormat,
                fmt::format("{} says that tensor \"{}\" is in {}, but it is not there.",
                    displayPath(index.path), displayName(name), place));
        if (tensor->file != file)
            return fail(ErrorCode::BadFormat,
                fmt::format("{} says that tensor \"{}\" is in {}, but it is in {}.",
                    displayPath(index.path), displayName(name), place,
                    displayName(index.files[tensor->file])));
    }
    return {};
}

} // namespace

std::uint64_t TensorInfo::elements() const
{
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape)
        count *= size;
    return count;
}

std::string formatShape(std::span<const std::uint64_t> shape)
{
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

Checkpoint::ScatteredReads::ScatteredReads(const Checkpoint& checkpoint)
    : m_files(checkpoint.m_files)
{
    for (const auto& file : m_files)
        file->expectScatteredReads(true);
}

Checkpoint::ScatteredReads::~ScatteredReads()
{
    for (const auto& file : m_files)
        file->expectScatteredReads(false);
}

Result<std::shared_ptr<const Checkpoint>> Checkpoint::open(const fs::path& path)
{
    try {
        MOESCOPE_TRY(const WeightFiles found, findWeightFiles(path));
        std::shared_ptr<Checkpoint> checkpoint(new Checkpoint);
        checkpoint->m_path = path;
        checkpoint->m_folder = found.folder;
        const bool isGguf = found.format == WeightFormat::Gguf;
        checkpoint->m_format = isGguf ? "GGUF" : "safetensors";
        MOESCOPE_TRY(Contents contents, isGguf ? openGguf(found) : openSafetensors(found));
        checkpoint->m_files = std::move(contents.files);
        checkpoint->m_tensors = std::move(contents.tensors);
        checkpoint->m_metadata = std::move(contents.metadata);
        auto& tensors = checkpoint->m_tensors;
        std::sort(tensors.begin(), tensors.end(), [](const TensorInfo& a, const TensorInfo& b) {
            return std::tie(a.name, a.file) < std::tie(b.name, b.file);
        });
        const auto twice = std::adjacent_find(tensors.begin(), tensors.end(),
            [](const TensorInfo& a, const TensorInfo& b) { return a.name == b.name; });
        std::error_code ignored;
        if (twice != tensors.end() && found.index
            && fs::equivalent(
                found.files[twice->file], found.files[std::next(twice)->file], ignored))
            return fail(ErrorCode::BadFormat,
                fmt::format("{} is broken: it names the same file as \"{}\" and as \"{}\".",
                    displayPath(found.index->path), displayName(found.index->files[twice->file]),
                    displayName(found.index->files[std::next(twice)->file])));
        if (twice != tensors.end())
            return fail(ErrorCode::BadFormat,
                fmt::format("{} is broken: tensor \"{}\" is both in {} and in {}.",
                    displayPath(path), displayName(twice->name),
                    displayPath(found.files[twice->file].filename()),
                    displayPath(found.files[std::next(twice)->file].filename())));
        if (found.index)
            MOESCOPE_CHECK(checkAgainstIndex(*found.index, *checkpoint));
        if (!isGguf) {
            auto config = readConfigFile(found.folder);
            if (config)
                checkpoint->m_config = std::make_shared<const Json>(std::move(*config));
            else
                checkpoint->m_configError = std::move(config.error());
            MOESCOPE_CHECK(checkpoint->readScaleBlock());
        }
        return checkpoint;
    } catch (const std::bad_alloc&) {
        return fail(ErrorCode::OutOfMemory,
            fmt::format("There is not enough memory to open {}.", displayPath(path)));
    } catch (const std::exception& e) {
        return fail(
            ErrorCode::Io, fmt::format("{} cannot be opened: {}.", displayPath(path), e.what()));
    }
}

const TensorInfo* Checkpoint::find(std::string_view name) const
{
    const auto it = std::lower_bound(m_tensors.begin(), m_tensors.end(), name,
        [](const TensorInfo& tensor, std::string_view wanted) { return tensor.name < wanted; });
    return it != m_tensors.end() && it->name == name ? &*it : nullptr;
}

std::uint64_t Checkpoint::totalBytes() const
{
    std::uint64_t sum = 0;
    for (const TensorInfo& tensor : m_tensors)
        sum += tensor.bytes.size();
    return sum;
}

Status Checkpoint::status() const
{
    for (const auto& file : m_files)
        MOESCOPE_CHECK(file->status());
    return {};
}

} // namespace moescope
