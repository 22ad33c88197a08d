// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/open_model.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "core/base/text.h"
#include "core/checkpoint/config_file.h"
#include "core/checkpoint/hub_cache.h"
#include "core/io/json.h"

namespace moescope {

namespace fs = std::filesystem;

namespace {

/// What a GGUF file says about itself, fit to be shown; empty when it says nothing.
std::string ownWord(const Checkpoint& checkpoint, std::string_view key)
{
    const auto word = checkpoint.metadata().string(key);
    return word && *word ? displayName(**word) : std::string();
}

} // namespace

std::string modelTitle(const fs::path& path)
{
    constexpr std::string_view kHubPrefix = "models--";
    for (auto part = path.begin(); part != path.end(); ++part) {
        std::string name = part->string();
        if (!name.starts_with(kHubPrefix))
            continue;
        name.erase(0, kHubPrefix.size());
        if (const auto dashes = name.find("--"); dashes != std::string::npos)
            name.replace(dashes, 2, "/");
        if (path.extension() != ".gguf")
            return name;
        // A repository may hold several, in "snapshots/REVISION" and the folders there.
        std::vector<fs::path> rest(std::next(part), path.end());
        if (rest.size() > 2 && rest.front() == "snapshots")
            rest.erase(rest.begin(), rest.begin() + 2);
        else if (!rest.empty())
            rest.erase(rest.begin(), rest.end() - 1);
        for (const fs::path& below : rest)
            name += "/" + below.string();
        return name;
    }
    std::error_code error;
    const fs::path normal = fs::absolute(path, error).lexically_normal();
    return (normal.has_filename() ? normal : normal.parent_path()).filename().string();
}

namespace {

/// Whether the model is the trouble, not the files or the machine.
bool isAboutModel(ErrorCode code)
{
    return code == ErrorCode::BadFormat || code == ErrorCode::NotFound
        || code == ErrorCode::Unsupported || code == ErrorCode::InvalidArgument;
}

/// A tokenizer file beside a GGUF file without one may be that of another model.
Status checkTokenizer(const Tokenizer& tokenizer, const OpenModel& open)
{
    const TensorInfo* embedding = open.checkpoint->find("token_embd.weight");
    if (!embedding || embedding->shape.size() != 2
        || tokenizer.vocabularySize() <= embedding->shape[0])
        return {};
    return fail(ErrorCode::BadFormat,
        fmt::format("{} has {} tokens, but {} knows {}: it seems to belong to another model and is "
                    "not used.",
            displayPath(tokenizer.source()), tokenizer.vocabularySize(), displayPath(open.path),
            embedding->shape[0]));
}

Result<std::shared_ptr<const Tokenizer>> findTokenizer(const OpenModel& open)
{
    const Checkpoint& checkpoint = *open.checkpoint;
    if (checkpoint.format() != "GGUF")
        return loadTokenizer(checkpoint.folder());
    // A GGUF file carries its tokenizer; the folder around it may be that of another model.
    if (checkpoint.metadata().find("tokenizer.ggml.model"))
        return loadTokenizer(checkpoint.files().front()->path());
    auto tokenizer = loadTokenizer(checkpoint.folder());
    if (!tokenizer && tokenizer.error().code == ErrorCode::NotFound)
        return fail(ErrorCode::NotFound,
            fmt::format("{} holds no tokenizer, and neither a tokenizer.json nor a tokenizer.model "
                        "lies beside it.",
                displayPath(open.path)));
    if (tokenizer)
        MOESCOPE_CHECK(checkTokenizer(**tokenizer, open));
    return tokenizer;
}

} // namespace

Result<std::shared_ptr<const OpenModel>> openModel(
    const fs::path& path, std::string name, OpenFor purpose)
{
    auto open = std::make_shared<OpenModel>();
    open->path = path;
    MOESCOPE_TRY(open->checkpoint, Checkpoint::open(path));
    const Checkpoint::ScatteredReads scattered(*open->checkpoint); // norms and biases
    const fs::path& folder = open->checkpoint->folder();
    const bool isGguf = open->checkpoint->format() == "GGUF";
    open->name = !name.empty() ? std::move(name) : ownWord(*open->checkpoint, "general.name");
    if (open->name.empty())
        open->name = modelTitle(path);

    // A checkpoint without config.json can be inspected; one that lacks a tensor its config asks
    // for is broken. A GGUF file is its own config.
    std::error_code ignored;
    const bool hasConfig = isGguf || fs::exists(folder / "config.json", ignored);
    const Json* config = open->checkpoint->config();
    std::string declared;
    if (isGguf)
        declared = ownWord(*open->checkpoint, "general.architecture");
    else if (config)
        declared = declaredModelType(*config);
    if (auto model = MoeModel::open(open->checkpoint))
        open->model = *model;
    else if (model.error().code == ErrorCode::Unsupported || !hasConfig
        || (purpose == OpenFor::Inspection && isAboutModel(model.error().code)
            && (isGguf || !declared.empty())))
        open->modelError = model.error();
    else
        return tl::unexpected(model.error());
    open->modelType = open->model ? open->model->config().modelType : declared;

    if (auto tokenizer = findTokenizer(*open))
        open->tokenizer = *tokenizer;
    else
        open->tokenizerError = tokenizer.error();
    return std::shared_ptr<const OpenModel>(std::move(open));
}

std::vector<SampleModel> listSamples(const fs::path& resources)
{
    std::vector<SampleModel> samples;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(resources / "samples", error)) {
        if (!fs::exists(entry.path() / "config.json", error))
            continue;
        SampleModel sample;
        sample.id = entry.path().filename().string();
        sample.folder = entry.path();
        sample.title = sample.id;
        std::ranges::replace(sample.title, '_', ' ');
        if (!sample.title.empty() && sample.title[0] >= 'a' && sample.title[0] <= 'z')
            sample.title[0] = static_cast<char>(sample.title[0] - 'a' + 'A');
        sample.title += " sample";
        if (const auto json = readJsonFile(entry.path() / "history.json", 1U << 20)) {
            if (const auto history = jsonOptionalString(*json, "kind", "history.json");
                history && *history)
                sample.history = **history;
        }
        samples.push_back(std::move(sample));
    }
    std::ranges::sort(samples, [](const SampleModel& a, const SampleModel& b) {
        return std::pair(a.id != "native", std::cref(a.id).get())
            < std::pair(b.id != "native", std::cref(b.id).get());
    });
    return samples;
}

Result<fs::path> resolveModel(
    std::string_view text, const fs::path& resources, const fs::path& hubCache)
{
    if (text.empty())
        return fail(ErrorCode::InvalidArgument, "No model was named.");
    std::error_code error;
    if (fs::path path(text); fs::exists(path, error))
        return path;
    for (const SampleModel& sample : listSamples(resources)) {
        if (sample.id == text)
            return sample.folder;
    }
    if (auto hub = findHubModel(hubCache, text))
        return *hub;
    else if (hub.error().code != ErrorCode::NotFound)
        return tl::unexpected(hub.error());
    return fail(ErrorCode::NotFound,
        fmt::format("{} is neither a file or folder, nor a sample, nor a model in {}.", text,
            hubCache.string()));
}

} // namespace moescope
