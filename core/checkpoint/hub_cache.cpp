// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/hub_cache.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/config_file.h"
#include "core/checkpoint/gguf.h"
#include "core/checkpoint/weight_files.h"
#include "core/io/file_write.h"
#include "core/io/json.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "models--";

std::optional<fs::path> environmentPath(const char* name)
{
    const char* const value
        = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nothing here sets it
    if (!value || *value == '\0')
        return std::nullopt;
    const std::string_view text = value;
    const char* const home = std::getenv("HOME"); // NOLINT(concurrency-mt-unsafe)
    if (home && (text == "~" || text.starts_with("~/")))
        return fs::path(home) / text.substr(std::min<std::size_t>(text.size(), 2));
    return fs::path(text);
}

/// "models--org--name" as "org/name"; empty for anything else.
std::string modelName(std::string_view folder)
{
    if (!folder.starts_with(kPrefix) || folder.size() == kPrefix.size())
        return {};
    std::string name(folder.substr(kPrefix.size()));
    if (const auto separator = name.find("--"); separator != std::string::npos)
        name.replace(separator, 2, "/");
    return name;
}

bool isFolder(const fs::path& path)
{
    std::error_code error;
    return fs::is_directory(path, error);
}

/// Entries of a folder; nothing when it cannot be read.
std::vector<fs::path> entries(const fs::path& folder)
{
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator();
         it.increment(error))
        found.push_back(it->path());
    std::sort(found.begin(), found.end());
    return found;
}

/// The snapshot of the main branch, else the newest; empty when there is none.
fs::path chooseSnapshot(const fs::path& repository)
{
    const fs::path snapshots = repository / "snapshots";
    std::error_code error;
    const fs::path main = repository / "refs" / "main";
    if (fs::is_regular_file(main, error)) {
        if (auto text = readTextFile(main, 4096)) {
            text->erase(text->find_last_not_of(" \r\n") + 1);
            const bool isName = !text->empty() && *text != "." && *text != ".."
                && text->find_first_of(std::string_view("/\0", 2)) == std::string::npos;
            if (isName && isFolder(snapshots / *text))
                return snapshots / *text;
        }
    }
    fs::path newest;
    fs::file_time_type newestTime = fs::file_time_type::min();
    for (const fs::path& snapshot : entries(snapshots)) {
        if (!isFolder(snapshot))
            continue;
        const auto time = fs::last_write_time(snapshot, error);
        if (newest.empty() || (!error && time > newestTime)) {
            newest = snapshot;
            newestTime = time;
        }
    }
    return newest;
}

std::string readModelType(const fs::path& folder)
{
    const auto config = readConfigFile(folder);
    return config ? displayName(declaredModelType(*config)) : std::string();
}

/// Of a GGUF file, or of a folder whose model is one.
std::string readArchitecture(const fs::path& path)
{
    const auto found = findWeightFiles(path);
    if (!found || found->format != WeightFormat::Gguf)
        return {};
    const auto checkpoint = Checkpoint::open(path);
    if (!checkpoint)
        return {};
    const auto name = (*checkpoint)->metadata().string("general.architecture");
    return name && *name ? displayName(**name) : std::string();
}

/// Of the weight files that are there, links followed.
std::uint64_t weightBytes(const fs::path& folder)
{
    std::uint64_t sum = 0;
    for (const fs::path& path : entries(folder)) {
        std::error_code error;
        const bool isWeights = path.extension() == ".safetensors" || path.extension() == ".gguf";
        if (!isWeights || !fs::is_regular_file(path, error))
            continue;
        const auto size = fs::file_size(path, error);
        sum += error ? 0 : size;
    }
    return sum;
}

/// "model-00001-of-00003.safetensors" alone is no model.
bool isOneOfSeveral(const fs::path& file)
{
    const std::string stem = file.stem().string();
    const auto of = stem.rfind("-of-");
    if (of == std::string::npos || of + 4 == stem.size())
        return false;
    const std::string_view count = std::string_view(stem).substr(of + 4);
    const bool isNumber = count.find_first_not_of("0123456789") == std::string_view::npos;
    return isNumber && count.substr(std::min(count.find_first_not_of('0'), count.size())) != "1";
}

/// Every weight file is there; none is opened.
bool isComplete(const fs::path& path)
{
    const auto found = findWeightFiles(path);
    if (!found)
        return false;
    if (found->format == WeightFormat::Safetensors && !found->index
        && isOneOfSeveral(found->files.front()))
        return false;
    return std::all_of(found->files.begin(), found->files.end(), [](const fs::path& file) {
        std::error_code error;
        return fs::is_regular_file(file, error) && fs::file_size(file, error) > 0 && !error;
    });
}

HubModel describe(std::string name, const fs::path& folder)
{
    HubModel model;
    model.name = std::move(name);
    model.revision = folder.filename().string();
    model.folder = folder;
    model.bytes = weightBytes(folder);
    model.complete = isComplete(folder);
    model.modelType = readModelType(folder);
    if (model.modelType.empty() && model.complete)
        model.modelType = readArchitecture(folder);
    return model;
}

/// GGUF files in a snapshot and in its folders: repositories keep a model in several
/// quantisations, and split ones in a folder each.
std::vector<fs::path> allGgufModels(const fs::path& snapshot)
{
    std::vector<fs::path> all = ggufModels(snapshot);
    for (const fs::path& entry : entries(snapshot)) {
        if (!isFolder(entry))
            continue;
        const auto inside = ggufModels(entry);
        all.insert(all.end(), inside.begin(), inside.end());
    }
    return all;
}

std::string ggufName(const std::string& repository, const fs::path& snapshot, const fs::path& file)
{
    return repository + "/" + file.lexically_relative(snapshot).generic_string();
}

