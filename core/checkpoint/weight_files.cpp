// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/weight_files.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/gguf.h"
#include "core/io/file_write.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kWeightSuffix = ".safetensors";
constexpr std::string_view kGgufSuffix = ".gguf";
constexpr std::string_view kEncoderPrefix = "mmproj";
constexpr std::string_view kIndexSuffix = ".safetensors.index.json";

struct Listing {
    std::vector<fs::path> weights;
    std::vector<fs::path> ggufs; ///< of split models only the first part that is there
    std::vector<fs::path> indexes;
    std::string foreign; ///< a weight file of a format that is not read
};

bool isForeignWeightFile(std::string_view name)
{
    return name.ends_with(".pth") || (name.starts_with("pytorch_model") && name.ends_with(".bin"));
}

/// Leaves out later parts of split models, and the picture encoders that lie beside some models.
void keepOneOfEachModel(std::vector<fs::path>& ggufs)
{
    std::sort(ggufs.begin(), ggufs.end());
    std::vector<fs::path> kept;
    std::string split;
    for (const fs::path& path : ggufs) {
        const auto part = ggufPartName(path.filename().string());
        const std::string first = part ? part->fileName(1) : std::string();
        if (!part || first != split)
            kept.push_back(path);
        split = first;
    }
    std::stable_partition(kept.begin(), kept.end(),
        [](const fs::path& path) { return !path.filename().string().starts_with(kEncoderPrefix); });
    const auto encoders = std::find_if(kept.begin(), kept.end(),
        [](const fs::path& path) { return path.filename().string().starts_with(kEncoderPrefix); });
    if (encoders != kept.begin())
        kept.erase(encoders, kept.end());
    ggufs = std::move(kept);
}

/// Files of the known suffixes in a folder, sorted; links to nothing are listed too, so that they
/// are complained about.
Result<Listing> list(const fs::path& folder)
{
    Listing listing;
    std::error_code error;
    fs::directory_iterator it(folder, error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
        const std::string name = it->path().filename().string();
        // "._model.safetensors" and the like are notes that other systems leave behind.
        if (name.starts_with('.'))
            continue;
        if (name.ends_with(kIndexSuffix))
            listing.indexes.push_back(it->path());
        else if (name.ends_with(kWeightSuffix))
            listing.weights.push_back(it->path());
        else if (name.ends_with(kGgufSuffix))
            listing.ggufs.push_back(it->path());
        else if (isForeignWeightFile(name))
            listing.foreign = std::max(listing.foreign, name);
    }
    if (error)
        return fail(ErrorCode::Io,
            fmt::format("The folder {} cannot be read: {}.", displayPath(folder), error.message()));
    std::sort(listing.weights.begin(), listing.weights.end());
    std::sort(listing.indexes.begin(), listing.indexes.end());
    keepOneOfEachModel(listing.ggufs);
    return listing;
}

Result<WeightFiles> fromIndex(WeightIndex index, const fs::path& folder)
{
    WeightFiles found;
    found.folder = folder;
    for (const std::string& name : index.files) {
        found.files.push_back(folder / name);
        std::error_code error;
        if (!fs::exists(found.files.back(), error) && !error)
            return fail(ErrorCode::NotFound,
                fmt::format("{} names {}, which is not there (an incomplete download?).",
                    displayPath(index.path), displayName(name)));
    }
    found.index = std::move(index);
    return found;
}

/// All parts of the model that this GGUF file is, or is a part of.
Result<WeightFiles> fromGguf(const fs::path& path, const fs::path& folder)
{
    const auto part = ggufPartName(path.filename().string());
    WeightFiles found{WeightFormat::Gguf, folder, {path}, {}};
    if (!part || part->count == 1)
        return found;
    found.files.clear();
    for (std::uint32_t number = 1; number <= part->count; ++number) {
        found.files.push_back(folder / part->fileName(number));
        std::error_code error;
        if (!fs::exists(found.files.back(), error) && !error)
            return fail(ErrorCode::NotFound,
                fmt::format("{} is part {} of {}, but {} is not there (an incomplete download?).",
                    displayPath(path), part->number, part->count,
                    displayName(found.files.back().filename().string())));
    }
    return found;
}