HubModel describeGguf(const std::string& repository, const fs::path& snapshot, const fs::path& file)
{
    HubModel model;
    model.name = displayName(ggufName(repository, snapshot, file));
    model.revision = snapshot.filename().string();
    model.folder = file;
    model.complete = isComplete(file);
    if (const auto found = findWeightFiles(file)) {
        for (const fs::path& part : found->files) {
            std::error_code error;
            const auto size = fs::file_size(part, error);
            model.bytes += error ? 0 : size;
        }
    }
    if (model.complete)
        model.modelType = readArchitecture(file);
    return model;
}

void addModels(std::vector<HubModel>& models, const std::string& name, const fs::path& snapshot)
{
    const std::vector<fs::path> ggufs = allGgufModels(snapshot);
    const bool isOne
        = ggufs.empty() || (ggufs.size() == 1 && ggufs.front().parent_path() == snapshot);
    const auto whole = findWeightFiles(snapshot);
    if (isOne || (whole && whole->format == WeightFormat::Safetensors))
        models.push_back(describe(name, snapshot));
    if (isOne)
        return;
    for (const fs::path& file : ggufs)
        models.push_back(describeGguf(name, snapshot, file));
}

/// Whether both are parts of one split model.
bool isSameSplit(const fs::path& a, const fs::path& b)
{
    const auto partA = ggufPartName(a.filename().string());
    const auto partB = ggufPartName(b.filename().string());
    return partA && partB && a.parent_path() == b.parent_path()
        && partA->fileName(1) == partB->fileName(1);
}

/// The file of "org/name/model.gguf" in the repository "org/name", by any part of a split model, or
/// by the folder that holds it alone; empty when there is none of that name.
fs::path namedGguf(const fs::path& repository, const std::string& full, std::string_view name)
{
    if (full.empty() || !name.starts_with(full + "/"))
        return {};
    const fs::path snapshot = chooseSnapshot(repository);
    if (snapshot.empty())
        return {};
    const std::vector<fs::path> all = allGgufModels(snapshot);
    const fs::path wanted = snapshot / name.substr(full.size() + 1);
    std::error_code error;
    for (const fs::path& file : all) {
        if (file == wanted)
            return file;
        if (isSameSplit(file, wanted) && fs::is_regular_file(wanted, error))
            return wanted;
    }
    const auto inside
        = [&](const fs::path& file) { return file.parent_path() == wanted && wanted != snapshot; };
    return std::ranges::count_if(all, inside) == 1 ? *std::ranges::find_if(all, inside)
                                                   : fs::path();
}

} // namespace

fs::path defaultHubCache()
{
    if (const auto cache = environmentPath("HF_HUB_CACHE"))
        return *cache;
    if (const auto cache = environmentPath("HUGGINGFACE_HUB_CACHE"))
        return *cache;
    if (const auto home = environmentPath("HF_HOME"))
        return *home / "hub";
    if (const auto cache = environmentPath("XDG_CACHE_HOME"))
        return *cache / "huggingface" / "hub";
    return environmentPath("HOME").value_or(fs::path(".")) / ".cache" / "huggingface" / "hub";
}

std::vector<HubModel> listHubModels(const fs::path& cache)
{
    std::vector<HubModel> models;
    try {
        for (const fs::path& repository : entries(cache)) {
            const std::string name = modelName(repository.filename().string());
            if (name.empty())
                continue;
            if (const fs::path snapshot = chooseSnapshot(repository); !snapshot.empty())
                addModels(models, name, snapshot);
        }
    } catch (const std::exception&) {
        // Out of memory or out of handles: what was found so far is still worth showing.
    }
    std::sort(models.begin(), models.end(),
        [](const HubModel& a, const HubModel& b) { return a.name < b.name; });
    return models;
}

Result<fs::path> findHubModel(const fs::path& cache, std::string_view name)
{
    const auto notFound = [&](std::string_view problem) {
        return fail(ErrorCode::NotFound,
            fmt::format(
                "The hub cache {} {} \"{}\".", displayPath(cache), problem, displayName(name)));
    };
    try {
        std::vector<fs::path> exact;
        std::vector<fs::path> bySuffix;
        for (const fs::path& repository : entries(cache)) {
            const std::string full = modelName(repository.filename().string());
            if (full.empty() || name.empty())
                continue;
            if (const fs::path file = namedGguf(repository, full, name); !file.empty())
                return file;
            if (full == name)
                exact.push_back(repository);
            else if (full.ends_with("/" + std::string(name)))
                bySuffix.push_back(repository);
        }
        const auto& matches = exact.empty() ? bySuffix : exact;
        if (matches.empty())
            return notFound("holds no model named");
        if (matches.size() > 1)
            return notFound("holds several models named");
        const fs::path snapshot = chooseSnapshot(matches.front());
        if (snapshot.empty())
            return notFound("holds no finished download of");
        if (findWeightFiles(snapshot))
            return snapshot;
        // A repository may keep its GGUF files in folders alone.
        const std::vector<fs::path> ggufs = allGgufModels(snapshot);
        const bool nested = std::ranges::none_of(
            ggufs, [&](const fs::path& file) { return file.parent_path() == snapshot; });
        if (!nested || ggufs.empty())
            return snapshot;
        if (ggufs.size() == 1)
            return ggufs.front();
        return fail(ErrorCode::NotFound,
            fmt::format("\"{}\" has {} GGUF models in folders; name the one to open, such as {}.",
                displayName(name), ggufs.size(),
                displayName(ggufName(
                    modelName(matches.front().filename().string()), snapshot, ggufs.front()))));
    } catch (const std::exception& e) {
        return fail(ErrorCode::Io,
            fmt::format("The hub cache {} cannot be read: {}.", displayPath(cache), e.what()));
    }
}

} // namespace moescope