Result<WeightFiles> fromFolder(const fs::path& folder)
{
    MOESCOPE_TRY(const Listing listing, list(folder));
    const auto has = [](const std::vector<fs::path>& files, std::string_view name) {
        return std::any_of(files.begin(), files.end(),
            [&](const fs::path& file) { return file.filename() == name; });
    };
    if (has(listing.weights, "model.safetensors"))
        return WeightFiles{WeightFormat::Safetensors, folder, {folder / "model.safetensors"}, {}};
    fs::path index;
    if (has(listing.indexes, "model.safetensors.index.json"))
        index = folder / "model.safetensors.index.json";
    else if (listing.indexes.size() == 1)
        index = listing.indexes.front();
    if (!index.empty()) {
        MOESCOPE_TRY(WeightIndex read, readWeightIndex(index));
        return fromIndex(std::move(read), folder);
    }
    // Other programs put files of tensors beside a GGUF model; with an index or under its usual
    // name a safetensors model was found already.
    if (listing.indexes.empty() && listing.ggufs.size() == 1)
        return fromGguf(listing.ggufs.front(), folder);
    if (listing.indexes.empty() && listing.weights.size() == 1)
        return WeightFiles{WeightFormat::Safetensors, folder, listing.weights, {}};
    if (!listing.indexes.empty() || !listing.weights.empty())
        return fail(ErrorCode::NotFound,
            fmt::format("The folder {} has neither model.safetensors nor "
                        "model.safetensors.index.json, but {} other {}; name the one to open.",
                displayPath(folder),
                listing.indexes.empty() ? listing.weights.size() : listing.indexes.size(),
                listing.indexes.empty() ? ".safetensors files" : "indexes"));
    if (!listing.ggufs.empty())
        return fail(ErrorCode::NotFound,
            fmt::format("The folder {} holds {} GGUF models; name the one to open, such as {}.",
                displayPath(folder), listing.ggufs.size(),
                displayName(listing.ggufs.front().filename().string())));
    if (!listing.foreign.empty())
        return fail(ErrorCode::Unsupported,
            fmt::format("The folder {} holds {}, but weights are read from .safetensors and .gguf "
                        "files only.",
                displayPath(folder), displayName(listing.foreign)));
    return fail(ErrorCode::NotFound,
        fmt::format("The folder {} holds no weights: neither model.safetensors, nor "
                    "model.safetensors.index.json, nor any other .safetensors or .gguf file.",
            displayPath(folder)));
}

/// The model that this file belongs to, or the file alone when no index beside it names it.
Result<WeightFiles> fromWeightFile(const fs::path& path, const fs::path& folder)
{
    const std::string name = path.filename().string();
    if (name.ends_with(kWeightSuffix) && name != "model.safetensors") {
        const auto listing = list(folder);
        for (const fs::path& indexPath : listing ? listing->indexes : std::vector<fs::path>{}) {
            auto index = readWeightIndex(indexPath);
            if (index && std::binary_search(index->files.begin(), index->files.end(), name))
                return fromIndex(std::move(*index), folder);
        }
    }
    return WeightFiles{WeightFormat::Safetensors, folder, {path}, {}};
}

/// Downloads are sometimes kept under a name without suffix.
bool beginsLikeGguf(const fs::path& path)
{
    const std::string begin = firstBytes(path, 4);
    return isGguf(std::as_bytes(std::span(begin)));
}

} // namespace

Result<WeightFiles> findWeightFiles(const fs::path& path)
{
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status))
        return fromFolder(path);
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (!fs::is_regular_file(status))
        return WeightFiles{
            WeightFormat::Safetensors, folder, {path}, {}}; // opening it says what is wrong
    if (path.filename().string().ends_with(".index.json")) {
        MOESCOPE_TRY(WeightIndex index, readWeightIndex(path));
        return fromIndex(std::move(index), folder);
    }
    if (path.filename().string().ends_with(kGgufSuffix) || beginsLikeGguf(path))
        return fromGguf(path, folder);
    return fromWeightFile(path, folder);
}

std::vector<fs::path> ggufModels(const fs::path& folder)
{
    const auto listing = list(folder);
    return listing ? listing->ggufs : std::vector<fs::path>();
}

} // namespace moescope
